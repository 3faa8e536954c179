// Whether probes pay: at every budget the whole set's choice without any against probes and then the
// predicted bin's choice, by the rule that all of a plan goes by (choice.ts). Calibration alone decides.
import { type Measured, meanOutcome, type Outcome, outcomeOf } from './arm.js';
import { choose } from './choice.js';
import { type Bin, bins } from './difficulty.js';
import { type BudgetList, chosenFor, type Plan } from './plan.js';

/** What one way of running comes to on the calibration problems. */
export interface Means {
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Sampled tokens where the budget is in them, else FLOPs; with the probes. */
  readonly cost: number;
}

/** Whether `auto` probes from a budget on, up to the next step's. */
export interface ProbingStep {
  /** FLOPs a search, sampled tokens, or N, as the list is by. */
  readonly from: number;
  readonly pays: boolean;
  /** At this very budget; null where nothing fits after probes. */
  readonly probed: Means | null;
  /** Likewise, the whole set's choice. */
  readonly unprobed: Means | null;
}

/** By each kind of budget, ascending; below the first step nothing is probed. */
export type Probing = { readonly [L in BudgetList]: readonly ProbingStep[] };

/** What the decision is fitted to. */
export interface ProbingParts {
  readonly probes: number;
  /** Choices without probes, for all problems alike. */
  readonly whole: Plan;
  /** Choices after probes, by predicted bin; its arms are by unit. */
  readonly table: Plan;
  /** Searches with the problems that they are of. */
  readonly units: readonly { readonly id: string; readonly problem: string }[];
  /** By unit, from predictors that never saw its problem. */
  readonly predicted: ReadonlyMap<string, Bin>;
}

/** Decides at every budget at which a choice changes. @throws RangeError of no units */
export function fitProbing(parts: ProbingParts): Probing {
  return {
    byFlops: stepsBy(parts, 'byFlops'),
    byTokens: stepsBy(parts, 'byTokens'),
    byBudget: stepsBy(parts, 'byBudget'),
  };
}

function stepsBy(parts: ProbingParts, by: BudgetList): readonly ProbingStep[] {
  const { whole, table } = parts;
  const lists = [whole.all, table.all, ...bins.map((bin) => table.bins[bin])];
  const levels = new Set(lists.flatMap((list) => list[by].map(({ from }) => from)));
  const steps: ProbingStep[] = [];
  for (const from of [...levels].sort((a, b) => a - b)) {
    const step = stepAtLevel(parts, by, from);
    if (step !== undefined && step.pays !== steps.at(-1)?.pays) steps.push(step);
  }
  return steps;
}

function stepAtLevel(parts: ProbingParts, by: BudgetList, from: number): ProbingStep | undefined {
  const problems = [...new Set(parts.units.map(({ problem }) => problem))];
  const unprobed: Measured | undefined = chosenFor(parts.whole, 'all', from, by)?.arm;
  const composite = probedOutcomes(parts, by, from);
  const fits =
    composite !== undefined &&
    (by === 'byBudget' ? from >= parts.probes : meanOutcome(composite, problems).flops <= from);
  const probed = fits ? composite : undefined;
  const candidates = [unprobed, probed].filter((one) => one !== undefined);
  if (candidates.length === 0) return undefined;
  const { arm } = choose(candidates, problems);
  const meansOf = (one: Measured | undefined): Means | null => {
    if (one === undefined) return null;
    const { accuracy, flops } = meanOutcome(one, problems);
    return { accuracy, cost: flops };
  };
  return { from, pays: arm === probed, probed: meansOf(probed), unprobed: meansOf(unprobed) };
}

/** By problem: the predicted bin's choice at a budget, over the problem's units. */
function probedOutcomes(
  { table, units, predicted }: ProbingParts,
  by: BudgetList,
  amount: number,
): Measured | undefined {
  const found = new Map<string, Outcome[]>();
  for (const { id, problem } of units) {
    const step = chosenFor(table, predicted.get(id) ?? 'hard', amount, by);
    if (step === undefined) return undefined;
    found.set(problem, [...(found.get(problem) ?? []), outcomeOf(step.arm, id)]);
  }
  const outcomes = [...found].map(([problem, own]) => [problem, meanOf(own)] as const);
  return { outcomes: new Map(outcomes) };
}

function meanOf(outcomes: readonly Outcome[]): Outcome {
  const sum = outcomes.reduce((a, b) => ({
    accuracy: a.accuracy + b.accuracy,
    flops: a.flops + b.flops,
  }));
  return { accuracy: sum.accuracy / outcomes.length, flops: sum.flops / outcomes.length };
}
