// An early stop against everything that could still come: all votes of small sizes, exhaustively.
import { describe, expect, it } from 'vitest';
import { isCertain, isVoteDecided, leaderWins, looksOf } from '../../src/search/early-stop.js';
import type { Aggregation, Vote } from '../../src/search/strategy.js';
import { tally, type VotingPath } from '../../src/search/vote.js';

/** What one path can be: an answer or none, complete or not, with a score. */
type Ballot = readonly [answer: string | null, complete: boolean, score: number | null];

const path = ([answer, complete, score]: Ballot, index: number): VotingPath => ({
  id: String(index),
  steps: [{ text: 'x', score, margin: score }],
  answer,
  complete,
  isAnswer: true,
  multiplicity: 1,
});

function* sequences(kinds: readonly Ballot[], length: number): Generator<Ballot[]> {
  if (length === 0) yield [];
  else
    for (const first of kinds)
      for (const rest of sequences(kinds, length - 1)) yield [first, ...rest];
}

const votesOf = (vote: Vote) => ({ aggregation: 'last' as Aggregation, vote });

describe('isVoteDecided, certain', () => {
  const scored: readonly Ballot[] = [
    ['1', true, 1],
    ['1', true, 0.3],
    ['2', true, 1],
    ['2', true, 0],
    ['3', true, 0.9],
    [null, true, 1],
    ['2', false, 1],
  ];
  const unscored: readonly Ballot[] = [
    ['1', true, null],
    ['2', true, null],
    ['3', true, null],
    [null, false, null],
    ['1', false, null],
  ];

  it.each([
    ['majority', unscored, 6],
    ['weighted', scored, 5],
    ['max', scored, 4],
  ] as const)(
    'never changes what the full vote by %s gives',
    (vote, kinds, total) => {
      const rule = votesOf(vote);
      const full = new Map<string, string | null>();
      for (const all of sequences(kinds, total)) {
        const paths = all.map(path);
        full.set(JSON.stringify(all), tally(paths, rule.aggregation, vote).answer);
      }
      let decided = 0;
      for (let seen = 1; seen < total; seen++) {
        for (const prefix of sequences(kinds, seen)) {
          const paths = prefix.map(path);
          if (!isVoteDecided(paths, rule, total - seen, 'certain')) continue;
          decided++;
          const { answer } = tally(paths, rule.aggregation, vote);
          for (const rest of sequences(kinds, total - seen)) {
            const outcome = full.get(JSON.stringify([...prefix, ...rest]));
            if (outcome !== answer)
              throw new Error(`${JSON.stringify([prefix, rest])}: ${outcome}`);
          }
        }
      }
      if (vote === 'max') expect(decided).toBe(0);
      else expect(decided).toBeGreaterThan(20);
    },
    120_000,
  );

  it('stops a majority as soon as nothing can change it, not a path later', () => {
    // No scores, so no tie can be won by merit: a lead equal to what is left can still be lost.
    const same = (count: number) => Array.from({ length: count }, () => ['1', true, null] as const);
    const decided = (paths: readonly Ballot[], remaining: number) =>
      isVoteDecided(paths.map(path), votesOf('majority'), remaining, 'certain');
    expect(decided(same(5), 4)).toBe(true);
    expect(decided(same(5), 5)).toBe(false);
    expect(decided([...same(5), ['2', true, null]], 3)).toBe(true);
    expect(decided([...same(5), ['2', true, null]], 4)).toBe(false);
  });

  it('waits for a complete path with an answer, and never stops where it is told not to', () => {
    const incomplete = Array.from({ length: 6 }, (): Ballot => ['1', false, 1]);
    expect(isVoteDecided(incomplete.map(path), votesOf('majority'), 1, 'certain')).toBe(false);
    const sure = Array.from({ length: 6 }, (): Ballot => ['1', true, 1]);
    expect(isVoteDecided(sure.map(path), votesOf('majority'), 1, 'certain')).toBe(true);
    expect(isVoteDecided(sure.map(path), votesOf('majority'), 1, 'never')).toBe(false);
  });
});

describe('leaderWins', () => {
  const classes = (...weights: number[]) =>
    weights.map((weight, i) => ({ answer: String(i), weight, members: [] }));

  /** The same chance by Pólya's urn: every further vote makes its like more likely. */
  const urn = (first: number, second: number, remaining: number, a = 0, b = 0): number => {
    if (a + b === remaining) return first + a > second + b ? 1 : 0;
    const p = (1 + first + a) / (2 + first + second + a + b);
    return (
      p * urn(first, second, remaining, a + 1, b) +
      (1 - p) * urn(first, second, remaining, a, b + 1)
    );
  };

  it('is the chance that an urn gives', () => {
    for (const [first, second] of [
      [1, 0],
      [3, 1],
      [4, 4],
      [2.5, 0.25],
      [7, 5],
    ] as const) {
      for (let remaining = 0; remaining <= 10; remaining++) {
        const found = leaderWins(classes(first, second), 'majority', remaining);
        expect(found).toBeCloseTo(urn(first, second, remaining), 12);
      }
    }
  });

  it('is 1 where the lead is certain, and 0 under max', () => {
    expect(isCertain(classes(5, 1), 'majority', 3)).toBe(true);
    expect(leaderWins(classes(5, 1), 'majority', 3)).toBeCloseTo(1, 12);
    expect(leaderWins(classes(1), 'max', 3)).toBe(0);
  });

  it('lets a probable vote end before a certain one', () => {
    const paths = Array.from({ length: 6 }, (_, i) => path(['1', true, null], i));
    const rule = votesOf('majority');
    const chance = leaderWins(classes(6), 'majority', 10);
    expect(chance).toBeGreaterThan(0.9);
    expect(isVoteDecided(paths, rule, 10, 'certain')).toBe(false);
    expect(isVoteDecided(paths, rule, 10, { probability: chance - 1e-9 })).toBe(true);
    expect(isVoteDecided(paths, rule, 10, { probability: chance + 1e-9 })).toBe(false);
  });
});

describe('looksOf', () => {
  it('are the probes and every eighth of the budget', () => {
    expect(looksOf(4, 16)).toEqual([4, 6, 8, 10, 12, 14]);
    expect(looksOf(4, 64)).toEqual([4, 12, 20, 28, 36, 44, 52, 60]);
    expect(looksOf(4, 5)).toEqual([4]);
    expect(looksOf(4, 4)).toEqual([]);
  });
});
