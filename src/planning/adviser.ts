// A plan's advice to `auto`, from a predictor and the tables per predicted bin.
import type { Adviser, PlannedBudget, Prediction } from '../search/auto-strategy.js';
import { majority, type Strategy } from '../search/strategy.js';
import { stepAt } from './choice.js';
import { type Bin, binOf } from './difficulty.js';
import { featuresOf, type Predictor, predictPassAt1 } from './predictor.js';

/** What to run from a budget on. */
export interface AdvisedStep {
  readonly from: number;
  readonly strategy: Strategy;
}

/** Steps by each kind of budget, ascending. Costs have the probes in them. */
export interface AdvisedTable {
  readonly byFlops: readonly AdvisedStep[];
  readonly byTokens: readonly AdvisedStep[];
  readonly byBudget: readonly AdvisedStep[];
}

export interface AdviserParts {
  readonly probes: number;
  readonly predictor: Predictor;
  /** For predicted bins. */
  readonly bins: { readonly [B in Bin]: AdvisedTable };
  /** For all problems alike, after probes. */
  readonly all: AdvisedTable;
  /** Likewise, without any. */
  readonly unprobed: Pick<AdvisedTable, 'byFlops' | 'byBudget'>;
}

/** The adviser of one policy with one reward model. */
export function makeAdviser(parts: AdviserParts): Adviser {
  const { probes, predictor, bins, all, unprobed } = parts;
  return {
    probes,
    unprobed: ({ unit, amount }) => {
      if (unit === 'paths') {
        if (amount >= probes) return undefined;
        return stepAt(unprobed.byBudget, amount)?.strategy ?? majority({ budget: amount });
      }
      // Too few tokens for any table: the probes are as good a use of them as any.
      if (unit === 'tokens' || stepAt(all.byFlops, amount) !== undefined) return undefined;
      return (stepAt(unprobed.byFlops, amount) ?? unprobed.byFlops[0])?.strategy;
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

function stepIn(table: AdvisedTable, { unit, amount }: PlannedBudget): AdvisedStep | undefined {
  const steps = { paths: table.byBudget, flops: table.byFlops, tokens: table.byTokens };
  return stepAt(steps[unit], amount);
}
