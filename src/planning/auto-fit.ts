// Fits what `auto` goes by: the predictor of a problem's bin, and the tables per predicted bin. The
// predictions that a table is fitted to come from predictors that never saw the problem (DESIGN §7).

import type { AdvisedTable, AdviserParts } from './adviser.js';
import type { Arm } from './arm.js';
import type { Step } from './choice.js';
import { type Bin, binOf, bins } from './difficulty.js';
import { type BinPlan, fitPlan, type Plan } from './plan.js';
import { type Features, fitPredictor, type Predictor, predictPassAt1 } from './predictor.js';

/** One search's probes: of a problem, under a seed. */
export interface AutoUnit {
  readonly id: string;
  readonly problem: string;
  readonly features: Features;
}

/** A strategy as `auto` runs it: by unit, probes and early stop in its costs. */
export interface AutoArm extends Arm {
  /** Sampled tokens, by unit. */
  readonly tokens: ReadonlyMap<string, number>;
}

/** What `auto` could do on one set of problems, with one policy and reward model. */
export interface AutoData {
  readonly probes: number;
  readonly units: readonly AutoUnit[];
  readonly arms: readonly AutoArm[];
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
  /** Likewise; costs are sampled tokens. */
  readonly tokenTable: Plan;
  /** Bins that the tables are fitted by, by unit: cross-fitted. */
  readonly predicted: ReadonlyMap<string, Bin>;
  readonly confusion: Confusion;
}

/**
 * Fits to the units of some problems alone.
 * @param folds the problems, in parts: each part's bins are predicted from the others
 * @throws RangeError on a problem without a known difficulty, or of no units or arms
 */
export function fitAuto(
  pair: Pick<Plan, 'policy' | 'reward'>,
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
  return {
    probes,
    predictor: fitPredictor(samplesOf(units)),
    table: fitPlan(pair, arms, ids, predicted),
    tokenTable: fitPlan(pair, arms.map(costedInTokens), ids, predicted),
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
  { probes, predictor, table, tokenTable }: FittedAuto,
  whole: Plan,
): AdviserParts {
  const tableOf = (bin: Bin | 'all'): AdvisedTable => {
    const [own, tokens] = [table, tokenTable].map((plan) => binPlan(plan, bin));
    return {
      byFlops: advisedSteps(own?.byFlops),
      byTokens: advisedSteps(tokens?.byFlops),
      byBudget: advisedSteps(own?.byBudget),
    };
  };
  return {
    probes,
    predictor,
    bins: { easy: tableOf('easy'), medium: tableOf('medium'), hard: tableOf('hard') },
    all: tableOf('all'),
    unprobed: {
      byFlops: advisedSteps(whole.all.byFlops),
      byBudget: advisedSteps(whole.all.byBudget),
    },
  };
}

function binPlan(plan: Plan, bin: Bin | 'all'): BinPlan {
  return bin === 'all' ? plan.all : plan.bins[bin];
}

function advisedSteps(steps: readonly Step[] = []): AdvisedTable['byFlops'] {
  return steps.map(({ from, arm }) => ({ from, strategy: arm.strategy }));
}

function row(): { [B in Bin]: number } {
  return Object.fromEntries(bins.map((bin) => [bin, 0])) as { [B in Bin]: number };
}

/** The same arm, its tokens in the place of its FLOPs. */
function costedInTokens(arm: AutoArm): AutoArm {
  const outcomes = [...arm.outcomes].map(([id, { accuracy }]) => {
    return [id, { accuracy, flops: arm.tokens.get(id) ?? 0 }] as const;
  });
  return { ...arm, outcomes: new Map(outcomes) };
}
