// The matrices that are folded into weights: orthogonal, fixed, and the very ones that the kernels use.
import { describe, expect, test } from 'vitest';
import {
  hadamardBlock,
  hadamardColumns,
  hadamardRows,
  Rotation,
} from '../../src/model/rotation.js';
import { largestError } from './golden-llama.js';

/** Q as rows: rotating the identity. */
function matrixOf(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  new Rotation(size).rotateRows(matrix);
  return matrix;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

function noise(length: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

describe.each([16, 48, 96, 192, 576])('Rotation(%i)', (size) => {
  const matrix = matrixOf(size);

  test('is orthogonal', () => {
    let largest = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = i === j ? -1 : 0;
        for (let k = 0; k < size; k++) sum += at(matrix, i * size + k) * at(matrix, j * size + k);
        largest = Math.max(largest, Math.abs(sum));
      }
    }
    expect(largest).toBeLessThan(1e-13);
  });

  test('spreads every single channel over all', () => {
    // A channel alone must not stay an outlier: no entry of Q near 1.
    const largest = matrix.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largest).toBeLessThanOrEqual((1 + 1e-12) / Math.sqrt(size / oddPart(size)));
  });

  test('rotates rows by Q and columns by its transpose', () => {
    const columns = 3;
    const weight = noise(size * columns, 1);
    const rotated = Float64Array.from(weight);
    new Rotation(size).rotateColumns(rotated, columns);
    const row = noise(size, 2);
    const rotatedRow = Float64Array.from(row);
    new Rotation(size).rotateRows(rotatedRow);
    for (let c = 0; c < columns; c++) {
      const expected = Float64Array.from({ length: size }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < size; i++)
          sum += at(matrix, i * size + j) * at(weight, i * columns + c);
        return sum;
      });
      const found = Float64Array.from({ length: size }, (_, j) => at(rotated, j * columns + c));
      expect(largestError(found, expected)).toBeLessThan(1e-13);
    }
    const expectedRow = Float64Array.from({ length: size }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += at(row, i) * at(matrix, i * size + j);
      return sum;
    });
    expect(largestError(rotatedRow, expectedRow)).toBeLessThan(1e-13);
  });
});

function oddPart(size: number): number {
  return size % 2 === 1 ? size : oddPart(size / 2);
}

test('a size with a large odd part is refused', () => {
  expect(() => new Rotation(16 * 1031)).toThrow(/hidden_size` to be a power of two times at most/);
});

test.each([
  [256, 256],
  [384, 128],
  [1536, 512],
  [8192, 512],
  [80, 16],
  [15, 0],
])('hadamardBlock(%i) is %i', (inner, block) => {
  expect(hadamardBlock(inner)).toBe(block);
});

test('hadamardRows is H[i][j] = (-1)^popcount(i & j) / sqrt(n), block by block', () => {
  const [block, blocks] = [32, 3];
  const values = noise(block * blocks, 3);
  const found = Float64Array.from(values);
  hadamardRows(found, block);
  const expected = values.map((_, n) => {
    const start = Math.floor(n / block) * block;
    let sum = 0;
    for (let j = 0; j < block; j++) {
      const bits = (n - start) & j;
      sum += (popcount(bits) % 2 === 0 ? 1 : -1) * at(values, start + j);
    }
    return sum / Math.sqrt(block);
  });
  expect(largestError(found, expected)).toBeLessThan(1e-14);
});

test('hadamardColumns does to columns what hadamardRows does to rows', () => {
  const [rows, columns, block] = [48, 5, 16];
  const values = noise(rows * columns, 5);
  const transposed = values.map((_, i) => at(values, (i % rows) * columns + Math.floor(i / rows)));
  hadamardRows(transposed, block);
  hadamardColumns(values, block, columns);
  const back = values.map((_, i) => at(transposed, (i % columns) * rows + Math.floor(i / columns)));
  expect(largestError(values, back)).toBe(0);
});

function popcount(bits: number): number {
  return bits === 0 ? 0 : (bits & 1) + popcount(bits >> 1);
}
