// The fixed orthogonal matrices that are folded into weights at import, so that activations have no
// outliers when they are quantised. Ideas: QuaRot (arXiv 2404.00456), SpinQuant (arXiv 2405.16406).
// Only additions, multiplications, divisions and square roots: the same bits on every machine.
import { modelFault } from './fault.js';

/** Changing it changes every package; it has no other meaning. */
const SEED = 0x65737061;
const MAX_ODD_PART = 1024;
const MAX_HADAMARD_BLOCK = 512;

/**
 * Q = diag(signs) (H (x) O) for rows of any size 2^k m: H the normalised Hadamard matrix of 2^k in
 * natural order, O a random orthogonal matrix of the odd part m, signs random. x becomes x Q.
 */
export class Rotation {
  readonly #signs: Float64Array; // [size]
  readonly #small: Float64Array; // [odd, odd]
  readonly #odd: number;

  /** @throws ModelError UNSUPPORTED_MODEL if the odd part of `size` is too large to be stored */
  constructor(readonly size: number) {
    let odd = size;
    while (odd % 2 === 0) odd /= 2;
    if (odd > MAX_ODD_PART) {
      throw modelFault(
        'UNSUPPORTED_MODEL',
        'hidden_size',
        `a power of two times at most ${MAX_ODD_PART}`,
        `${size}`,
        'import it with precision fp32',
      );
    }
    const random = uniform(SEED);
    this.#odd = odd;
    this.#signs = Float64Array.from({ length: size }, () => (random() < 0.5 ? -1 : 1));
    this.#small = orthogonal(odd, random);
  }

  /** Replaces each row of `matrix` [rows, size] by row Q, in place. */
  rotateRows(matrix: Float64Array): void {
    for (let start = 0; start < matrix.length; start += this.size) {
      this.rotateColumns(matrix.subarray(start, start + this.size), 1);
    }
  }

  /** Replaces `matrix` [size, columns] by Q^T matrix, in place: its columns are rotated. */
  rotateColumns(matrix: Float64Array, columns: number): void {
    for (let i = 0; i < this.size; i++) {
      if ((this.#signs[i] as number) > 0) continue;
      for (let c = i * columns; c < (i + 1) * columns; c++) matrix[c] = -(matrix[c] as number);
    }
    this.#mixSmall(matrix, columns);
    hadamard(matrix, this.size / this.#odd, this.#odd * columns);
  }

  #mixSmall(matrix: Float64Array, columns: number): void {
    const odd = this.#odd;
    if (odd === 1) return;
    const mixed = new Float64Array(odd * columns);
    if (columns === 1) {
      this.#mixRow(matrix, mixed);
      return;
    }
    for (let start = 0; start < matrix.length; start += odd * columns) {
      mixed.fill(0);
      for (let from = 0; from < odd; from++) {
        for (let to = 0; to < odd; to++) {
          const weight = this.#small[from * odd + to] as number;
          for (let c = 0; c < columns; c++) {
            const value = matrix[start + from * columns + c] as number;
            mixed[to * columns + c] = (mixed[to * columns + c] as number) + weight * value;
          }
        }
      }
      matrix.set(mixed, start);
    }
  }

  /** As above for one column: sums in the same order, without a loop of one. */
  #mixRow(row: Float64Array, mixed: Float64Array): void {
    const odd = this.#odd;
    for (let start = 0; start < row.length; start += odd) {
      for (let to = 0; to < odd; to++) {
        let sum = 0;
        for (let from = 0; from < odd; from++) {
          sum += (this.#small[from * odd + to] as number) * (row[start + from] as number);
        }
        mixed[to] = sum;
      }
      row.set(mixed, start);
    }
  }
}

/** The block of a Hadamard rotation of rows of this size, the inner or a head's: 0 means none. */
export function hadamardBlock(size: number): number {
  let block = 1;
  while (block < MAX_HADAMARD_BLOCK && size % (2 * block) === 0) block *= 2;
  return block === 1 ? 0 : block;
}

/** Rotates rows of any whole number of blocks, in place: what the SwiGLU op does to its rows. */
export function hadamardRows(matrix: Float64Array, block: number): void {
  if (block === 0) return;
  for (let start = 0; start < matrix.length; start += block) {
    hadamard(matrix.subarray(start, start + block), block, 1);
  }
}

/** Rotates the columns of `matrix` [whole blocks, columns], in place. */
export function hadamardColumns(matrix: Float64Array, block: number, columns: number): void {
  if (block === 0) return;
  for (let start = 0; start < matrix.length; start += block * columns) {
    hadamard(matrix.subarray(start, start + block * columns), block, columns);
  }
}

/** The normalised Hadamard transform, natural order, along the first axis of [size, width]. */
function hadamard(matrix: Float64Array, size: number, width: number): void {
  const first = width === 1 && size >= 4 ? 4 : 1;
  if (first === 4) mixQuartets(matrix);
  for (let half = first; half < size; half *= 2) {
    for (let block = 0; block < size; block += 2 * half) {
      for (let i = block * width; i < (block + half) * width; i++) {
        const a = matrix[i] as number;
        const b = matrix[i + half * width] as number;
        matrix[i] = a + b;
        matrix[i + half * width] = a - b;
      }
    }
  }
  const scale = 1 / Math.sqrt(size);
  for (let i = 0; i < matrix.length; i++) matrix[i] = (matrix[i] as number) * scale;
}

/** The first two of the transform's rounds at once, without their short loops. */
function mixQuartets(row: Float64Array): void {
  for (let i = 0; i < row.length; i += 4) {
    const sum = (row[i] as number) + (row[i + 1] as number);
    const difference = (row[i] as number) - (row[i + 1] as number);
    const nextSum = (row[i + 2] as number) + (row[i + 3] as number);
    const nextDifference = (row[i + 2] as number) - (row[i + 3] as number);
    row[i] = sum + nextSum;
    row[i + 1] = difference + nextDifference;
    row[i + 2] = sum - nextSum;
    row[i + 3] = difference - nextDifference;
  }
}

/** A random orthogonal matrix [size, size]: Gram-Schmidt, twice, on random rows. */
function orthogonal(size: number, random: () => number): Float64Array {
  const matrix = Float64Array.from({ length: size * size }, () => 2 * random() - 1);
  const row = (i: number) => matrix.subarray(i * size, (i + 1) * size);
  for (let i = 0; i < size; i++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) subtract(row(i), row(j), dot(row(i), row(j)));
      const norm = Math.sqrt(dot(row(i), row(i)));
      for (let k = 0; k < size; k++) matrix[i * size + k] = (matrix[i * size + k] as number) / norm;
    }
  }
  return matrix;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function subtract(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] as number) - factor * (source[i] as number);
  }
}

/** Uniform numbers in [0, 1): Marsaglia's xorshift, 32 bits. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
