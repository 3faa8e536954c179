// What the recorded paths of a search cost, taken apart by the ledger's own formula (src/ledger.ts), so
// that fewer of them can be priced: all that a subset of independent paths would have spent.
import { flopsOf, type ModelCost } from '../ledger.js';
import { choiceRatio } from './estimators.js';
import type { RecordedPath, ResultRecord } from './result-record.js';

/** Costs of the models that a run used. */
export interface ModelCosts {
  readonly policy: ModelCost;
  /** Undefined where the run has no reward model. */
  readonly reward: ModelCost | undefined;
}

/** FLOPs that the policy spent on the independent paths of a record: the prompt once, each path. */
export function policyFlops(record: ResultRecord, cost: ModelCost): number {
  const { promptTokens } = record.ledger.policy;
  return record.paths.reduce(
    (total, path) => total + pathFlops(path, promptTokens, cost),
    flopsOf(cost, 0, promptTokens, 1),
  );
}

/** The last token of a path is sampled but never run. */
function pathFlops({ tokens }: RecordedPath, promptTokens: number, cost: ModelCost): number {
  return flopsOf(cost, promptTokens, promptTokens + tokens - 1, tokens - 1);
}

/**
 * Expected FLOPs of a search with `count` of the record's independent paths. Identical paths are
 * scored once; what scoring cost in all is shared among the distinct paths by their tokens, which
 * matters only where some are identical.
 */
export function pathsFlops(record: ResultRecord, count: number, costs: ModelCosts): number {
  const { paths, ledger } = record;
  const prompt = flopsOf(costs.policy, 0, ledger.policy.promptTokens, 1);
  const policy = policyFlops(record, costs.policy);
  const sampling = prompt + ((policy - prompt) * count) / paths.length;
  if (costs.reward === undefined) return sampling;
  const question = flopsOf(costs.reward, 0, ledger.reward.promptTokens, 0);
  const scoring = ledger.flops - policy - question;
  const kinds = new Map<string, { tokens: number; copies: number }>();
  for (const path of paths) {
    const text = path.steps.map((step) => step.text).join('');
    const kind = kinds.get(text) ?? { tokens: path.tokens, copies: 0 };
    kind.copies++;
    kinds.set(text, kind);
  }
  let [all, chosen] = [0, 0];
  for (const { tokens, copies } of kinds.values()) {
    all += tokens;
    chosen += tokens * (1 - choiceRatio(paths.length - copies, paths.length, count));
  }
  return sampling + question + (all === 0 ? 0 : (scoring * chosen) / all);
}

/**
 * FLOPs of a search that samples the record's first `sampled` independent paths and scores the first
 * `scored` of them. What scoring cost in all is shared among distinct paths by what it would cost if
 * the reward model had the policy's tokens.
 */
export function firstPathsFlops(
  { paths, ledger }: ResultRecord,
  { sampled, scored }: { readonly sampled: number; readonly scored: number },
  { policy, reward }: ModelCosts,
): number {
  const { promptTokens } = ledger.policy;
  const sampling = (some: readonly RecordedPath[]) =>
    some.reduce(
      (total, path) => total + pathFlops(path, promptTokens, policy),
      flopsOf(policy, 0, promptTokens, 1),
    );
  if (reward === undefined) return sampling(paths.slice(0, sampled));
  const question = flopsOf(reward, 0, ledger.reward.promptTokens, 0);
  const scoring = ledger.flops - sampling(paths) - question;
  const from = ledger.reward.promptTokens;
  const reading = (some: readonly RecordedPath[]) => {
    const kinds = some.map(({ steps, tokens }): [string, number] => {
      const text = steps.map((step) => step.text).join('');
      return [text, flopsOf(reward, from, from + tokens + steps.length, steps.length)];
    });
    return [...new Map(kinds).values()].reduce((total, flops) => total + flops, 0);
  };
  const all = reading(paths);
  const share = all === 0 ? 0 : reading(paths.slice(0, scored)) / all;
  return sampling(paths.slice(0, sampled)) + question + scoring * share;
}

/** Expected FLOPs of a search with `count` of the record's `subtrees`: all but the prompts scales. */
export function subtreesFlops(
  { ledger }: ResultRecord,
  subtrees: number,
  count: number,
  costs: ModelCosts,
): number {
  const prompts =
    flopsOf(costs.policy, 0, ledger.policy.promptTokens, 1) +
    (costs.reward === undefined ? 0 : flopsOf(costs.reward, 0, ledger.reward.promptTokens, 0));
  return prompts + ((ledger.flops - prompts) * count) / subtrees;
}
