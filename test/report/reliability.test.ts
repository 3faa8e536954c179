// Reliability of values: counted by hand, and the intervals' coverage by simulation.
import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { reliabilityOf } from '../../src/report/reliability.js';

/** A problem's record; each path is [value, whether it is right]. */
function record(index: number, paths: readonly (readonly [number | null, boolean])[]) {
  return {
    index,
    reference: '1',
    paths: paths.map(([value, isRight]) => ({ value, answer: isRight ? '1' : '2' })),
  } as unknown as ResultRecord;
}

/** Uniform in [0, 1), from a small linear congruential generator. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('reliabilityOf', () => {
  it('counts paths, right ones and problems by tenths of the value', () => {
    const found = reliabilityOf([
      record(0, [
        [0.05, false],
        [0.82, true],
        [0.88, false],
        [null, true],
      ]),
      record(1, [
        [0.8, true],
        [1, true],
      ]),
    ]);
    expect(found?.paths).toBe(5);
    expect(
      found?.bins.map(({ from, paths, right, problems }) => [from, paths, right, problems]),
    ).toEqual([
      [0, 1, 0, 1],
      [0.8, 3, 2, 2],
      [0.9, 1, 1, 1],
    ]);
    const [, high] = found?.bins ?? [];
    expect(high?.predicted).toBeCloseTo((0.82 + 0.88 + 0.8) / 3, 12);
    expect(high?.share.mean).toBeCloseTo(2 / 3, 12);
    const gap = 0.05 + 3 * Math.abs(2.5 / 3 - 2 / 3) + 0;
    expect(found?.calibrationError).toBeCloseTo(gap / 5, 12);
    const squares = 0.05 ** 2 + 0.18 ** 2 + 0.88 ** 2 + 0.2 ** 2 + 0;
    expect(found?.brier).toBeCloseTo(squares / 5, 12);
  });

  it('says nothing of one problem, and keeps width where all are right', () => {
    const one = reliabilityOf([record(0, Array(50).fill([0.95, true]))]);
    expect(one?.bins[0]?.share).toEqual({ mean: 1, low: 0, high: 1 });
    const four = reliabilityOf([0, 1, 2, 3].map((i) => record(i, [[0.95, true]])));
    expect(four?.bins[0]?.share.high).toBe(1);
    expect(four?.bins[0]?.share.low).toBeGreaterThan(0.4);
    expect(four?.bins[0]?.share.low).toBeLessThan(0.6);
    expect(reliabilityOf([record(0, [[null, true]])])).toBeNull();
  });

  it('has intervals over problems: they hold the truth though paths of a problem go together', () => {
    const draw = uniform(7);
    let held = 0;
    const trials = 150;
    for (let trial = 0; trial < trials; trial++) {
      // Each problem has a chance of its own; paths of one problem share it. The mean is 1/2.
      const records = Array.from({ length: 40 }, (_, i) => {
        const chance = draw();
        return record(
          i,
          Array.from({ length: 8 }, () => [0.55, draw() < chance] as const),
        );
      });
      const share = reliabilityOf(records)?.bins[0]?.share;
      if (share !== undefined && share.low <= 0.5 && share.high >= 0.5) held++;
    }
    // 95% less three standard errors of 150 trials, and the bootstrap's own shortfall.
    expect(held / trials).toBeGreaterThan(0.88);
  });
});
