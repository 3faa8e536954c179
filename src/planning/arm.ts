// What planning knows of a strategy: its expected accuracy and cost on every problem. Where the
// numbers come from is not its concern.
import type { Strategy } from '../search/strategy.js';

/** On one problem. */
export interface Outcome {
  /** Expected, in [0, 1]. */
  readonly accuracy: number;
  /** Expected, policy and reward model together. */
  readonly flops: number;
}

/** A strategy at a budget with its models. */
export interface Arm {
  readonly policy: string;
  /** Null where the strategy calls none. */
  readonly reward: string | null;
  readonly strategy: Strategy;
  /** By the problem's text. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** False where an accuracy is a mean of random subsets. */
  readonly isExact: boolean;
}

/** Paths, or children of a round; greedy has one. */
export function budgetOf(strategy: Strategy): number {
  return strategy.name === 'greedy' ? 1 : strategy.budget;
}

/**
 * An arm's mean accuracy and cost over some problems.
 * @throws RangeError of no problems, or of one that the arm lacks
 */
export function meanOutcome(arm: Arm, problems: readonly string[]): Outcome {
  if (problems.length === 0) throw new RangeError('Expected at least one problem, got none');
  let [accuracy, flops] = [0, 0];
  for (const problem of problems) {
    const outcome = outcomeOf(arm, problem);
    accuracy += outcome.accuracy;
    flops += outcome.flops;
  }
  return { accuracy: accuracy / problems.length, flops: flops / problems.length };
}

/** @throws RangeError on a problem that the arm lacks */
export function outcomeOf({ outcomes, strategy }: Arm, problem: string): Outcome {
  const outcome = outcomes.get(problem);
  if (outcome !== undefined) return outcome;
  throw new RangeError(`${strategy.name} has no outcome for a problem: ${problem.slice(0, 80)}`);
}
