// What `auto` would have done, from runs of the strategies that it chooses among: its probes are the
// first paths of the Best-of-N run, and what it goes on to do was recorded under the same seed. So its
// answers are exact; its cost is split by the ledger's formula (run-cost.ts).
import type { Arm } from '../planning/arm.js';
import type { AutoData, AutoUnit } from '../planning/auto-fit.js';
import { featuresOf } from '../planning/predictor.js';
import type { EarlyStop } from '../search/auto-strategy.js';
import { isVoteDecided, looksOf } from '../search/early-stop.js';
import {
  type BestOfNStrategy,
  bestOfN,
  type DvtsStrategy,
  majority,
  type Strategy,
} from '../search/strategy.js';
import { tally } from '../search/vote.js';
import { budgetsOf } from './arms.js';
import { mean } from './bootstrap.js';
import { isCorrect, type RecordedPath, type ResultRecord } from './result-record.js';
import { modelCostsOf, readConfigured, strategyOf } from './run-configuration.js';
import { firstPathsFlops, type ModelCosts, subtreesFlops } from './run-cost.js';
import type { SavedRun } from './run-directory.js';

/** Paths that predict, where nothing else is asked for. */
export const defaultProbes = 4;

/** What one search of `auto` comes to. */
interface Replayed {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly flops: number;
  readonly tokens: number;
}

/** Runs of one policy with one reward model that `auto` can be replayed from. */
interface Replayable {
  readonly probing: ReadonlyMap<string, ResultRecord>;
  readonly rule: BestOfNStrategy;
  readonly costs: ModelCosts;
  readonly probes: number;
  readonly stop: EarlyStop;
}

/**
 * `auto` on the runs of one policy with one reward model, whatever it would choose. Undefined where
 * there is no Best-of-N run of enough paths, or a limit cut it. Trees of other seeds are left out.
 */
export function autoDataOf(
  runs: readonly SavedRun<ResultRecord>[],
  probes: number = defaultProbes,
  stop: EarlyStop = 'certain',
): AutoData | undefined {
  const found = runs.filter((run) => !isCut(run)).map((run) => ({ run, rule: strategyOf(run) }));
  const source = found.find(({ rule }) => rule.name === 'best-of-n' && rule.budget >= probes);
  if (source === undefined || source.rule.name !== 'best-of-n') return undefined;
  const probing = new Map(source.run.records.map((record) => [unitId(record), record]));
  const costs = modelCostsOf(source.run);
  const all: Replayable = { probing, rule: source.rule, costs, probes, stop };
  const budgets = new Set([probes, ...budgetsOf(source.run).filter((n) => n >= probes)]);
  const { aggregation, vote } = source.rule;
  const arms = [...budgets].flatMap((budget) => [
    armFrom(source.run, majority({ budget }), (record) => replayPaths(all, record, budget, false)),
    armFrom(source.run, bestOfN({ budget, aggregation, vote }), (record) =>
      replayPaths(all, record, budget, true),
    ),
  ]);
  for (const { run, rule } of found) {
    if (rule.name !== 'beam-search' && rule.name !== 'dvts') continue;
    const seeds = run.records.map(unitId);
    if (seeds.length !== probing.size || !seeds.every((id) => probing.has(id))) continue;
    for (const budget of budgetsOf(run)) {
      arms.push(
        armFrom(run, { ...rule, budget }, (record) => replayTree(all, record, rule, budget)),
      );
    }
  }
  const units = source.run.records.map((record): AutoUnit => {
    const features = featuresOf(record.paths.slice(0, probes));
    return { id: unitId(record), problem: record.problem, features };
  });
  return { probes, units, arms };
}

/** How often a vote that ends early differs from the full one, and what it saves. */
export interface StopOutcome {
  readonly stop: EarlyStop;
  readonly searches: number;
  /** Searches that end before their last path. */
  readonly stopped: number;
  /** Searches whose answer is not that of the full vote. */
  readonly disagreements: number;
  readonly accuracy: number;
  readonly fullAccuracy: number;
  /** Mean paths sampled. */
  readonly paths: number;
}

/** Measures an early stop on a run of Best-of-N or majority, vote by vote. */
export function measureStop(
  run: SavedRun<ResultRecord>,
  stop: EarlyStop,
  probes: number = defaultProbes,
): StopOutcome {
  const strategy = strategyOf(run);
  const rule = strategy.name === 'best-of-n' ? strategy : majorityRule;
  const searches = run.records.map(({ paths, reference, correct, answer }) => {
    const sampled = sampledPaths(paths, rule, probes, paths.length, stop);
    const early = tally(paths.slice(0, sampled), rule.aggregation, rule.vote).answer;
    const isSame = early === answer || (early !== null && isCorrect(early, answer ?? ''));
    return { sampled, isSame, correct, early: isCorrect(early, reference), all: paths.length };
  });
  return {
    stop,
    searches: searches.length,
    stopped: searches.filter(({ sampled, all }) => sampled < all).length,
    disagreements: searches.filter(({ isSame }) => !isSame).length,
    accuracy: mean(searches.map(({ early }) => (early ? 1 : 0))),
    fullAccuracy: mean(searches.map(({ correct }) => (correct ? 1 : 0))),
    paths: mean(searches.map(({ sampled }) => sampled)),
  };
}

