// A linear's two stored forms: signed bytes with a scale an output, and fp32 in panels.
import { describe, expect, test } from 'vitest';
import { denseLinear, quantiseLinear, transposedPanels } from '../../src/model/linear.js';

/** More outputs than are read at a time. */
const [outputs, inputs] = [131, 48];
const ZEROS = 70;

let state = 4;
const weights = Float32Array.from({ length: outputs * inputs }, (_, i) => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state / 2 ** 31) * 10 ** (Math.floor(i / inputs) % 5);
});
weights.fill(0, ZEROS * inputs, (ZEROS + 1) * inputs);

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

describe('quantiseLinear', async () => {
  const { values, scales } = await quantiseLinear(denseLinear(weights, outputs));

  test('errs by half a step at most, and uses the whole range', () => {
    for (let n = 0; n < outputs; n++) {
      let largest = 0;
      for (let k = 0; k < inputs; k++) {
        const value = at(values, k * outputs + n);
        const error = Math.abs(value * at(scales, n) - at(weights, n * inputs + k));
        expect(error).toBeLessThanOrEqual(0.5 * at(scales, n) * (1 + 1e-6));
        largest = Math.max(largest, Math.abs(value));
      }
      expect(largest).toBe(n === ZEROS ? 0 : 127);
    }
    expect(scales[ZEROS]).toBe(0);
  });
});

test.each([1, 500, 1e6])('panels of %i numbers join to the transposed matrix', async (numbers) => {
  const joined: number[] = [];
  for await (const panel of transposedPanels(denseLinear(weights, outputs), numbers)) {
    expect(panel.length % outputs).toBe(0);
    joined.push(...panel);
  }
  const expected = Array.from(weights, (_, i) =>
    at(weights, (i % outputs) * inputs + Math.floor(i / outputs)),
  );
  expect(joined).toEqual(expected);
});
