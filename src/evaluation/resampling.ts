// Sums of per-problem values over bootstrap resamples, in integers: whoever adds them up, in whatever
// order and precision, gets the same sums to the last bit. This is the plain way; the kernels of
// resampling-kernel.ts are held against it.
import { RandomStream } from './random-stream.js';

/** Per-problem values as whole multiples of a unit above their minimum. */
export interface Column {
  readonly minimum: number;
  /** A power of two, so that values which are short binary fractions of the range stay exact. */
  readonly unit: number;
  readonly integers: Float64Array; // [problems]
}

export interface ResamplingOptions {
  /** An integer >= 1. */
  readonly resamples: number;
  /** Names the random numbers. */
  readonly seed: number;
}

/** Most problems whose sums are kept within what single precision holds. */
export const mostSingleProblems = 2 ** 12;

/**
 * Rounds values so that the sum of as many of them, repeats included, is below 2^24, or equal: to a
 * 4096th of their range at worst and a 32768th for 500 problems, far below what resampling itself
 * leaves open. 0 and 1, counts and their halves stay exact.
 * @throws RangeError of no values, and of values or ranges that are not finite
 */
export function toColumn(values: ArrayLike<number>): Column {
  if (values.length === 0) throw new RangeError('Expected at least one value, got none');
  let [minimum, maximum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) throw new RangeError(`Expected finite values, got ${value}`);
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  }
  const range = maximum - minimum;
  if (!Number.isFinite(range)) throw new RangeError(`Expected a finite range, got ${range}`);
  const { length } = values;
  const bits = length > mostSingleProblems ? 24 : 24 - Math.ceil(Math.log2(length));
  let unit = Math.max(2 ** (Math.floor(Math.log2(range || 1)) - bits), Number.MIN_VALUE);
  while (range / unit > 2 ** bits) unit *= 2;
  const integers = Float64Array.from(values, (value) => Math.round((value - minimum) / unit));
  return { minimum, unit, integers };
}

/** The mean that a resample's sum of integers stands for. */
export function meanOf(sum: number, { minimum, unit, integers }: Column): number {
  return minimum + (sum * unit) / integers.length;
}

/** How often each resample holds each problem: one after the other, equal for equal seeds. */
export class Resamples {
  readonly #problems: number;
  readonly #stream: RandomStream;

  constructor(problems: number, seed: number) {
    this.#problems = problems;
    this.#stream = new RandomStream(seed, problems);
  }

  /** Puts the next resamples into `counts`: [resamples, problems], as many as it holds. */
  fill(counts: Float32Array | Float64Array): void {
    counts.fill(0);
    for (let row = 0; row < counts.length; row += this.#problems) {
      for (let i = 0; i < this.#problems; i++) {
        const at = row + this.#stream.below(this.#problems);
        counts[at] = (counts[at] ?? 0) + 1;
      }
    }
  }
}

/** The sum of each column over each resample: [columns][resamples]. Columns are of equal length. */
export function resampledSums(
  columns: readonly Column[],
  { resamples, seed }: ResamplingOptions,
): readonly Float64Array[] {
  const problems = columns[0]?.integers.length ?? 0;
  const rows = new Resamples(problems, seed);
  const counts = new Float64Array(problems);
  const sums = columns.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    rows.fill(counts);
    for (let c = 0; c < columns.length; c++) {
      (sums[c] as Float64Array)[r] = dot((columns[c] as Column).integers, counts);
    }
  }
  return sums;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
}
