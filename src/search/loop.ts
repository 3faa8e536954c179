// The one loop of all strategies: grow, select, prune, until a chain's rule, its depth or a limit ends
// it. Chains never wait for each other, but where a token or FLOP limit could tell them apart.
import { type Branch, rootBranch, toSearchPath } from './branch.js';
import { grow } from './growth.js';
import type { Settings } from './options.js';
import { comparePathIds } from './path-id.js';
import type { SearchPath, SearchResult, StopReason } from './result.js';
import type { ChainRule } from './rules.js';
import { encodePrompts, SearchState } from './state.js';
import { tally } from './vote.js';
import { warningsOf } from './warnings.js';

/**
 * Runs a search of a fixed strategy, be it that `auto` chose it without probes; `search` documents
 * what it gives and throws.
 */
export async function runSearch(question: string, settings: Settings): Promise<SearchResult> {
  const startedAt = performance.now();
  const prompts = encodePrompts(question, settings);
  const search = new SearchState(settings, prompts);
  const answers = new Set<Branch>();
  try {
    announce(search, question);
    const { auto, strategy } = settings;
    if (auto !== undefined) search.emit({ type: 'chosen', strategy, prediction: null });
    const root = await search.open();
    if (root !== undefined) await runChains(search, root, 0, search.rule.chains, answers);
  } finally {
    search.close();
  }
  return conclude(search, answers, startedAt);
}

/** Reports that a search begins. */
export function announce(search: SearchState, question: string): void {
  const { auto, strategy } = search.settings;
  search.emit({
    type: 'started',
    strategy: auto?.strategy.name ?? strategy.name,
    question,
    promptTokens: search.prompts.policy.length,
  });
}

/** Runs chains `from` to `to - 1` at once and adds what they answer. Never rejects. */
export async function runChains(
  search: SearchState,
  root: Branch,
  from: number,
  to: number,
  answers: Set<Branch>,
): Promise<void> {
  const chains = Array.from({ length: to - from }, async (_, i) => {
    const rule = search.rule.begin();
    await runChain(search, rule, root, from + i);
    for (const branch of rule.answers()) answers.add(branch);
  });
  await Promise.all(chains);
}

/** One chain, round by round. Never rejects: failures go to the search's `stop`. */
async function runChain(
  search: SearchState,
  rule: ChainRule,
  root: Branch,
  chain: number,
): Promise<void> {
  const { rootChildren, width, unit } = search.rule;
  const depth = unit === 'path' ? 1 : search.settings.maxSteps;
  let branches: readonly Branch[] = [root];
  try {
    for (let round = 0; round < depth && branches.length > 0; round++) {
      const children = await grow(search, branches, {
        chain,
        round,
        children: round === 0 ? rootChildren : width,
        firstSibling: round === 0 ? chain * rootChildren : 0,
      });
      retire(search, branches, children);
      const uncut = children.filter((child) => child.state !== 'cut');
      const { live, isDone } = rule.select(uncut);
      dispatch(search, children, live, isDone, round);
      branches = isDone ? [] : live;
      if (search.stop.signal.aborted || search.allowance.isLimited(chain)) break;
    }
    for (const branch of branches) endIncomplete(search, branch);
  } catch (error) {
    search.stop.fail(error);
  }
  search.allowance.end(chain);
}

/** Branches that were grown go; one without a child that a limit spared becomes an incomplete path. */
function retire(
  search: SearchState,
  branches: readonly Branch[],
  children: readonly Branch[],
): void {
  const isPath = search.rule.unit === 'path';
  const parents = new Set(
    children.filter((child) => isPath || child.state !== 'cut').map((child) => child.parent),
  );
  for (const branch of branches) {
    if (branch.parent === undefined) continue;
    if (parents.has(branch)) search.release(branch);
    else endIncomplete(search, branch);
  }
}

/** Sends each child where the selection wants it. */
function dispatch(
  search: SearchState,
  children: readonly Branch[],
  live: readonly Branch[],
  isDone: boolean,
  round: number,
): void {
  const kept = new Set(isDone ? [] : live);
  for (const branch of live) {
    if (!kept.has(branch)) continue;
    const { id: path, multiplicity } = branch;
    search.emit({ type: 'kept', path, round, multiplicity });
  }
  for (const child of children) {
    if (kept.has(child)) continue;
    search.release(child);
    if (child.state === 'complete' || search.rule.unit === 'path') search.end(child);
    else {
      const reason = child.state === 'cut' ? 'cut' : 'rank';
      search.emit({ type: 'pruned', path: child.id, round, reason });
    }
  }
}

function endIncomplete(search: SearchState, branch: Branch): void {
  search.release(branch);
  if (branch.parent !== undefined) search.end(branch);
}

/** The paths that have ended so far, in path order. Incomplete ones count as answers. */
export function endedPaths(
  search: SearchState,
  answers: ReadonlySet<Branch>,
): readonly SearchPath[] {
  return search.ended
    .map((branch): SearchPath => {
      const isAnswer = branch.state !== 'complete' || answers.has(branch);
      return toSearchPath(branch, isAnswer, search.rule.aggregation, search.opening);
    })
    .sort((a, b) => comparePathIds(a.id, b.id));
}

/** The vote, which asks incomplete paths last, and the result. @throws what the search ended with */
export function conclude(
  search: SearchState,
  answers: ReadonlySet<Branch>,
  startedAt: number,
): SearchResult {
  search.stop.rethrow();
  const { aggregation, vote } = search.rule;
  const paths = endedPaths(search, answers);
  const outcome = tally(paths, aggregation, vote);
  const { answer, votes } = outcome;
  search.emit({ type: 'voted', classes: votes });
  const path = outcome.path ?? toSearchPath(rootBranch(0n), false, aggregation, '');
  const interruption = search.stop.reason;
  const stopReason: StopReason = interruption ?? search.allowance.reason ?? 'finished';
  search.emit({ type: 'finished', path: path.id, answer, stopReason });
  search.stop.rethrow();
  return {
    answer,
    path,
    paths,
    votes,
    ledger: search.account.close((performance.now() - startedAt) / 1000),
    stopReason,
    warnings: warningsOf(search.settings.policy, search.settings.reward),
    reproducible: interruption === undefined,
  };
}
