// Strategies as values: which method, with the options that belong to it and no others.
// They are checked when made; what they do is in rules.ts.
import { invalidOption, refuseUnknownKeys } from '../errors.js';

/** How the step scores of a path become one value. */
export type Aggregation = 'min' | 'last' | 'mean' | 'product';
/** How the answer is chosen among complete paths. */
export type Vote = 'majority' | 'max' | 'weighted';

/** One path at temperature 0. */
export interface GreedyStrategy {
  readonly name: 'greedy';
}
/** N independent paths, the answer that most of them give. */
export interface MajorityStrategy {
  readonly name: 'majority';
  readonly budget: number;
}
/** N independent paths, chosen by a reward model. */
export interface BestOfNStrategy {
  readonly name: 'best-of-n';
  readonly budget: number;
  readonly aggregation: Aggregation;
  readonly vote: Vote;
}
/** One tree whose N/M best paths go on after each step. */
export interface BeamSearchStrategy {
  readonly name: 'beam-search';
  readonly budget: number;
  readonly width: number;
  readonly completed: 'hold' | 'refill';
  readonly aggregation: Aggregation;
  readonly vote: Vote;
}
/** N/M independent trees, each of which follows its best child. */
export interface DvtsStrategy {
  readonly name: 'dvts';
  readonly budget: number;
  readonly width: number;
  readonly answers: 'best' | 'siblings';
  readonly aggregation: Aggregation;
  readonly vote: Vote;
}
/** A search method with its parameters; made by the functions of this file. */
export type Strategy =
  | GreedyStrategy
  | MajorityStrategy
  | BestOfNStrategy
  | BeamSearchStrategy
  | DvtsStrategy;

/** Options of {@link majority}. */
export interface MajorityOptions {
  /**
   * Paths to sample (N), an integer >= 1.
   * @example 16
   */
  readonly budget: number;
}

/** Options of {@link bestOfN}. */
export interface BestOfNOptions extends MajorityOptions {
  /**
   * How the step scores of a path become its value.
   * @default 'last'
   * @example 'min'
   */
  readonly aggregation?: Aggregation;
  /**
   * How the answer is chosen: `weighted` sums the values of an answer's paths (the paper's Last-Vote
   * with the default aggregation), `max` takes the best path's, `majority` counts paths and needs no
   * reward model.
   * @default 'weighted'
   * @example 'max'
   */
  readonly vote?: Vote;
}

/** Options that {@link beamSearch} and {@link dvts} share. */
export interface TreeOptions extends BestOfNOptions {
  /**
   * Most children sampled in one round (N), a multiple of `width`.
   * @example 64
   */
  readonly budget: number;
  /**
   * Children per expansion (M), an integer >= 1.
   * @default 4
   * @example 4
   */
  readonly width?: number;
}

/** Options of {@link beamSearch}. */
export interface BeamSearchOptions extends TreeOptions {
  /**
   * What becomes of complete paths. `hold` (the paper's): they compete for the N/M places and keep
   * the ones they win for good. `refill`: every one is collected, until there are N, and the places
   * stay with live paths.
   * @default 'hold'
   * @example 'refill'
   */
  readonly completed?: 'hold' | 'refill';
}

/** Options of {@link dvts}. */
export interface DvtsOptions extends TreeOptions {
  /**
   * What each subtree answers: its `best` path (the paper's), or that and its complete last
   * `siblings`.
   * @default 'best'
   * @example 'siblings'
   */
  readonly answers?: 'best' | 'siblings';
}

const aggregations = ['min', 'last', 'mean', 'product'] as const;
const votes = ['majority', 'max', 'weighted'] as const;

/**
 * One path at temperature 0.
 * @example await search(question, { policy, strategy: greedy() })
 */
export function greedy(): GreedyStrategy {
  return Object.freeze({ name: 'greedy' });
}

/**
 * The answer that most of N independent paths give; needs and calls no reward model.
 * @throws OptionError on a bad or unknown option
 * @example await search(question, { policy, strategy: majority({ budget: 16 }) })
 */
export function majority(options: MajorityOptions): MajorityStrategy {
  const given = checkKeys('majority', options, ['budget']);
  return Object.freeze({ name: 'majority', budget: positive('budget', given.budget) });
}

