// Accuracy and cost of arms over the problems of their runs: the rows that tables and charts show.
import { type Arm, budgetOf } from '../planning/arm.js';
import type { Strategy } from '../search/strategy.js';
import { bootstrapMean, type Interval, mean } from './bootstrap.js';

/** One arm over all its problems. */
export interface Estimate {
  readonly policy: string;
  readonly reward: string | null;
  readonly strategy: Strategy;
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
