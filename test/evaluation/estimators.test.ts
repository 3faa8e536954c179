// Estimates from subsets against brute force: every subset listed by its bits, each voted on by the
// search's own vote.
import { describe, expect, it } from 'vitest';
import {
  choiceRatio,
  choose,
  expectedMajority,
  expectedVote,
  passAtK,
  singlePaths,
} from '../../src/evaluation/estimators.js';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import { VotePool } from '../../src/evaluation/vote-pool.js';
import type { Aggregation, Vote } from '../../src/search/strategy.js';
import { tally, type VotingPath } from '../../src/search/vote.js';

const isCorrect = (answer: string) => answer === '1';
const aggregations: readonly Aggregation[] = ['min', 'last', 'mean', 'product'];
const votes: readonly Vote[] = ['majority', 'max', 'weighted'];

/** Few answers and few scores, so that ties of every kind are common. */
function randomPaths(seed: number, count: number): readonly VotingPath[] {
  const stream = new RandomStream(seed);
  return Array.from({ length: count }, (_, index) => {
    const steps = Array.from({ length: 1 + stream.below(2) }, () => {
      const margin = stream.below(5) === 0 ? null : stream.below(3) - 1;
      return { text: 'x', margin, score: margin === null ? null : 1 / (1 + Math.exp(-margin)) };
    });
    const answer = stream.below(6) === 0 ? null : String(stream.below(3));
    const complete = stream.below(4) > 0;
    return { id: String(index), steps, answer, complete, isAnswer: true, multiplicity: 1 };
  });
}

/** Share of the subsets of `count` of the units for which the search's vote is right. */
function bruteForce(
  units: readonly (readonly VotingPath[])[],
  count: number,
  aggregation: Aggregation,
  vote: Vote,
): number {
  let [total, right] = [0, 0];
  for (let bits = 0; bits < 2 ** units.length; bits++) {
    const subset = units.filter((_, i) => (bits >> i) & 1);
    if (subset.length !== count) continue;
    total++;
    const { answer } = tally(subset.flat(), aggregation, vote);
    if (answer !== null && isCorrect(answer)) right++;
  }
  return right / total;
}

describe('passAtK', () => {
  it('is the share of subsets that hold a right sample', () => {
    for (let n = 1; n <= 7; n++) {
      for (let correct = 0; correct <= n; correct++) {
        for (let k = 1; k <= n; k++) {
          let [total, hit] = [0, 0];
          for (let bits = 0; bits < 2 ** n; bits++) {
            const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1);
            if (chosen.length !== k) continue;
            total++;
            if (chosen.some((i) => i < correct)) hit++;
          }
          expect(passAtK(n, correct, k)).toBeCloseTo(hit / total, 12);
        }
      }
    }
  });

  it('keeps its precision where binomials overflow', () => {
    expect(passAtK(5000, 1, 2500)).toBeCloseTo(0.5, 12);
    expect(passAtK(2000, 2000, 1)).toBe(1);
    expect(passAtK(2000, 0, 1999)).toBe(0);
  });

  it('refuses what is no subset', () => {
    for (const [n, c, k] of [
      [4, 1, 0],
      [4, 1, 5],
      [4, 5, 2],
      [4, -1, 2],
      [4, 1, 1.5],
    ] as const) {
      expect(() => passAtK(n, c, k)).toThrow(RangeError);
    }
  });
});