/**
 * N independent whole paths, chosen by the reward model's scores of their steps.
 * @throws OptionError on a bad or unknown option
 * @example await search(question, { policy, reward, strategy: bestOfN({ budget: 16 }) })
 */
export function bestOfN(options: BestOfNOptions): BestOfNStrategy {
  const given = checkKeys('bestOfN', options, ['budget', 'aggregation', 'vote']);
  const budget = positive('budget', given.budget);
  return Object.freeze({ name: 'best-of-n', budget, ...checkVoteRule(given) });
}

/**
 * One tree: the root samples N children, each of the N/M kept paths M.
 * @throws OptionError on a bad or unknown option
 * @example await search(question, { policy, reward, strategy: beamSearch({ budget: 16 }) })
 */
export function beamSearch(options: BeamSearchOptions): BeamSearchStrategy {
  const keys = ['budget', 'width', 'completed', 'aggregation', 'vote'];
  const given = checkKeys('beamSearch', options, keys);
  const completed = oneOf('completed', given.completed, ['hold', 'refill'] as const, 'hold');
  return Object.freeze({
    name: 'beam-search',
    ...shape(given),
    completed,
    ...checkVoteRule(given),
  });
}

/**
 * Diverse verifier tree search: N/M independent trees, each following its best child of M.
 * @throws OptionError on a bad or unknown option
 * @example await search(question, { policy, reward, strategy: dvts({ budget: 64, width: 4 }) })
 */
export function dvts(options: DvtsOptions): DvtsStrategy {
  const given = checkKeys('dvts', options, ['budget', 'width', 'answers', 'aggregation', 'vote']);
  const answers = oneOf('answers', given.answers, ['best', 'siblings'] as const, 'best');
  return Object.freeze({ name: 'dvts', ...shape(given), answers, ...checkVoteRule(given) });
}

/**
 * Checks a strategy that may not come from the functions above (a plain object, another version).
 * @throws OptionError
 */
export function checkStrategy(strategy: unknown): Strategy {
  const name = (strategy as { name?: unknown } | null | undefined)?.name;
  const { name: _, ...options } = Object(strategy) as Record<string, unknown>;
  if (name === 'greedy') {
    refuseUnknownKeys('an option of greedy', options, []);
    return greedy();
  }
  if (name === 'majority') return majority(options as unknown as MajorityOptions);
  if (name === 'best-of-n') return bestOfN(options as unknown as BestOfNOptions);
  if (name === 'beam-search') return beamSearch(options as unknown as BeamSearchOptions);
  if (name === 'dvts') return dvts(options as unknown as DvtsOptions);
  throw invalidOption(
    'strategy',
    'made by greedy(), majority(), bestOfN(), beamSearch(), dvts() or auto()',
    strategy,
  );
}

function checkKeys<T extends object>(
  what: string,
  options: T,
  known: readonly string[],
): Readonly<Partial<Record<string, unknown>>> {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(`${what} options`, 'an object', options);
  }
  const given = options as Record<string, unknown>;
  refuseUnknownKeys(`an option of ${what}`, given, known);
  return given;
}

function shape(given: Readonly<Partial<Record<string, unknown>>>): {
  budget: number;
  width: number;
} {
  const budget = positive('budget', given.budget);
  const width = given.width === undefined ? 4 : positive('width', given.width);
  if (budget % width !== 0) {
    throw invalidOption('budget', `a multiple of the width ${width}`, budget);
  }
  return { budget, width };
}

/** Checks `aggregation` and `vote` and fills in their defaults. @throws OptionError */
export function checkVoteRule(given: Readonly<Partial<Record<string, unknown>>>): {
  aggregation: Aggregation;
  vote: Vote;
} {
  return {
    aggregation: oneOf('aggregation', given.aggregation, aggregations, 'last'),
    vote: oneOf('vote', given.vote, votes, 'weighted'),
  };
}

/** Checks an integer >= 1. @throws OptionError */
export function positive(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw invalidOption(name, 'an integer >= 1', value);
}

function oneOf<T extends string>(
  name: string,
  value: unknown,
  known: readonly T[],
  otherwise: T,
): T {
  if (value === undefined) return otherwise;
  const found = known.find((item) => item === value);
  if (found === undefined) throw invalidOption(name, `one of ${known.join(', ')}`, value);
  return found;
}
