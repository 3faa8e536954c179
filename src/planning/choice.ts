// Choosing among arms on calibration problems: the best that fits a budget, unless a cheaper one is
// within one standard error of it.
import { type Arm, budgetOf, type Measured, meanOutcome, outcomeOf } from './arm.js';

/** A chosen arm with its means over the problems that chose it. */
export interface Choice<A extends Measured = Arm> {
  readonly arm: A;
  readonly accuracy: number;
  /** Mean cost. */
  readonly flops: number;
}

/** What to run from a budget on, up to the next step's. */
export interface Step extends Choice {
  /** Least budget at which it is chosen; its FLOPs, or N. */
  readonly from: number;
}

/**
 * The cheapest arm within one standard error of the most accurate: the standard error of the mean
 * difference between the two, problem by problem. Ties go to the earlier arm.
 * @throws RangeError of no arms or no problems
 */
export function choose<A extends Measured>(
  arms: readonly A[],
  problems: readonly string[],
): Choice<A> {
  const means = meansOf(arms, problems);
  const best = means.reduce((a, b) => (isBetter(b, a) ? b : a));
  const near = means.filter((other) => {
    const error = standardError(best.arm, other.arm, problems);
    return best.accuracy - other.accuracy <= error * (1 + rounding);
  });
  return near.reduce((a, b) => (b.flops < a.flops ? b : a));
}

// A lead on one problem alone is exactly one standard error; rounding must not decide.
const rounding = 1e-9;

/** The most accurate arm outright, the cheapest of equals. @throws as choose */
export function chooseBest(arms: readonly Arm[], problems: readonly string[]): Choice {
  return meansOf(arms, problems).reduce((a, b) => (isBetter(b, a) ? b : a));
}

/** Choices by rising FLOPs: at each step, among the arms whose mean cost fits. */
export function chooseByFlops(
  arms: readonly Arm[],
  problems: readonly string[],
  rule: typeof choose<Arm> = choose,
): readonly Step[] {
  const means = meansOf(arms, problems);
  const levels = [...new Set(means.map(({ flops }) => flops))].sort((a, b) => a - b);
  const steps: Step[] = [];
  for (const from of levels) {
    const fitting = means.filter(({ flops }) => flops <= from).map(({ arm }) => arm);
    const choice = rule(fitting, problems);
    if (choice.arm !== steps.at(-1)?.arm) steps.push({ from, ...choice });
  }
  return steps;
}

/** Choices by N: among the arms of exactly that budget, as the paper compares them. */
export function chooseByBudget(arms: readonly Arm[], problems: readonly string[]): readonly Step[] {
  const budgets = [...new Set(arms.map(({ strategy }) => budgetOf(strategy)))];
  return budgets
    .sort((a, b) => a - b)
    .map((from) => {
      const same = arms.filter(({ strategy }) => budgetOf(strategy) === from);
      return { from, ...choose(same, problems) };
    });
}

/** The step that a budget reaches; undefined where it reaches none. */
export function stepAt<S extends { readonly from: number }>(
  steps: readonly S[],
  budget: number,
): S | undefined {
  return steps.findLast(({ from }) => from <= budget);
}

function meansOf<A extends Measured>(
  arms: readonly A[],
  problems: readonly string[],
): readonly Choice<A>[] {
  if (arms.length === 0) throw new RangeError('Expected at least one arm, got none');
  return arms.map((arm) => ({ arm, ...meanOutcome(arm, problems) }));
}

function isBetter(a: Choice<Measured>, b: Choice<Measured>): boolean {
  return a.accuracy !== b.accuracy ? a.accuracy > b.accuracy : a.flops < b.flops;
}

/** Of the mean difference in accuracy over the problems; 0 of fewer than two. */
export function standardError(a: Measured, b: Measured, problems: readonly string[]): number {
  const n = problems.length;
  if (n < 2) return 0;
  const differences = problems.map(
    (problem) => outcomeOf(a, problem).accuracy - outcomeOf(b, problem).accuracy,
  );
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (n - 1) / n);
}
