// Philox against the published test vectors; the mixing functions against fixed values and for spread.
import { describe, expect, test } from 'vitest';
import {
  childPathKey,
  hashTokens,
  mix,
  philox4x32,
  rootPathKey,
  streamKeyOf,
  uniformAt,
  type Words2,
  type Words4,
} from '../src/random.js';

const all = 0xffffffff;

describe('Philox4x32-10', () => {
  // Random123, kat_vectors.
  test.each<[Words4, Words2, Words4]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [all, all, all, all],
      [all, all],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('known answer %#', (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });

  test('a uniform number is the first 53 bits, keyed low word first', () => {
    const [x0, x1] = philox4x32([5, 0, 0x33333333, 0x22222222], [0x11111111, 0x44444444]);
    const uniform = uniformAt(0x4444444411111111n, 0x2222222233333333n, 5);
    const bits = (BigInt(x0) << 21n) | (BigInt(x1) >> 11n);
    expect(BigInt(uniform * 2 ** 53)).toBe(bits);
    expect(uniformAt(0n, 0n, 0)).toBe(
      Number((0x6627e8d5n << 21n) | (0xe169c58dn >> 11n)) / 2 ** 53,
    );
  });

  test('uniform numbers are uniform: mean and variance of 20,000', () => {
    const draws = Array.from({ length: 20_000 }, (_, i) => uniformAt(1n, BigInt(i), i % 7));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });
});

describe('mix', () => {
  test('of one word 0 is the first output of SplitMix64 from seed 0', () => {
    expect(mix(0n)).toBe(0xe220a8397b1dcdafn);
  });

  test('depends on every word and on their order', () => {
    const seen = new Set<bigint>();
    for (let a = 0n; a < 20n; a++) for (let b = 0n; b < 20n; b++) seen.add(mix(a, b));
    expect(seen.size).toBe(400);
    expect(mix(1n, 2n, 3n)).not.toBe(mix(3n, 2n, 1n));
  });

  test('stays within 64 bits', () => {
    for (const word of [-1n, 1n << 70n, (1n << 64n) - 1n]) {
      expect(mix(word) < 1n << 64n && mix(word) >= 0n).toBe(true);
    }
  });
});

test('keys differ by seed, prompt, parent, round and sibling', () => {
  expect(hashTokens([])).not.toBe(hashTokens([0]));
  expect(hashTokens([1, 2])).not.toBe(hashTokens([2, 1]));
  expect(hashTokens(Int32Array.of(1, 2))).toBe(hashTokens([1, 2]));
  expect(streamKeyOf(1, [1])).not.toBe(streamKeyOf(2, [1]));
  expect(streamKeyOf(1, [1])).not.toBe(streamKeyOf(1, [2]));
  const keys = new Set<bigint>();
  for (let round = 0; round < 40; round++) {
    for (let sibling = 0; sibling < 256; sibling++) {
      keys.add(childPathKey(rootPathKey, round, sibling));
    }
  }
  expect(keys.size).toBe(40 * 256);
  expect(keys.has(childPathKey(childPathKey(rootPathKey, 0, 0), 1, 0))).toBe(false);
});