describe('expectedVote', () => {
  it('is the mean over all subsets of the vote of the search, for every rule and N', () => {
    let partial = 0;
    for (let seed = 0; seed < 60; seed++) {
      const paths = randomPaths(seed, 1 + (seed % 8));
      const aggregation = aggregations[seed % 4] ?? 'last';
      const pool = new VotePool(paths, aggregation, isCorrect);
      const units = paths.map((path) => [path]);
      for (const vote of votes) {
        for (let count = 1; count <= paths.length; count++) {
          const brute = bruteForce(units, count, aggregation, vote);
          const found = expectedVote(pool, singlePaths(pool), count, vote, { seed: 1 });
          expect(found.isExact).toBe(true);
          expect(found.accuracy).toBeCloseTo(brute, 12);
          if (brute > 0 && brute < 1) partial++;
        }
      }
    }
    expect(partial).toBeGreaterThan(200);
  });

  it('draws whole subtrees with their multiplicities', () => {
    for (let seed = 100; seed < 130; seed++) {
      const stream = new RandomStream(seed, 1);
      const paths = randomPaths(seed, 10).map((path) => ({
        ...path,
        multiplicity: 1 + stream.below(3),
        isAnswer: stream.below(5) > 0,
      }));
      // Ids in path order: 0 to 9, two or three to a subtree.
      const units = [[0, 1], [2, 3, 4], [5], [6, 7], [8, 9]];
      const pool = new VotePool(paths, 'last', isCorrect);
      const subtrees = units.map((unit) => unit.map((i) => paths[i] as VotingPath));
      for (const vote of votes) {
        for (let count = 1; count <= units.length; count++) {
          const { accuracy } = expectedVote(pool, units, count, vote, { seed: 1 });
          expect(accuracy).toBeCloseTo(bruteForce(subtrees, count, 'last', vote), 12);
        }
      }
    }
  });

  it('comes near the enumeration by resampling, and says that it is not exact', () => {
    let squares = 0;
    let trials = 0;
    for (let seed = 0; seed < 40; seed++) {
      const pool = new VotePool(randomPaths(seed, 12), 'last', isCorrect);
      for (const vote of ['majority', 'weighted'] as const) {
        const units = singlePaths(pool);
        const exact = expectedVote(pool, units, 5, vote, { seed });
        const options = { seed, enumerate: 0, draws: 400 };
        const drawn = expectedVote(pool, units, 5, vote, options);
        expect([exact.isExact, drawn.isExact]).toEqual([true, false]);
        expect(drawn).toEqual(expectedVote(pool, units, 5, vote, options));
        const variance = (exact.accuracy * (1 - exact.accuracy)) / 400;
        if (variance === 0) expect(drawn.accuracy).toBe(exact.accuracy);
        else {
          squares += (drawn.accuracy - exact.accuracy) ** 2 / variance;
          trials++;
        }
      }
    }
    // Squares of standard normals: mean 1, standard deviation sqrt(2 / trials).
    expect(trials).toBeGreaterThan(40);
    expect(Math.abs(squares / trials - 1)).toBeLessThan(4 * Math.sqrt(2 / trials));
  });

  it('refuses more samples than were recorded', () => {
    const pool = new VotePool(randomPaths(1, 4), 'last', isCorrect);
    for (const count of [0, 5, 1.5]) {
      expect(() => expectedVote(pool, singlePaths(pool), count, 'max', { seed: 0 })).toThrow(
        RangeError,
      );
    }
  });
});

describe('expectedMajority', () => {
  it('is exact for every N at once', () => {
    for (let seed = 0; seed < 80; seed++) {
      const paths = randomPaths(seed, 1 + (seed % 9));
      const exact = expectedMajority(new VotePool(paths, 'last', isCorrect));
      const units = paths.map((path) => [path]);
      expect(exact).toHaveLength(paths.length);
      exact.forEach((accuracy, i) => {
        expect(accuracy).toBeCloseTo(bruteForce(units, i + 1, 'last', 'majority'), 12);
      });
    }
  });

  it('agrees with resampling where nothing can be enumerated', () => {
    const pool = new VotePool(randomPaths(5, 64), 'last', isCorrect);
    const exact = expectedMajority(pool);
    for (const count of [2, 8, 32]) {
      const options = { seed: 3, draws: 4000 };
      const drawn = expectedVote(pool, singlePaths(pool), count, 'majority', options);
      expect(Math.abs((exact[count - 1] ?? 0) - drawn.accuracy)).toBeLessThan((4 * 0.5) / 63);
    }
    expect(exact[63]).toBe(
      pool.isVoteCorrect(
        pool.paths.map((_, i) => i),
        'majority',
      )
        ? 1
        : 0,
    );
  });
});

describe('counting', () => {
  it('gives Pascal’s triangle', () => {
    for (let n = 1; n <= 50; n++) {
      for (let k = 1; k <= n; k++) {
        expect(choose(n, k)).toBe(choose(n - 1, k - 1) + choose(n - 1, k));
        expect(choiceRatio(n - 1, n, k)).toBeCloseTo((n - k) / n, 12);
      }
    }
  });
});
