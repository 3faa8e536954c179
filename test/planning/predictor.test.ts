// The predictor against brute force: nothing near its weights is likelier, on any samples.
import { describe, expect, it } from 'vitest';
import {
  featuresOf,
  fitPredictor,
  logLikelihood,
  type Predictor,
  predictPassAt1,
  type Sample,
} from '../../src/planning/predictor.js';
import type { VotingPath } from '../../src/search/vote.js';

/** Deterministic numbers in [0, 1). */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Samples from known weights: pass@1 is the share of 64 draws. */
function samplesFrom(weights: Predictor, count: number, seed: number): readonly Sample[] {
  const random = numbers(seed);
  return Array.from({ length: count }, () => {
    const features = { agreement: random.next().value, score: random.next().value };
    const p = predictPassAt1(weights, features);
    const right = Array.from({ length: 64 }, () => (random.next().value < p ? 1 : 0));
    return { features, passAt1: right.reduce((sum: number, one) => sum + one, 0) / 64 };
  });
}

describe('fitPredictor', () => {
  it('finds the weights of highest likelihood that are not negative', () => {
    const random = numbers(9);
    for (const truth of [
      { intercept: -4, agreement: 4, score: 3 },
      { intercept: 1, agreement: 0.5, score: 8 },
      { intercept: 0, agreement: 3, score: -2 },
      { intercept: 2, agreement: -3, score: -2 },
    ]) {
      const samples = samplesFrom(truth, 200, 7);
      const fitted = fitPredictor(samples);
      expect(Math.min(fitted.agreement, fitted.score)).toBeGreaterThanOrEqual(0);
      const best = logLikelihood(fitted, samples);
      for (let trial = 0; trial < 3000; trial++) {
        const scale = 10 ** (-3 * random.next().value) * 6;
        const near = (weight: number) => weight + scale * (random.next().value - 0.5);
        const other = {
          intercept: near(fitted.intercept),
          agreement: Math.max(0, near(fitted.agreement)),
          score: Math.max(0, near(fitted.score)),
        };
        expect(logLikelihood(other, samples)).toBeLessThanOrEqual(best + 1e-9);
      }
    }
  });

  it('recovers weights that made the samples', () => {
    const truth = { intercept: -4, agreement: 4, score: 3 };
    const fitted = fitPredictor(samplesFrom(truth, 2000, 3));
    expect(fitted.intercept).toBeCloseTo(truth.intercept, 0);
    expect(fitted.agreement).toBeCloseTo(truth.agreement, 0);
    expect(fitted.score).toBeCloseTo(truth.score, 0);
  });

  it('is the same for the same samples, and nearly so in another order', () => {
    const samples = samplesFrom({ intercept: -2, agreement: 2, score: 2 }, 100, 5);
    expect(fitPredictor(samples)).toEqual(fitPredictor([...samples]));
    const reversed = fitPredictor([...samples].reverse());
    expect(reversed.agreement).toBeCloseTo(fitPredictor(samples).agreement, 9);
  });

  it('stays finite where samples can be told apart perfectly, or are all alike', () => {
    const at = (agreement: number, passAt1: number) => ({
      features: { agreement, score: agreement },
      passAt1,
    });
    for (const samples of [
      [at(0, 0), at(1, 1)],
      [at(0.5, 1)],
      [at(0.5, 0), at(0.5, 0)],
      Array.from({ length: 1000 }, (_, i) => at(i / 1000, i < 500 ? 0 : 1)),
    ]) {
      const fitted = fitPredictor(samples);
      for (const weight of Object.values(fitted)) expect(Number.isFinite(weight)).toBe(true);
      for (const { features, passAt1 } of samples) {
        const error = Math.abs(predictPassAt1(fitted, features) - passAt1);
        if (features.agreement !== 0.499 && features.agreement !== 0.5) {
          expect(error).toBeLessThan(0.51);
        }
      }
    }
    expect(() => fitPredictor([])).toThrow('at least one sample');
  });
});

describe('predictPassAt1', () => {
  it('rises with either feature', () => {
    const fitted = fitPredictor(samplesFrom({ intercept: -4, agreement: 4, score: 3 }, 300, 1));
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 10; j++) {
        const here = predictPassAt1(fitted, { agreement: i / 10, score: j / 10 });
        expect(predictPassAt1(fitted, { agreement: (i + 1) / 10, score: j / 10 })).toBeGreaterThan(
          here,
        );
        expect(predictPassAt1(fitted, { agreement: i / 10, score: (j + 1) / 10 })).toBeGreaterThan(
          here,
        );
        expect(here).toBeGreaterThan(0);
        expect(here).toBeLessThan(1);
      }
    }
  });
});

describe('featuresOf', () => {
  const path = (id: string, answer: string | null, ...scores: (number | null)[]): VotingPath => ({
    id,
    steps: scores.map((score) => ({ text: 'x', score, margin: score })),
    answer,
    complete: answer !== null,
    isAnswer: true,
    multiplicity: 1,
  });

  it('counts equivalent answers as one, and what has none as disagreement', () => {
    const paths = [
      path('0', '1/2', 0.2, 0.4),
      path('1', '0.5', 1),
      path('2', '3', 0.1, 0.5),
      path('3', null, null),
    ];
    const { agreement, score } = featuresOf(paths);
    expect(agreement).toBe(0.5);
    expect(score).toBeCloseTo((0.3 + 1 + 0.3 + 0) / 4, 12);
    expect(featuresOf([...paths].reverse())).toEqual({ agreement, score });
    expect(featuresOf([path('0', null)])).toEqual({ agreement: 0, score: 0 });
    expect(() => featuresOf([])).toThrow('at least one path');
  });
});
