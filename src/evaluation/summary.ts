// What a run's records come to: accuracy with its interval, overall and by level, and what it cost.
import { bootstrapMean, mean } from './bootstrap.js';
import { type AnyRecord, hasCosts, type ResultRecord } from './result-record.js';
import { type Proportion, wilsonInterval } from './statistics.js';

/**
 * Accuracy with its 95% interval over problems: Wilson's, or where problems were repeated the
 * bootstrap over problems, as the repeats of one say little about the others.
 */
export type Accuracy = Proportion;

export interface Summary {
  /** By the strict grader. */
  readonly accuracy: Accuracy;
  /** By the compatible grader. */
  readonly compat: Accuracy;
  /** Ascending levels; problems without a level are in none of them. */
  readonly levels: readonly { readonly level: number; readonly accuracy: Accuracy }[];
  /** Problems for which no answer was found. */
  readonly unanswered: number;
  /** Results that the clock cut, so that another run may differ. */
  readonly irreproducible: number;
  /** Policy tokens sampled, per problem on average and in all; null of outputs from elsewhere. */
  readonly tokensPerProblem: number | null;
  readonly sampledTokens: number | null;
  /** Tokens that the reward model read; null of scores from elsewhere. */
  readonly rewardTokens: number | null;
  /** Null of outputs from elsewhere. */
  readonly flops: number | null;
  /** FLOPs of the same trees without sharing; null likewise. */
  readonly unsharedFlops: number | null;
}

/** Sums records up, in any order. */
export function summarise(records: Iterable<AnyRecord>): Summary {
  // In dataset order, so that sums of floating point are the same for the same run.
  const all = [...records].sort((a, b) => a.index - b.index);
  const levels = [...new Set(all.flatMap(({ level }) => (level === null ? [] : [level])))];
  const costed = all.filter(hasCosts);
  const isCosted = costed.length === all.length;
  const total = (of: (record: ResultRecord) => number) => (isCosted ? sum(costed, of) : null);
  const sampledTokens = total(({ ledger }) => ledger.policy.sampledTokens);
  const scored = all.flatMap(({ ledger }) => ledger?.reward ?? []);
  return {
    accuracy: accuracyOf(all),
    compat: accuracyOf(all.map((record) => ({ ...record, correct: record.compat }))),
    levels: levels
      .sort((a, b) => a - b)
      .map((level) => ({ level, accuracy: accuracyOf(all.filter((r) => r.level === level)) })),
    unanswered: all.filter(({ answer }) => answer === null).length,
    irreproducible: all.filter(({ reproducible }) => !reproducible).length,
    tokensPerProblem: sampledTokens && sampledTokens / all.length,
    sampledTokens,
    rewardTokens:
      scored.length === all.length ? sum(scored, ({ processedTokens }) => processedTokens) : null,
    flops: total(({ ledger }) => ledger.flops),
    unsharedFlops: total(({ ledger }) => ledger.unshared.policy + ledger.unshared.reward),
  };
}

function accuracyOf(records: readonly Pick<ResultRecord, 'index' | 'correct'>[]): Accuracy {
  const wilson = wilsonInterval(records.filter(({ correct }) => correct).length, records.length);
  const problems = new Map<number, number[]>();
  for (const { index, correct } of records) {
    problems.set(index, [...(problems.get(index) ?? []), correct ? 1 : 0]);
  }
  if (problems.size === records.length) return wilson;
  const rates = [...problems.values()].map(mean);
  const { low, high } = bootstrapMean(rates);
  return { ...wilson, low, high };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
