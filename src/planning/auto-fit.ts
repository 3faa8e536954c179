// Fits what `auto` goes by: the predictor of a problem's bin, the tables per predicted bin, and where
// probing pays. The predictions that they are fitted to come from predictors that never saw the problem
// (DESIGN §7).
import type { AdvisedTable, AdviserParts } from './adviser.js';
import type { Arm } from './arm.js';
import type { Step } from './choice.js';
import { type Bin, binOf, bins } from './difficulty.js';
import { type BinPlan, fitPlan, type Plan } from './plan.js';
import { type Features, fitPredictor, type Predictor, predictPassAt1 } from './predictor.js';
import { fitProbing, type Probing } from './probing.js';

/** One search's probes: of a problem, under a seed. */
export interface AutoUnit {
  readonly id: string;
  readonly problem: string;
  readonly features: Features;
}

/** What `auto` could do on one set of problems, with one policy and reward model. */
export interface AutoData {
  readonly probes: number;
  readonly units: readonly AutoUnit[];
  /** Strategies as `auto` runs them: by unit, probes and early stop in their costs. */
  readonly arms: readonly Arm[];
}

/** What the problems are known to be, by problem, from samples that serve nothing else. */
export interface KnownDifficulty {
  readonly passAt1: ReadonlyMap<string, number>;
  readonly bins: ReadonlyMap<string, Bin>;
}

/** Searches by true bin (outer) and predicted bin (inner). */
export type Confusion = { readonly [B in Bin]: { readonly [P in Bin]: number } };

/** Fitted for one policy with one reward model. */
export interface FittedAuto {
  readonly probes: number;
  /** Fitted to all the problems; it serves problems that are in none of them. */
  readonly predictor: Predictor;
  /** By predicted bin. */
  readonly table: Plan;
  /** At which budgets probes are taken at all. */
  readonly probing: Probing;
  /** Bins that the table is fitted by, by unit: cross-fitted. */
  readonly predicted: ReadonlyMap<string, Bin>;
  readonly confusion: Confusion;
}

/**
 * Fits to the units of some problems alone.
 * @param whole the plan without `auto`, fitted to the same problems
 * @param folds the problems, in parts: each part's bins are predicted from the others
 * @throws RangeError on a problem without a known difficulty, or of no units or arms
 */
export function fitAuto(
  whole: Plan,
  { probes, units: all, arms }: AutoData,
  known: KnownDifficulty,
  folds: readonly (readonly string[])[],
): FittedAuto {
  const problems = new Set(folds.flat());
  const units = all.filter(({ problem }) => problems.has(problem));
  const samplesOf = (some: readonly AutoUnit[]) =>
    some.map(({ features, problem }) => {
      const passAt1 = known.passAt1.get(problem);
      if (passAt1 !== undefined) return { features, passAt1 };
      throw new RangeError(`No difficulty of problem: ${problem.slice(0, 80)}`);
    });
  const predicted = new Map<string, Bin>();
  for (const fold of folds) {
    const held = new Set(fold);
    const others = units.filter(({ problem }) => !held.has(problem));
    const own = units.filter(({ problem }) => held.has(problem));
    if (own.length === 0) continue;
    // One fold alone leaves nothing to learn from but itself.
    const predictor = fitPredictor(samplesOf(others.length > 0 ? others : own));
    for (const { id, features } of own) {
      predicted.set(id, binOf(predictPassAt1(predictor, features)));
    }
  }
  const ids = units.map(({ id }) => id);
  const table = fitPlan(whole, arms, ids, predicted);
  return {
    probes,
    predictor: fitPredictor(samplesOf(units)),
    table,
    probing: fitProbing({ probes, whole, table, units, predicted }),
    predicted,
    confusion: confusionOf(units, known.bins, (unit) => predicted.get(unit.id) ?? 'hard'),
  };
}

/** Counts units by what they are and what is predicted. @throws as fitAuto */
export function confusionOf(
  units: readonly AutoUnit[],
  trueBins: ReadonlyMap<string, Bin>,
  predict: (unit: AutoUnit) => Bin,
): Confusion {
  const counts = { easy: row(), medium: row(), hard: row() };
  for (const unit of units) {
    const bin = trueBins.get(unit.problem);
    if (bin === undefined) {
      throw new RangeError(`No difficulty of problem: ${unit.problem.slice(0, 80)}`);
    }
    counts[bin][predict(unit)]++;
  }
  return counts;
}

/** What an adviser is made of, from what was fitted. `whole` is the plan without `auto`. */
export function advice(
  { probes, predictor, probing, table }: FittedAuto,
  whole: Plan,
): AdviserParts {
  const { easy, medium, hard } = table.bins;
  return {
    probes,
    predictor,
    probing,
    bins: { easy: advised(easy), medium: advised(medium), hard: advised(hard) },
    all: advised(table.all),
    unprobed: advised(whole.all),
  };
}

function advised({ byFlops, byTokens, byBudget }: BinPlan): AdvisedTable {
  return {
    byFlops: advisedSteps(byFlops),
    byTokens: advisedSteps(byTokens),
    byBudget: advisedSteps(byBudget),
  };
}

function advisedSteps(steps: readonly Step[]): AdvisedTable['byFlops'] {
  return steps.map(({ from, arm }) => ({ from, strategy: arm.strategy }));
}

function row(): { [B in Bin]: number } {
  return Object.fromEntries(bins.map((bin) => [bin, 0])) as { [B in Bin]: number };
}
