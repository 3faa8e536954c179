// Intervals by simulation: how often they hold what they claim to hold.
import { describe, expect, it } from 'vitest';
import { bootstrapDifference, bootstrapMean, holm } from '../../src/evaluation/bootstrap.js';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import { wilsonInterval } from '../../src/evaluation/statistics.js';

const coin = (stream: RandomStream, rate: number) => (stream.below(10_000) < rate * 10_000 ? 1 : 0);

/** Standard deviations of a simulated share of `trials` around 95%. */
const spread = (trials: number) => Math.sqrt((0.95 * 0.05) / trials);

describe('coverage by simulation', () => {
  it('holds the mean of per-problem expectations about 95 times in 100', () => {
    const trials = 250;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const stream = new RandomStream(11, trial);
      // Problems differ: half of them at 0.2 on average, half at 0.8; the mean is 0.5.
      const values = Array.from({ length: 120 }, () => {
        const centre = stream.below(2) === 0 ? 0.2 : 0.8;
        return centre + (stream.below(2001) - 1000) / 10_000;
      });
      const { low, high } = bootstrapMean(values, { resamples: 600, seed: trial });
      if (low <= 0.5 && 0.5 <= high) held++;
    }
    // The percentile interval is slightly short at 120 problems.
    expect(held / trials).toBeGreaterThan(0.94 - 4 * spread(trials));
    expect(held / trials).toBeLessThan(0.95 + 3 * spread(trials));
  });

  it('holds paired differences about 95 times in 100, and finds none where there is none', () => {
    const trials = 250;
    let [held, found] = [0, 0];
    for (let trial = 0; trial < trials; trial++) {
      const stream = new RandomStream(12, trial);
      const pairs = Array.from({ length: 150 }, () => {
        const isEasy = coin(stream, 0.5) === 1;
        // Correlated through the problem; the second is better by 0.1 on average.
        return [coin(stream, isEasy ? 0.7 : 0.1), coin(stream, isEasy ? 0.8 : 0.2)] as const;
      });
      const a = pairs.map(([, better]) => better);
      const b = pairs.map(([worse]) => worse);
      const { low, high } = bootstrapDifference(a, b, { resamples: 600, seed: trial });
      if (low <= 0.1 && 0.1 <= high) held++;
      const null_ = pairs.map((_, i) => (i % 2 === 0 ? (a[i] ?? 0) : (b[i] ?? 0)));
      const swapped = pairs.map((_, i) => (i % 2 === 0 ? (b[i] ?? 0) : (a[i] ?? 0)));
      if (bootstrapDifference(null_, swapped, { resamples: 600, seed: trial }).p < 0.05) found++;
    }
    expect(held / trials).toBeGreaterThan(0.94 - 4 * spread(trials));
    expect(held / trials).toBeLessThan(0.95 + 3 * spread(trials));
    expect(found / trials).toBeLessThan(0.06 + 4 * spread(trials));
    expect(found).toBeGreaterThan(0);
  });

  it('holds proportions about 95 times in 100 by Wilson, exactly summed over the binomial', () => {
    for (const [n, rate] of [
      [50, 0.5],
      [200, 0.1],
      [400, 0.8],
    ] as const) {
      let covered = 0;
      let probability = (1 - rate) ** n;
      for (let k = 0; k <= n; k++) {
        const { low, high } = wilsonInterval(k, n);
        if (low <= rate && rate <= high) covered += probability;
        probability *= ((n - k) / (k + 1)) * (rate / (1 - rate));
      }
      expect(covered).toBeGreaterThan(0.93);
      expect(covered).toBeLessThan(0.97);
    }
  });
});

describe('bootstrapMean', () => {
  it('is the same for the same seed, and a point for equal values', () => {
    const values = [0, 1, 1, 0.5, 0.25];
    expect(bootstrapMean(values, { seed: 4 })).toEqual(bootstrapMean(values, { seed: 4 }));
    expect(bootstrapMean([0.5, 0.5, 0.5])).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
    expect(() => bootstrapMean([])).toThrow(RangeError);
  });

  it('has the percentiles of all resamples, listed', () => {
    // 3 problems give 27 equally likely resamples.
    const values = [0, 1, 5];
    const means: number[] = [];
    for (let i = 0; i < 27; i++) {
      const picks = [i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9)];
      means.push(picks.reduce((sum, pick) => sum + (values[pick] ?? 0), 0) / 3);
    }
    means.sort((x, y) => x - y);
    const { low, high } = bootstrapMean(values, { resamples: 50_000, level: 0.8 });
    // The 10% and 90% points lie inside the 3rd and 25th of 27.
    expect(low).toBeCloseTo(means[2] ?? Number.NaN, 12);
    expect(high).toBeCloseTo(means[24] ?? Number.NaN, 12);
  });
});

describe('bootstrapDifference', () => {
  it('pairs: a constant lead has no width, whatever the problems vary by', () => {
    const a = Array.from({ length: 40 }, (_, i) => i / 40);
    const { mean, low, high, p } = bootstrapDifference(
      a.map((x) => x + 0.25),
      a,
    );
    for (const value of [mean, low, high]) expect(value).toBeCloseTo(0.25, 12);
    expect(p).toBeLessThan(0.001);
    expect(bootstrapDifference(a, a).p).toBe(1);
    expect(() => bootstrapDifference([1], [1, 0])).toThrow(RangeError);
  });
});

describe('holm', () => {
  it('gives the adjusted values of the literature', () => {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R: 0.03 0.06 0.06 0.02.
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    adjusted.forEach((p, i) => {
      expect(p).toBeCloseTo([0.03, 0.06, 0.06, 0.02][i] ?? Number.NaN, 12);
    });
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('finds what the closed test of all intersections finds', () => {
    const stream = new RandomStream(31);
    for (let trial = 0; trial < 200; trial++) {
      const p = Array.from({ length: 4 }, () => (1 + stream.below(400)) / 4000);
      const adjusted = holm(p);
      for (let i = 0; i < 4; i++) {
        // Bonferroni in every set of hypotheses that holds i; Holm is its shortcut.
        let isFound = true;
        for (let set = 0; set < 16; set++) {
          if (((set >> i) & 1) === 0) continue;
          const members = p.filter((_, j) => (set >> j) & 1);
          if (Math.min(...members) * members.length > 0.05) isFound = false;
        }
        expect((adjusted[i] ?? 1) <= 0.05).toBe(isFound);
      }
    }
  });
});

describe('RandomStream', () => {
  it('is uniform and without bias below any bound', () => {
    const stream = new RandomStream(1);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.below(7)] = (counts[stream.below(7)] ?? 0) + 1;
    for (const seen of counts) expect(Math.abs(seen - 10_000)).toBeLessThan(500);
  });

  it('samples every subset equally often', () => {
    const stream = new RandomStream(2);
    const seen = new Map<string, number>();
    const items = Int32Array.of(0, 1, 2, 3, 4);
    for (let i = 0; i < 20_000; i++) {
      stream.sampleFirst(items, 2);
      const name = String(items.slice(0, 2).sort());
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    expect(seen.size).toBe(10);
    for (const times of seen.values()) expect(Math.abs(times - 2000)).toBeLessThan(250);
    expect(items.slice().sort()).toEqual(Int32Array.of(0, 1, 2, 3, 4));
  });
});
