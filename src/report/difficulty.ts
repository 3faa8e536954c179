// Accuracy by difficulty: each arm on the easy, medium and hard problems of its policy, told from samples
// that serve nothing else.
import { bootstrapMean, type Interval, mean } from '../evaluation/bootstrap.js';
import { checkSeeds, difficultyBins } from '../evaluation/plan-data.js';
import type { ResultRecord } from '../evaluation/result-record.js';
import { readConfigured } from '../evaluation/run-configuration.js';
import type { SavedRun } from '../evaluation/run-directory.js';
import { wilsonInterval } from '../evaluation/statistics.js';
import { type Arm, budgetOf } from '../planning/arm.js';
import { type Bin, bins, groupByBin } from '../planning/difficulty.js';
import type { Strategy } from '../search/strategy.js';

/** One arm on the problems of each bin. */
export interface DifficultyRow {
  readonly reward: string | null;
  readonly strategy: Strategy;
  readonly budget: number;
  /** Null where the bin has no problems. */
  readonly bins: { readonly [B in Bin]: Interval | null };
}

/** One policy's problems by difficulty. */
export interface Difficulty {
  readonly policy: string;
  readonly problems: { readonly [B in Bin]: number };
  readonly rows: readonly DifficultyRow[];
}

/**
 * Tables of the policies that have difficulty samples.
 * @throws OptionError on samples that serve anything else, are too few, or not of majority
 */
export function difficultyOf(
  samples: readonly SavedRun<ResultRecord>[],
  evaluations: readonly SavedRun<ResultRecord>[],
  arms: readonly Arm[],
): readonly Difficulty[] {
  const policies = [...new Set(arms.map(({ policy }) => policy))];
  return policies.flatMap((policy) => {
    const own = samples.filter((run) => readConfigured(run).policy.name === policy);
    if (own.length === 0) return [];
    checkSeeds(policy, own, evaluations);
    const binOfProblem = difficultyBins(policy, own);
    const groups = groupByBin([...binOfProblem.keys()], binOfProblem);
    const rows = arms
      .filter((arm) => arm.policy === policy)
      .map(({ reward, strategy, outcomes }): DifficultyRow => {
        const cells = bins.map((bin) => {
          const values = groups[bin].map((problem) => outcomes.get(problem)?.accuracy ?? 0);
          return [bin, values.length === 0 ? null : accuracyOf(values)] as const;
        });
        const byBin = Object.fromEntries(cells) as unknown as DifficultyRow['bins'];
        return { reward, strategy, budget: budgetOf(strategy), bins: byBin };
      });
    const { easy, medium, hard } = groups;
    const problems = { easy: easy.length, medium: medium.length, hard: hard.length };
    return [{ policy, problems, rows }];
  });
}

/** Over a bin's problems. Where all are right or all wrong the bootstrap has no width, and Wilson's has. */
function accuracyOf(values: readonly number[]): Interval {
  const rate = mean(values);
  if (rate > 0 && rate < 1) return bootstrapMean(values);
  const { low, high } = wilsonInterval(rate === 0 ? 0 : values.length, values.length);
  return { mean: rate, low, high };
}
