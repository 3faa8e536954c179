// Units and shards: every unit in one shard, the whole in one order; accuracy over repeats.
import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { summarise } from '../../src/evaluation/summary.js';
import { comparePlaces, placeName, unitsOf } from '../../src/evaluation/units.js';

const problems = Array.from({ length: 23 }, (_, i) => ({ id: `p${i}` }));

describe('unitsOf', () => {
  it('gives every problem every seed, by problem and then by seed', () => {
    const units = unitsOf(problems, { seed: 7, repeats: 3 });
    expect(units).toHaveLength(69);
    expect(units.slice(2, 5)).toEqual([
      { id: 'p0', index: 0, repeat: 2, seed: 9 },
      { id: 'p1', index: 1, repeat: 0, seed: 7 },
      { id: 'p1', index: 1, repeat: 1, seed: 8 },
    ]);
    expect([...units].reverse().sort(comparePlaces)).toEqual(units);
  });

  it('puts every unit in exactly one shard, and shards are even', () => {
    for (const [limit, repeats, count] of [
      [23, 1, 4],
      [10, 3, 7],
      [5, 2, 16],
    ] as const) {
      const selection = { seed: 0, repeats, limit };
      const whole = unitsOf(problems, selection);
      const shards = Array.from({ length: count }, (_, i) =>
        unitsOf(problems, { ...selection, shard: { index: i + 1, count } }),
      );
      expect(shards.flat().sort(comparePlaces)).toEqual(whole);
      expect(new Set(shards.flat().map(placeName)).size).toBe(whole.length);
      const sizes = shards.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  it('refuses shards that do not exist', () => {
    for (const shard of [
      { index: 0, count: 4 },
      { index: 5, count: 4 },
      { index: 1.5, count: 4 },
    ]) {
      expect(() => unitsOf(problems, { seed: 0, shard })).toThrow('Expected `shard`');
    }
  });
});

describe('summarise', () => {
  const record = (index: number, repeat: number, correct: boolean) =>
    ({
      ...{ index, repeat, correct, level: 1, answer: '1', reproducible: true },
      ledger: {
        policy: { sampledTokens: 1 },
        reward: { processedTokens: 0 },
        flops: 1,
        unshared: { policy: 1, reward: 0 },
      },
    }) as ResultRecord;

  it('is no surer of an accuracy because problems were repeated', () => {
    const once = Array.from({ length: 40 }, (_, i) => record(i, 0, i % 4 === 0));
    const often = once.flatMap((one) =>
      Array.from({ length: 25 }, (_, repeat) => ({ ...one, repeat })),
    );
    const a = summarise(once).accuracy;
    const b = summarise(often).accuracy;
    expect([a.rate, b.rate, b.total]).toEqual([0.25, 0.25, 1000]);
    expect((b.high - b.low) / (a.high - a.low)).toBeGreaterThan(0.9);
    expect((b.high - b.low) / (a.high - a.low)).toBeLessThan(1.1);
  });
});
