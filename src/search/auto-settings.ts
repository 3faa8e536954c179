// What `auto` adds to a search's settings: its plan's adviser for the models, and the budget that it
// advises for.
import { invalidOption } from '../errors.js';
import { type Adviser, type AutoStrategy, auto, type PlannedBudget } from './auto-strategy.js';
import type { SearchLimits, SearchOptions } from './options.js';
import { type BestOfNStrategy, bestOfN } from './strategy.js';

/** `auto`, resolved. */
export interface AutoSettings {
  readonly strategy: AutoStrategy;
  readonly adviser: Adviser;
  /** What samples and scores the probes. */
  readonly probing: BestOfNStrategy;
  /** Milliseconds become FLOPs once the probes have shown how fast they go. */
  readonly budget: PlannedBudget | { readonly unit: 'milliseconds'; readonly amount: number };
}

/**
 * Checks `auto` beside options that were checked; undefined for another strategy.
 * @throws OptionError on a bad strategy, no reward model, a plan for others, and no single budget
 */
export function resolveAuto(options: SearchOptions): AutoSettings | undefined {
  const { policy, reward, limits } = options;
  const name = (options.strategy as { name?: unknown } | null | undefined)?.name;
  if (name !== 'auto') return undefined;
  const { name: _, ...given } = options.strategy as AutoStrategy;
  const strategy = auto(given);
  if (reward === undefined) {
    throw invalidOption('reward', 'made by loadReward(), as auto needs one', reward);
  }
  const adviser = strategy.plan.adviserFor(policy.name, reward.name);
  const probing = bestOfN({ budget: adviser.probes });
  return { strategy, adviser, probing, budget: budgetFor(strategy, limits) };
}

/** The strategy's own budget, else the only limit of the search. */
function budgetFor(
  { budget, meanFlops }: AutoStrategy,
  limits: SearchLimits = {},
): AutoSettings['budget'] {
  if (budget !== undefined) return { unit: 'paths', amount: budget };
  if (meanFlops !== undefined) return { unit: 'flops', amount: meanFlops };
  const set = (['tokens', 'flops', 'milliseconds'] as const).flatMap((unit) => {
    const amount = limits[unit];
    return amount === undefined ? [] : [{ unit, amount }];
  });
  const [only] = set;
  if (only !== undefined && set.length === 1) return only;
  const expected = 'exactly one of tokens, flops, milliseconds where auto has no budget of its own';
  throw invalidOption('limits', expected, set.length === 0 ? undefined : limits);
}
