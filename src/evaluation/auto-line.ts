// `auto` on test problems: what it predicts of each search, what it then runs, what that comes to.
import { OptionError } from '../errors.js';
import { makeAdviser } from '../planning/adviser.js';
import { type Arm, budgetOf, type Outcome, outcomeOf } from '../planning/arm.js';
import {
  type AutoData,
  type AutoUnit,
  advice,
  type Confusion,
  confusionOf,
  type FittedAuto,
} from '../planning/auto-fit.js';
import type { Bin } from '../planning/difficulty.js';
import { binOf } from '../planning/difficulty.js';
import type { Plan } from '../planning/plan.js';
import { predictPassAt1 } from '../planning/predictor.js';
import type { Adviser } from '../search/auto-strategy.js';
import type { Strategy } from '../search/strategy.js';
import { mean } from './bootstrap.js';

/** What `auto` was fitted to on one part of the problems. */
export interface FittedPart {
  readonly auto: FittedAuto;
  readonly plan: Plan;
  /** That it is used on. */
  readonly test: readonly string[];
}

/** `auto` on the test problems of one policy with one reward model. */
export class AutoLine {
  readonly #arms: ReadonlyMap<string, Arm>;
  readonly #wholeArms: readonly Arm[];
  readonly #units: ReadonlyMap<string, readonly AutoUnit[]>;
  readonly #parts: readonly (FittedPart & { readonly adviser: Adviser })[];

  /** @param wholeArms what is run where probes do not pay */
  constructor(parts: readonly FittedPart[], data: AutoData, wholeArms: readonly Arm[]) {
    this.#parts = parts.map((part) => {
      return { ...part, adviser: makeAdviser(advice(part.auto, part.plan)) };
    });
    this.#arms = new Map(data.arms.map((arm) => [JSON.stringify(arm.strategy), arm]));
    this.#wholeArms = wholeArms;
    const units = new Map<string, AutoUnit[]>();
    for (const unit of data.units) {
      units.set(unit.problem, [...(units.get(unit.problem) ?? []), unit]);
    }
    this.#units = units;
  }

  /** Each problem's expected outcome at a mean cost; problems in the order of the parts. */
  outcomes(flops: number): readonly (readonly [problem: string, outcome: Outcome])[] {
    const budget = { unit: 'flops', amount: flops } as const;
    return this.#parts.flatMap(({ adviser, auto, test }) => {
      const unprobed = adviser.unprobed(budget);
      return test.map((problem) => {
        if (unprobed !== undefined) return [problem, this.#unprobed(unprobed, problem)] as const;
        const found = this.#unitsOf(problem).map((unit) => {
          const strategy = adviser.choose(predictedBin(auto, unit), budget);
          return outcomeOf(this.#arm(strategy), unit.id);
        });
        const accuracy = mean(found.map((outcome) => outcome.accuracy));
        return [problem, { accuracy, flops: mean(found.map((outcome) => outcome.flops)) }] as const;
      });
    });
  }

  /** Share of the problems that it probes at a mean cost: all or none of each part. */
  probedShare(flops: number): number {
    const probed = this.#parts.map(({ adviser, test }) => {
      return adviser.unprobed({ unit: 'flops', amount: flops }) === undefined ? test.length : 0;
    });
    const all = this.#parts.reduce((sum, { test }) => sum + test.length, 0);
    return probed.reduce((sum, count) => sum + count, 0) / all;
  }

  /** Test searches by true and predicted bin. */
  confusion(trueBins: ReadonlyMap<string, Bin>): Confusion {
    const predicted = new Map<AutoUnit, Bin>();
    for (const { auto, test } of this.#parts) {
      for (const unit of test.flatMap((problem) => this.#unitsOf(problem))) {
        predicted.set(unit, predictedBin(auto, unit));
      }
    }
    return confusionOf([...predicted.keys()], trueBins, (unit) => predicted.get(unit) ?? 'hard');
  }

  #unitsOf(problem: string): readonly AutoUnit[] {
    return this.#units.get(problem) ?? [];
  }

  #unprobed(strategy: Strategy, problem: string): Outcome {
    const name = JSON.stringify(strategy);
    const arm = this.#wholeArms.find((one) => JSON.stringify(one.strategy) === name);
    return outcomeOf(arm ?? missing(strategy), problem);
  }

  #arm(strategy: Strategy): Arm {
    return this.#arms.get(JSON.stringify(strategy)) ?? missing(strategy);
  }
}

function predictedBin({ predictor }: FittedAuto, { features }: AutoUnit): Bin {
  return binOf(predictPassAt1(predictor, features));
}

function missing(strategy: Strategy): never {
  const what = `${strategy.name} with budget ${budgetOf(strategy)}`;
  throw new OptionError(
    `Expected \`test\` to have a run of ${what} as the calibration does, got none`,
  );
}
