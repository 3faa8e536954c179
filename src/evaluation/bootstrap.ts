// Comparisons over problems: bootstrap intervals of means, paired ones of differences, and Holm's
// correction. Problems are the unit that is resampled; repeats of one problem stay together.
import { type Column, meanOf, resampledSums, toColumn } from './resampling.js';
import { isWorthAKernel, ResamplingKernel } from './resampling-kernel.js';

/** A mean with its percentile bootstrap interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A difference of means over the same problems. */
export interface Difference extends Interval {
  /** Two-sided bootstrap p-value: twice the smaller share of resampled means on one side of 0. */
  readonly p: number;
}

export interface BootstrapOptions {
  /**
   * Resamples, an integer >= 1.
   * @default 4000
   */
  readonly resamples?: number;
  /**
   * Share of the resampled means inside the interval, in (0, 1).
   * @default 0.95
   */
  readonly level?: number;
  /**
   * Names the random numbers.
   * @default 0
   */
  readonly seed?: number;
}

/**
 * The mean over problems with its interval; [0, 1] is not enforced, so it serves any quantity.
 * @throws RangeError of no values, or of ones that are not finite
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const column = toColumn(values);
  return intervalOf(values, column, resampledSums([column], withDefaults(options))[0], options);
}

/**
 * As bootstrapMean for each of many quantities over the same problems, with the same resamples. Long
 * work goes to a kernel where gpu.js is installed; the result is the same.
 * @throws RangeError where they differ in length; as bootstrapMean
 */
export async function bootstrapMeans(
  quantities: readonly ArrayLike<number>[],
  options: BootstrapOptions = {},
): Promise<readonly Interval[]> {
  const other = quantities.find(({ length }) => length !== quantities[0]?.length);
  if (other !== undefined) {
    const lengths = `${quantities[0]?.length} and ${other.length}`;
    throw new RangeError(`Expected quantities of the same problems, got ${lengths}`);
  }
  const columns = quantities.map(toColumn);
  const resampling = withDefaults(options);
  const isLong = isWorthAKernel(columns, resampling.resamples);
  const kernel = isLong ? await ResamplingKernel.open() : undefined;
  const sums = kernel
    ? await kernel.sums(columns, resampling).finally(() => kernel.dispose())
    : resampledSums(columns, resampling);
  return quantities.map((values, i) => intervalOf(values, columns[i], sums[i], options));
}

/**
 * The mean of a - b over problems, both in the same order.
 * @throws RangeError where they differ in length or there are none
 */
export function bootstrapDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions = {},
): Difference {
  if (a.length !== b.length) {
    throw new RangeError(`Expected results of the same problems, got ${a.length} and ${b.length}`);
  }
  const { level = 0.95 } = options;
  const differences = Float64Array.from(a, (value, i) => value - (b[i] ?? 0));
  const column = toColumn(differences);
  const means = sortedMeans(column, resampledSums([column], withDefaults(options))[0]);
  const below = means.filter((value) => value <= 0).length;
  const above = means.filter((value) => value >= 0).length;
  // One more of each: a p-value of 0 cannot come from finitely many resamples.
  const p = Math.min(1, (2 * (Math.min(below, above) + 1)) / (means.length + 1));
  return { mean: mean(differences), ...percentiles(means, level), p };
}

/**
 * Holm's step-down adjustment (S. Holm, 1979): compared with the level of one test, the adjusted
 * p-values hold the chance of any false finding among all of them. In the order given.
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * p));
    adjusted[index] = largest;
  });
  return adjusted;
}

export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError('Expected at least one value, got none');
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total / values.length;
}

function withDefaults({ resamples = 4000, seed = 0 }: BootstrapOptions) {
  return { resamples, seed };
}

function intervalOf(
  values: ArrayLike<number>,
  column: Column | undefined,
  sums: Float64Array | undefined,
  { level = 0.95 }: BootstrapOptions,
): Interval {
  return { mean: mean(values), ...percentiles(sortedMeans(column, sums), level) };
}

/** Ascending. */
function sortedMeans(column: Column | undefined, sums: Float64Array | undefined): Float64Array {
  if (column === undefined || sums === undefined) return new Float64Array();
  return sums.map((sum) => meanOf(sum, column)).sort();
}

function percentiles(sorted: Float64Array, level: number): { low: number; high: number } {
  const tail = Math.floor(((1 - level) / 2) * sorted.length);
  return { low: sorted[tail] ?? 0, high: sorted[sorted.length - 1 - tail] ?? 0 };
}
