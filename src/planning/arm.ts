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

/** What is known of anything that can be run, on every problem. */
export interface Measured {
  /** By the problem's text. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** A strategy at a budget with its models. */
export interface Arm extends Measured {
  readonly policy: string;
  /** Null where the strategy calls none. */
  readonly reward: string | null;
  readonly strategy: Strategy;
  /** Expected sampled tokens, by the problem's text. */
  readonly tokens: ReadonlyMap<string, number>;
  /** False where an accuracy is a mean of random subsets. */
  readonly isExact: boolean;
}

/** Paths, or children of a round; greedy has one. */
export function budgetOf(strategy: Strategy): number {
  return strategy.name === 'greedy' ? 1 : strategy.budget;
}

/** The same arm, its tokens in the place of its FLOPs. */
export function costedInTokens(arm: Arm): Arm {
  const outcomes = [...arm.outcomes].map(([problem, { accuracy }]) => {
    return [problem, { accuracy, flops: arm.tokens.get(problem) ?? 0 }] as const;
  });
  return { ...arm, outcomes: new Map(outcomes) };
}

/**
 * Mean accuracy and cost over some problems.
 * @throws RangeError of no problems, or of one without an outcome
 */
export function meanOutcome(arm: Measured, problems: readonly string[]): Outcome {
  if (problems.length === 0) throw new RangeError('Expected at least one problem, got none');
  let [accuracy, flops] = [0, 0];
  for (const problem of problems) {
    const outcome = outcomeOf(arm, problem);
    accuracy += outcome.accuracy;
    flops += outcome.flops;
  }
  return { accuracy: accuracy / problems.length, flops: flops / problems.length };
}

/** @throws RangeError on a problem without an outcome */
export function outcomeOf({ outcomes }: Measured, problem: string): Outcome {
  const outcome = outcomes.get(problem);
  if (outcome !== undefined) return outcome;
  throw new RangeError(`No outcome for problem: ${problem.slice(0, 80)}`);
}
