// Wilson intervals against published values and against the equation they solve.
import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../src/evaluation/statistics.js';

describe('wilsonInterval', () => {
  it.each([
    // Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (four digits).
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i lies in [%f, %f]', (successes, total, low, high) => {
    const interval = wilsonInterval(successes, total);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
    expect(interval.rate).toBe(successes / total);
  });

  it('has ends at which the score test is exactly at its limit', () => {
    const z = 1.959963984540054;
    for (let total = 1; total <= 60; total++) {
      for (let successes = 0; successes <= total; successes++) {
        const { rate, low, high } = wilsonInterval(successes, total);
        for (const end of [low, high]) {
          if (end === 0 || end === 1) continue;
          expect(Math.abs(rate - end) / Math.sqrt((end * (1 - end)) / total)).toBeCloseTo(z, 9);
        }
        expect(low).toBeLessThanOrEqual(rate);
        expect(high).toBeGreaterThanOrEqual(rate);
      }
    }
  });

  it('is symmetric, and knows nothing about nothing', () => {
    const few = wilsonInterval(3, 17);
    const many = wilsonInterval(14, 17);
    expect(few.low).toBeCloseTo(1 - many.high, 12);
    expect(wilsonInterval(0, 0)).toMatchObject({ rate: 0, low: 0, high: 1 });
    expect(wilsonInterval(5, 5).high).toBe(1);
    expect(wilsonInterval(0, 5).low).toBe(0);
  });

  it.each([
    [2, 1],
    [-1, 3],
    [0.5, 3],
    [Number.NaN, 3],
  ])('refuses %d of %d', (successes, total) => {
    expect(() => wilsonInterval(successes, total)).toThrow(RangeError);
  });
});
