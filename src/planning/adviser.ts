// A plan's advice to `auto`, from where probing pays, a predictor and the tables per predicted bin.
import type { Adviser, PlannedBudget, Prediction } from '../search/auto-strategy.js';
import { majority, type Strategy } from '../search/strategy.js';
import { stepAt } from './choice.js';
import { type Bin, binOf } from './difficulty.js';
import type { BudgetList } from './plan.js';
import { featuresOf, type Predictor, predictPassAt1 } from './predictor.js';

/** What to run from a budget on. */
export interface AdvisedStep {
  readonly from: number;
  readonly strategy: Strategy;
}

/** Steps by each kind of budget, ascending. */
export type AdvisedTable = Steps<AdvisedStep>;

/** Whether probes pay from a budget on. */
export interface AdvisedProbing {
  readonly from: number;
  readonly pays: boolean;
}

export interface AdviserParts {
  readonly probes: number;
  readonly predictor: Predictor;
  /** Nothing is probed below its first steps. */
  readonly probing: Steps<AdvisedProbing>;
  /** For predicted bins; costs have the probes in them. */
  readonly bins: { readonly [B in Bin]: AdvisedTable };
  /** For all problems alike, after probes. */
  readonly all: AdvisedTable;
  /** Likewise, without any. */
  readonly unprobed: AdvisedTable;
}

type Steps<S> = { readonly [L in BudgetList]: readonly S[] };

/** The adviser of one policy with one reward model. */
export function makeAdviser(parts: AdviserParts): Adviser {
  const { probes, predictor, probing, bins, all, unprobed } = parts;
  return {
    probes,
    unprobed: (budget) => {
      if (stepIn(probing, budget)?.pays === true) return undefined;
      const step = stepIn(unprobed, budget);
      if (step !== undefined) return step.strategy;
      const { unit, amount } = budget;
      if (unit === 'paths') return majority({ budget: amount });
      return unprobed[listOf[unit]][0]?.strategy;
    },
    predict: (paths): Prediction => {
      const features = featuresOf(paths);
      const passAt1 = predictPassAt1(predictor, features);
      return { bin: binOf(passAt1), passAt1, ...features };
    },
    choose: (bin, budget) => {
      const step = stepIn(bins[bin], budget) ?? stepIn(all, budget) ?? all.byFlops[0];
      if (step === undefined) throw new RangeError('Expected a plan with steps, got none');
      return step.strategy;
    },
  };
}

const listOf = { paths: 'byBudget', flops: 'byFlops', tokens: 'byTokens' } as const;

function stepIn<S extends { readonly from: number }>(
  table: Steps<S>,
  { unit, amount }: PlannedBudget,
): S | undefined {
  return stepAt(table[listOf[unit]], amount);
}
