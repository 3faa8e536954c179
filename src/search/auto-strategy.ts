// `auto`: the strategy that lets a plan choose another one, as a value. A few probe paths tell how hard
// the problem looks; whether they pay, what they predict and what is run then is the plan's to say
// (src/planning).
// What it does is in auto.ts.
import { invalidOption, refuseUnknownKeys } from '../errors.js';
import type { SearchPath } from './result.js';
import { positive, type Strategy } from './strategy.js';

/** When a vote is taken as decided before all its paths are there. */
export type EarlyStop = 'certain' | 'never' | { readonly probability: number };

/** How hard a problem looks, judged by its probes without a look at the reference. */
export interface Prediction {
  readonly bin: 'easy' | 'medium' | 'hard';
  /** Predicted share of right answers among the policy's paths, in [0, 1]. */
  readonly passAt1: number;
  /** Share of the probes that give the answer which most of them give, in [0, 1]. */
  readonly agreement: number;
  /** Mean over the probes of their mean step score, in [0, 1]; a path without scores counts 0. */
  readonly score: number;
}

/** What a search may cost: paths (N), or FLOPs or sampled tokens, on average. */
export interface PlannedBudget {
  readonly unit: 'paths' | 'flops' | 'tokens';
  readonly amount: number;
}

/** A plan's advice for one policy with one reward model. Pure: the same answers every time. */
export interface Adviser {
  /** Paths that a prediction takes. */
  readonly probes: number;
  /** What to run where probes do not pay or fit; undefined where they do. */
  unprobed(budget: PlannedBudget): Strategy | undefined;
  predict(probes: readonly SearchPath[]): Prediction;
  /** Greedy is never chosen here, and paths are as many as the probes at least. */
  choose(bin: Prediction['bin'], budget: PlannedBudget): Strategy;
}

/** A fitted plan, made by `readPlan` or `parsePlan`. */
export interface AutoPlan {
  /** Of the plan's file. */
  readonly sha256: string;
  /** @throws OptionError where the plan was not fitted to these models */
  adviserFor(policy: string, reward: string): Adviser;
}

/** Lets a plan choose the strategy, problem by problem. */
export interface AutoStrategy {
  readonly name: 'auto';
  readonly plan: AutoPlan;
  readonly budget?: number;
  readonly meanFlops?: number;
  readonly stop: EarlyStop;
}

/** A fixed method, or the choice among them. */
export type AnyStrategy = Strategy | AutoStrategy;

/** Options of {@link auto}. At most one of `budget` and `meanFlops`. */
export interface AutoOptions {
  /** What to choose by. @example await readPlan('plan.json') */
  readonly plan: AutoPlan;
  /**
   * Paths (N) that the chosen strategy may have, an integer >= 1. Probes before a tree come on top.
   * @default none: `meanFlops`, or else the one of the search's `limits`, is the budget
   * @example 16
   */
  readonly budget?: number;
  /**
   * FLOPs that a search may cost on average over problems like the plan's, both models and the
   * probes together, > 0. One search may cost more: only `limits` bound each.
   * @default none
   * @example 1e9
   */
  readonly meanFlops?: number;
  /**
   * When majority and Best-of-N end before their last path, looked at after fixed numbers of paths.
   * `certain`: once the paths that are left cannot change the answer (under the vote `max` that is
   * never so). `{ probability }`, in (0.5, 1): once the leader wins the full vote at least as
   * probably, by the votes so far; now and then it would not have. `never`: all are sampled.
   * @default 'certain'
   * @example { probability: 0.95 }
   */
  readonly stop?: EarlyStop;
}

/**
 * The strategy that a plan chooses: a few probe paths predict how hard the problem is, the plan says
 * what to run at the budget. Where calibration does not show that probes pay, none are taken, and the
 * plan's choice for all problems is run. Probes are the first paths of majority and Best-of-N; before a tree they
 * are charged and do not vote. With neither `budget` nor `meanFlops` the search must have exactly one
 * of `limits`, which then is what the choice has to fit and also a bound.
 * @throws OptionError on a bad or unknown option
 * @example
 * const strategy = auto({ plan: await readPlan('plan.json'), budget: 16 });
 * const result = await search(question, { policy, reward, strategy });
 * console.log(result.auto?.prediction, result.auto?.chosen);
 */
export function auto(options: AutoOptions): AutoStrategy {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('auto options', 'an object', options);
  }
  const given = options as unknown as Readonly<Record<string, unknown>>;
  refuseUnknownKeys('an option of auto', given, ['plan', 'budget', 'meanFlops', 'stop']);
  const { plan, budget, meanFlops } = options;
  if (typeof (plan as AutoPlan | undefined)?.adviserFor !== 'function') {
    throw invalidOption('plan', 'made by readPlan() or parsePlan()', plan);
  }
  if (budget !== undefined && meanFlops !== undefined) {
    throw invalidOption('meanFlops', 'left out beside `budget`', meanFlops);
  }
  if (meanFlops !== undefined && !isPositiveNumber(meanFlops)) {
    throw invalidOption('meanFlops', 'a number > 0', meanFlops);
  }
  return Object.freeze({
    name: 'auto',
    plan,
    ...(budget !== undefined && { budget: positive('budget', budget) }),
    ...(meanFlops !== undefined && { meanFlops }),
    stop: checkStop(options.stop),
  });
}

function checkStop(stop: EarlyStop | undefined): EarlyStop {
  if (stop === undefined) return 'certain';
  if (stop === 'certain' || stop === 'never') return stop;
  if (typeof stop !== 'object' || stop === null) {
    throw invalidOption('stop', "'certain', 'never' or { probability }", stop);
  }
  refuseUnknownKeys('an option of stop', { ...stop }, ['probability']);
  const { probability } = stop;
  if (typeof probability !== 'number' || !(probability > 0.5 && probability < 1)) {
    throw invalidOption('probability', 'a number in (0.5, 1)', probability);
  }
  return Object.freeze({ probability });
}

function isPositiveNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
