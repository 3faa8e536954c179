// What a run consists of: every problem under every seed, in one order; and the part of it that one
// shard does. A unit is searched the same in any shard, beside any neighbours.
import { invalidOption } from '../errors.js';
import type { Problem } from './dataset.js';

/** A problem with its position in its dataset, from 0. */
export interface PlacedProblem extends Problem {
  readonly index: number;
}

/** Where a unit stands in its run. */
export interface Place {
  /** Position of the problem in the dataset, from 0. */
  readonly index: number;
  /** Which of the run's seeds, from 0; absent is 0. */
  readonly repeat?: number;
}

/** One search of a run. */
export interface Unit extends PlacedProblem {
  readonly repeat: number;
  /** The run's seed plus `repeat`. */
  readonly seed: number;
}

/** One part of a run that is split. */
export interface Shard {
  /** From 1 to `count`. */
  readonly index: number;
  readonly count: number;
}

/** What of a dataset a run searches. */
export interface UnitSelection {
  readonly seed: number;
  /**
   * Seeds for each problem: `seed`, `seed + 1`, ...
   * @default 1
   */
  readonly repeats?: number;
  /**
   * Only so many problems, evenly spaced.
   * @default all
   */
  readonly limit?: number;
  /** Every `count`-th unit alone, from the `index`-th on. @default the whole run */
  readonly shard?: Shard;
}

/**
 * The units of a run or of its shard, by problem and then by seed.
 * @throws OptionError on a shard that does not exist
 */
export function unitsOf<T extends object>(
  problems: readonly T[],
  { seed, repeats = 1, limit, shard }: UnitSelection,
): readonly (T & { readonly index: number; readonly repeat: number; readonly seed: number })[] {
  const all = placeProblems(problems, limit).flatMap((problem) =>
    Array.from({ length: repeats }, (_, repeat) => ({ ...problem, repeat, seed: seed + repeat })),
  );
  if (shard === undefined) return all;
  const { index, count } = shard;
  if (!Number.isInteger(count) || !Number.isInteger(index) || index < 1 || index > count) {
    throw invalidOption('shard', '<index>/<count> with an index from 1 to the count', shard);
  }
  return all.filter((_, ordinal) => ordinal % count === index - 1);
}

/** `limit` problems evenly spaced over the dataset, so that a sorted one gives all its levels. */
export function placeProblems<T extends object>(
  problems: readonly T[],
  limit: number = problems.length,
): readonly (T & { readonly index: number })[] {
  const total = Math.min(limit, problems.length);
  return Array.from({ length: total }, (_, i) => {
    const index = Math.floor((i * problems.length) / total);
    return { ...(problems[index] as T), index };
  });
}

/** Negative, 0 or positive: the order of units in a finished run. */
export function comparePlaces(a: Place, b: Place): number {
  return a.index - b.index || (a.repeat ?? 0) - (b.repeat ?? 0);
}

/** A name for a place, equal for equal places. */
export function placeName({ index, repeat = 0 }: Place): string {
  return `${index}.${repeat}`;
}
