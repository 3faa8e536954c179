// What a run's records come to: accuracy with its interval, overall and by level, and what it cost.
import { bootstrapMean, mean } from './bootstrap.js';
import type { ResultRecord } from './result-record.js';
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
  /** Policy tokens sampled, per problem on average and in all. */
  readonly tokensPerProblem: number;
  readonly sampledTokens: number;
  /** Tokens that the reward model read. */
  readonly rewardTokens: number;
  readonly flops: number;
  /** FLOPs of the same trees without sharing. */
  readonly unsharedFlops: number;
}

/** Sums records up, in any order. */
export function summarise(records: Iterable<ResultRecord>): Summary {
  // In dataset order, so that sums of floating point are the same for the same run.
  const all = [...records].sort((a, b) => a.index - b.index);
  const levels = [...new Set(all.flatMap(({ level }) => (level === null ? [] : [level])))];
  const sampledTokens = sum(all, ({ ledger }) => ledger.policy.sampledTokens);
  return {
    accuracy: accuracyOf(all),
    compat: accuracyOf(all.map((record) => ({ ...record, correct: record.compat }))),
    levels: levels
      .sort((a, b) => a - b)
      .map((level) => ({ level, accuracy: accuracyOf(all.filter((r) => r.level === level)) })),
    unanswered: all.filter(({ answer }) => answer === null).length,
    irreproducible: all.filter(({ reproducible }) => !reproducible).length,
    tokensPerProblem: all.length === 0 ? 0 : sampledTokens / all.length,
    sampledTokens,
    rewardTokens: sum(all, ({ ledger }) => ledger.reward.processedTokens),
    flops: sum(all, ({ ledger }) => ledger.flops),
    unsharedFlops: sum(all, ({ ledger }) => ledger.unshared.policy + ledger.unshared.reward),
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

function sum(records: readonly ResultRecord[], of: (record: ResultRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
