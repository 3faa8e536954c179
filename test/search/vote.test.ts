// Every aggregation with every vote, worked out by hand over one set of paths; ties; no candidates.
import { describe, expect, test } from 'vitest';
import type { SearchPath } from '../../src/search/result.js';
import type { Aggregation, Vote } from '../../src/search/strategy.js';
import { aggregate, castVote } from '../../src/search/vote.js';

/** A path whose scores are given outright; margins follow them unless given. */
function path(
  id: string,
  answer: string | null,
  scores: readonly number[],
  more: Partial<SearchPath> & { readonly margins?: readonly number[] } = {},
): SearchPath {
  const { margins = scores, ...rest } = more;
  return {
    id,
    steps: scores.map((score, i) => ({ text: `${i}`, score, margin: margins[i] ?? null })),
    text: '',
    tokens: [],
    logProb: 0,
    answer,
    complete: true,
    isAnswer: true,
    multiplicity: 1,
    value: null,
    ...rest,
  };
}

// value:                                 min    last   mean   product
// 0 (A): 0.5, 1                          0.5    1      0.75   0.5
// 1 (B): 0.75, 0.75                      0.75   0.75   0.75   0.5625
// 2 (B): 0.25, 0.5, 1                    0.25   1      0.5833 0.125
// 3 (C) twice: 1, 0.5                    0.5    0.5    0.75   0.5
const paths = [
  path('0', 'A', [0.5, 1]),
  path('1', 'B', [0.75, 0.75]),
  path('2', 'B', [0.25, 0.5, 1]),
  path('3', 'C', [1, 0.5], { multiplicity: 2 }),
];

const table: readonly [Aggregation, Vote, string, string, number][] = [
  // Two votes each for B and C: the better best member decides.
  ['min', 'majority', 'B', '1', 2],
  ['last', 'majority', 'B', '2', 2],
  ['mean', 'majority', 'B', '1', 2],
  ['product', 'majority', 'B', '1', 2],
  ['min', 'max', 'B', '1', 0.75],
  // A and B both have a path that ends with 1, equal margins: path order.
  ['last', 'max', 'A', '0', 1],
  // 0.75 three times: the last margin 1 of path 0.
  ['mean', 'max', 'A', '0', 0.75],
  ['product', 'max', 'B', '1', 0.5625],
  // B: 0.75 + 0.25, C: 2 x 0.5; equal sums, B's best member is better.
  ['min', 'weighted', 'B', '1', 1],
  ['last', 'weighted', 'B', '2', 1.75],
  ['mean', 'weighted', 'C', '3', 1.5],
  ['product', 'weighted', 'C', '3', 1],
];

describe('vote', () => {
  test.each(table)('%s x %s: %s, path %s', (aggregation, vote, answer, id, weight) => {
    const outcome = castVote(paths, { aggregation, vote });
    expect([outcome.answer, outcome.path?.id]).toEqual([answer, id]);
    expect(outcome.votes[0]?.weight).toBeCloseTo(weight, 12);
    expect(castVote([...paths].reverse(), { aggregation, vote })).toEqual(outcome);
  });

  test('is by last score and weighted if nothing is said', () => {
    expect(castVote(paths)).toEqual(castVote(paths, { aggregation: 'last', vote: 'weighted' }));
  });

  test('breaks ties by value, then by last margin, then by path order', () => {
    const byMargin = [
      path('0', 'A', [1], { margins: [40] }),
      path('1', 'B', [1], { margins: [41] }),
      path('10', 'D', [1], { margins: [41] }),
      path('9', 'C', [1], { margins: [41] }),
    ];
    const outcome = castVote(byMargin, { vote: 'majority' });
    expect(outcome.votes.map((entry) => entry.answer)).toEqual(['B', 'C', 'D', 'A']);
  });

  test('orders members of the winning class best first', () => {
    const outcome = castVote(paths, { aggregation: 'last', vote: 'weighted' });
    expect(outcome.votes[0]).toEqual({ answer: 'B', weight: 1.75, members: ['2', '1'] });
  });

  test('an empty answer is no candidate, a pruned path neither', () => {
    const some = [
      path('0', null, [0.9], { multiplicity: 9 }),
      path('1', 'B', [0.1]),
      path('2', 'C', [0.8], { isAnswer: false }),
    ];
    const outcome = castVote(some);
    expect(outcome.votes.map((entry) => entry.answer)).toEqual(['B']);
    expect(outcome.path?.id).toBe('1');
  });

  test('incomplete paths vote only where no complete one has an answer', () => {
    const cut = path('1', 'B', [0.9], { complete: false });
    expect(castVote([path('0', 'A', [0.1]), cut]).answer).toBe('A');
    expect(castVote([path('0', null, [0.1]), cut]).answer).toBe('B');
  });

  test('without any answer gives the best complete path', () => {
    const none = [
      path('0', null, [0.9], { complete: false }),
      path('1', null, [0.2]),
      path('2', null, [0.3]),
    ];
    expect(castVote(none)).toEqual({ answer: null, path: none[2], votes: [] });
    expect(castVote([])).toEqual({ answer: null, path: null, votes: [] });
  });

  test('refuses a rule that needs scores where there is none', () => {
    const unscored = [path('0', 'A', [])];
    expect(castVote(unscored, { vote: 'majority' }).answer).toBe('A');
    expect(() => castVote(unscored, { vote: 'max' })).toThrow(
      'Expected `vote` to be \'majority\' for paths without scores, got "max" (string)',
    );
    expect(() => castVote(paths, { vot: 'max' } as object)).toThrow(/did you mean `vote`\?/);
    expect(() => castVote(paths, { vote: 'mox' as Vote })).toThrow(
      /one of majority, max, weighted/,
    );
  });
});

test('aggregate has no value without a score, and skips steps that have none', () => {
  const step = (score: number | null) => ({ text: '', score, margin: null });
  for (const aggregation of ['min', 'last', 'mean', 'product'] as const) {
    expect(aggregate([], aggregation)).toBe(null);
    expect(aggregate([step(null)], aggregation)).toBe(null);
    expect(aggregate([step(0.5), step(null)], aggregation)).toBe(0.5);
  }
});
