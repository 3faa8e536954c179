// Accuracy and cost of arms over the problems of their runs: the rows that tables and charts show.
import { type Arm, budgetOf } from '../planning/arm.js';
import type { Strategy } from '../search/strategy.js';
import { bootstrapMean, type Interval, mean } from './bootstrap.js';
import type { ResultRecord } from './result-record.js';
import { type RecordedAuto, readConfigured } from './run-configuration.js';
import type { SavedRun } from './run-directory.js';

/** One arm over all its problems. */
export interface Estimate {
  readonly policy: string;
  readonly reward: string | null;
  readonly strategy: Strategy | RecordedAuto;
  readonly budget: number;
  readonly problems: number;
  /** With its 95% bootstrap interval over problems. */
  readonly accuracy: Interval;
  /** Mean over problems, policy and reward model together. */
  readonly flops: number;
  /** False where the accuracy is a mean of random subsets. */
  readonly isExact: boolean;
}

/** The estimate of an arm; the same arm gives the same interval. */
export function estimateArm({ policy, reward, strategy, outcomes, isExact }: Arm): Estimate {
  const all = [...outcomes.values()];
  return {
    policy,
    reward,
    strategy,
    budget: budgetOf(strategy),
    problems: all.length,
    accuracy: bootstrapMean(all.map(({ accuracy }) => accuracy)),
    flops: mean(all.map(({ flops }) => flops)),
    isExact,
  };
}

/** The estimate of a run of `auto`, whose searches are taken as they are. */
export function estimateAuto(run: SavedRun<ResultRecord>): Estimate {
  const { policy, reward, options } = readConfigured(run);
  const strategy = options.strategy as RecordedAuto;
  const problems = new Map<string, ResultRecord[]>();
  for (const record of run.records) {
    problems.set(record.problem, [...(problems.get(record.problem) ?? []), record]);
  }
  const repeats = [...problems.values()];
  const share = (records: readonly ResultRecord[]) => mean(records.map((r) => (r.correct ? 1 : 0)));
  return {
    policy: policy.name,
    reward: reward?.name ?? null,
    strategy,
    budget: strategy.budget ?? 0,
    problems: repeats.length,
    accuracy: bootstrapMean(repeats.map(share)),
    flops: mean(repeats.map((records) => mean(records.map(({ ledger }) => ledger.flops)))),
    isExact: true,
  };
}