const majorityRule = { aggregation: 'last', vote: 'majority' } as const;

/** Names a search by its problem and seed. */
export function unitId({ seed, problem }: Pick<ResultRecord, 'seed' | 'problem'>): string {
  return `${seed} ${problem}`;
}

function armFrom(
  run: SavedRun<ResultRecord>,
  strategy: Strategy,
  replay: (record: ResultRecord) => Replayed,
): Arm {
  const { policy, reward } = readConfigured(run);
  const replayed = run.records.map((record) => [unitId(record), replay(record)] as const);
  return {
    policy: policy.name,
    reward: strategy.name === 'majority' ? null : (reward?.name ?? null),
    strategy,
    outcomes: new Map(
      replayed.map(([id, { correct, flops }]) => [id, { accuracy: correct ? 1 : 0, flops }]),
    ),
    tokens: new Map(replayed.map(([id, { tokens }]) => [id, tokens])),
    isExact: true,
  };
}

/** Majority, or Best-of-N, over the record's first paths. */
export function replayPaths(
  { rule, costs, probes, stop }: Pick<Replayable, 'rule' | 'costs' | 'probes' | 'stop'>,
  record: ResultRecord,
  budget: number,
  isScored: boolean,
): Replayed {
  const paths = record.paths.slice(0, budget).map((path) => (isScored ? path : unscored(path)));
  const { aggregation, vote } = isScored ? rule : majorityRule;
  const sampled = sampledPaths(paths, { aggregation, vote }, probes, budget, stop);
  const used = paths.slice(0, sampled);
  const { answer } = tally(used, aggregation, vote);
  return {
    answer,
    correct: isCorrect(answer, record.reference),
    flops: firstPathsFlops(record, { sampled, scored: isScored ? sampled : probes }, costs),
    tokens: sum(used.map(({ tokens }) => tokens)),
  };
}

/** A recorded tree, or the first of its subtrees, after probes. */
function replayTree(
  { probing, costs, probes }: Replayable,
  record: ResultRecord,
  strategy: Extract<Strategy, { readonly width: number }>,
  budget: number,
): Replayed {
  const source = probing.get(unitId(record)) as ResultRecord;
  const before = firstPathsFlops(source, { sampled: probes, scored: probes }, costs);
  const prompts = firstPathsFlops(source, { sampled: 0, scored: 0 }, costs);
  const probeTokens = sum(source.paths.slice(0, probes).map(({ tokens }) => tokens));
  const { sampledTokens } = record.ledger.policy;
  const extra = { flops: before - prompts, tokens: probeTokens };
  if (budget === strategy.budget) {
    const { answer, correct, ledger } = record;
    const flops = ledger.flops + extra.flops;
    return { answer, correct, flops, tokens: sampledTokens + extra.tokens };
  }
  const { answer } = firstSubtrees(record, strategy as DvtsStrategy, budget);
  const { width } = strategy;
  const [subtrees, count] = [strategy.budget / width, budget / width];
  return {
    answer,
    correct: isCorrect(answer, record.reference),
    flops: subtreesFlops(record, subtrees, count, costs) + extra.flops,
    tokens: (sampledTokens * count) / subtrees + extra.tokens,
  };
}

/** The vote of a DVTS with a smaller budget: its subtrees are the first ones of the larger. */
function firstSubtrees(
  { paths }: ResultRecord,
  { aggregation, vote }: DvtsStrategy,
  budget: number,
) {
  const own = paths.filter(({ id }) => Number(id.split('.')[0]) < budget);
  return tally(own, aggregation, vote);
}

/** Paths after which the vote ends, looked at as the search does. */
function sampledPaths(
  paths: readonly RecordedPath[],
  rule: Pick<BestOfNStrategy, 'aggregation' | 'vote'>,
  probes: number,
  budget: number,
  stop: EarlyStop,
): number {
  const look = looksOf(probes, budget).find((count) =>
    isVoteDecided(paths.slice(0, count), rule, budget - count, stop),
  );
  return look ?? budget;
}

function unscored(path: RecordedPath): RecordedPath {
  const steps = path.steps.map(({ text }) => ({ text, score: null, margin: null }));
  return { ...path, steps, value: null };
}

function isCut({ records }: SavedRun<ResultRecord>): boolean {
  return records.some(({ stopReason }) => stopReason !== 'finished');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
