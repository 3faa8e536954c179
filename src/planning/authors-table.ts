// The fixed table of the paper's authors, the only operational statement of theirs: on MATH-500 the
// method goes by the policy's size (RyanLiu112/compute-optimal-tts, issue 4).
import type { Strategy } from '../search/strategy.js';
import { type Arm, budgetOf, meanOutcome } from './arm.js';
import type { Bin } from './difficulty.js';

/** The method that the authors name for a policy of so many parameters. */
export function authorsStrategy(parameters: number, bin: Bin): Strategy['name'] {
  if (parameters < 7e9) return 'beam-search';
  if (parameters <= 32e9) return bin === 'hard' ? 'beam-search' : 'dvts';
  return 'best-of-n';
}

/**
 * The arm of a method with the most samples whose mean cost over the problems fits; undefined where
 * none does.
 */
export function largestFitting(
  arms: readonly Arm[],
  name: Strategy['name'],
  flops: number,
  problems: readonly string[],
): Arm | undefined {
  const fitting = arms.filter(
    (arm) => arm.strategy.name === name && meanOutcome(arm, problems).flops <= flops,
  );
  return fitting.reduce<Arm | undefined>((best, arm) => {
    const isLarger = best === undefined || budgetOf(arm.strategy) > budgetOf(best.strategy);
    return isLarger ? arm : best;
  }, undefined);
}
