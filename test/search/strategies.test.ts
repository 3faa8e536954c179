// Each strategy on a small tree whose outcome was worked out by hand: which paths go on, in which
// order, where it stops, what the vote says. Scripts name children by path id, margins by step.
import { describe, expect, test } from 'vitest';
import { search } from '../../src/search/search.js';
import {
  beamSearch,
  bestOfN,
  dvts,
  greedy,
  majority,
  type Strategy,
} from '../../src/search/strategy.js';
import type { TraceEvent } from '../../src/search/trace.js';
import { fakePolicy, fakeReward, scripted, tabled } from './fake-models.js';

async function run(
  strategy: Strategy,
  script: Record<string, string>,
  margins: Record<string, number>,
  options: { maxSteps?: number; maxStepTokens?: number; maxPathTokens?: number } = {},
) {
  const { policy, tree } = fakePolicy(scripted(script));
  const { reward, tree: rewardTree } = fakeReward(tabled(margins));
  const events: TraceEvent[] = [];
  const onTrace = (event: TraceEvent) => events.push(event);
  const result = await search('?', { policy, reward, strategy, onTrace, ...options });
  expect(tree.held).toBe(0);
  expect(rewardTree.held).toBe(0);
  const of = (type: TraceEvent['type']) =>
    events.flatMap((event) => (event.type === type && 'path' in event ? [event.path] : []));
  return { result, events, of, tree, rewardTree };
}

const ids = (paths: readonly { readonly id: string }[]) => paths.map((path) => path.id);

describe('greedy', () => {
  test('is one path at temperature 0 that no reward model sees', async () => {
    const { result, rewardTree } = await run(greedy(), { 0: 'a¶b \\boxed{5}¶c■' }, {});
    expect(result.answer).toBe('5');
    expect(result.path.steps.map((step) => step.text)).toEqual(['a\n\n', 'b \\boxed{5}\n\n', 'c']);
    expect(result.path.steps.every((step) => step.score === null)).toBe(true);
    expect(ids(result.paths)).toEqual(['0']);
    expect(rewardTree.extended).toEqual([]);
    expect(result.ledger.reward.processedTokens).toBe(0);
    expect(result.stopReason).toBe('finished');
  });
});

describe('majority', () => {
  const script = {
    0: 'the answer is 7.■',
    1: 'x \\boxed{8}■',
    2: 'y \\boxed{ 8 }■',
    3: 'nothing■',
    4: 'cut off \\boxed{7} and on and on and on and on',
  };

  test('counts complete paths by answer and calls no reward model', async () => {
    const options = { maxPathTokens: 30 };
    const { result, rewardTree } = await run(majority({ budget: 5 }), script, {}, options);
    expect(result.votes).toEqual([
      { answer: '8', weight: 2, members: ['1', '2'] },
      { answer: '7', weight: 1, members: ['0'] },
    ]);
    expect(result.answer).toBe('8');
    expect(result.path.id).toBe('1');
    expect(ids(result.paths)).toEqual(['0', '1', '2', '3', '4']);
    expect(result.paths.map((path) => path.complete)).toEqual([true, true, true, true, false]);
    expect(result.paths[3]?.answer).toBe(null);
    expect(rewardTree.extended).toEqual([]);
  });

  test('asks incomplete paths only where no complete one has an answer', async () => {
    const cut = { 0: script[3], 1: script[4] };
    const { result } = await run(majority({ budget: 2 }), cut, {}, { maxPathTokens: 30 });
    expect(result.answer).toBe('7');
    expect(result.path.id).toBe('1');
  });

  test('never merges identical paths', async () => {
    const same = { 0: 'a \\boxed{1}■', 1: 'a \\boxed{1}■', 2: '\\boxed{2}■' };
    const { result, of } = await run(majority({ budget: 3 }), same, {});
    expect(result.votes[0]).toEqual({ answer: '1', weight: 2, members: ['0', '1'] });
    expect(result.paths.map((path) => path.multiplicity)).toEqual([1, 1, 1]);
    expect(of('merged')).toEqual([]);
  });
});

describe('Best-of-N', () => {
  const script = {
    0: 'a¶a1 \\boxed{1}■',
    1: 'b¶b1 \\boxed{2}■',
    2: 'c¶c1 \\boxed{1}■',
    3: 'b¶b1 \\boxed{2}■',
  };
  const margins = {
    a: 0,
    'a1 \\boxed{1}': 1,
    b: -1,
    'b1 \\boxed{2}': 0.5,
    c: 3,
    'c1 \\boxed{1}': -2,
  };

  test('takes the path with the best value', async () => {
    const strategy = bestOfN({ budget: 4, vote: 'max' });
    const { result } = await run(strategy, script, margins);
    expect(result.path.id).toBe('0');
    expect(result.path.steps.map((step) => step.margin)).toEqual([0, 1]);
    expect(result.path.steps[0]?.score).toBe(0.5);
  });

  test('sums values, not margins, over identical answers; both copies of a path count', async () => {
    const { result } = await run(bestOfN({ budget: 4 }), script, margins);
    const logistic = (x: number) => 1 / (1 + Math.exp(-x));
    expect(result.votes.map((vote) => vote.answer)).toEqual(['2', '1']);
    expect(result.votes[0]?.weight).toBeCloseTo(2 * logistic(0.5), 12);
    expect(result.votes[1]?.weight).toBeCloseTo(logistic(1) + logistic(-2), 12);
    expect(result.path.id).toBe('1');
  });

  test('scores identical paths once, charges their tokens, and reads all markers in one call', async () => {
    const { result, rewardTree } = await run(bestOfN({ budget: 4 }), script, margins);
    expect(result.ledger.reward.calls).toBe(3);
    expect(result.ledger.reward.scores).toBe(6);
    expect(rewardTree.extended.length).toBe(4);
    expect(result.ledger.policy.sampledTokens).toBe(4 * 'a..a1 \\boxed{1}.'.length);
  });
});

describe('beam search', () => {
  // Budget 4, width 2: two places. Root children 0-3.
  const script = {
    0: 'a¶',
    1: 'b¶',
    2: 'c \\boxed{9}¶',
    3: 'd¶',
    '0.0': 'a0 \\boxed{1}■',
    '0.1': 'a1¶',
    '1.0': 'b0¶',
    '1.1': 'b1 \\boxed{3}■',
    '1.0.0': 'b00 \\boxed{4}¶',
    '1.0.1': 'b01 \\boxed{5}¶',
    '0.1.0': 'a10 \\boxed{6}¶',
    '0.1.1': 'a11 \\boxed{7}■',
  };
  const margins = {
    a: 3,
    b: 1,
    'c \\boxed{9}': 2,
    d: 0,
    'a0 \\boxed{1}': 0.1,
    a1: 5,
    b0: 4,
    'b1 \\boxed{3}': 0.2,
    'a10 \\boxed{6}': 1.5,
    'a11 \\boxed{7}': 1.25,
    'b00 \\boxed{4}': 1.75,
    'b01 \\boxed{5}': 6,
  };

  test('hold: a complete winner keeps its place, the live width shrinks', async () => {
    const { result, of } = await run(beamSearch({ budget: 4, width: 2 }), script, margins);
    // Round 0: a (3) and c (2) win; c is complete and held. Round 1: one place for a's children:
    // a1 (5) wins, a0 is complete but loses. Round 2: a10 (1.5) beats a11 (1.25) and is held.
    expect(of('kept')).toEqual(['0', '0.1']);
    expect(of('sampled').length).toBe(4 + 2 + 2);
    expect(ids(result.paths)).toEqual(['0.0', '0.1.0', '0.1.1', '2']);
    expect(ids(result.paths.filter((path) => path.isAnswer))).toEqual(['0.1.0', '2']);
    expect(result.votes.map((vote) => vote.answer)).toEqual(['9', '6']);
    expect(result.path.id).toBe('2');
  });

  test('refill: complete children are collected beside full width', async () => {
    const strategy = beamSearch({ budget: 4, width: 2, completed: 'refill' });
    const { result, of } = await run(strategy, script, margins);
    // Round 0 collects c; a and b go on. Round 1 collects a0 and b1; a1 (5) and b0 (4) go on.
    // Round 2 collects a10, a11, b00, b01: 7 >= 4. The best four by margin: b01, c, b00, a10.
    expect(of('kept')).toEqual(['0', '1', '0.1', '1.0']);
    expect(result.paths.length).toBe(7);
    expect(ids(result.paths.filter((path) => path.isAnswer))).toEqual([
      '0.1.0',
      '1.0.0',
      '1.0.1',
      '2',
    ]);
    expect(result.answer).toBe('5');
  });

  test('ranks by the last margin alone, ties by value, then by path order', async () => {
    const script = {
      0: 'a¶',
      1: 'b¶',
      2: 'c¶',
      '0.0': 'x¶',
      '1.0': 'x¶',
      '2.0': 'x¶',
      '0.0.0': 'p■',
      '1.0.0': 'p■',
      '2.0.0': 'p■',
    };
    const strategy = beamSearch({ budget: 3, width: 1, aggregation: 'min' });
    const { of } = await run(strategy, script, { a: -1, b: 2, c: -1, x: 1, p: 0 });
    // Every x has margin 1. b's path has the highest minimum; a's and c's are equal in all.
    expect(of('kept')).toEqual(['1', '0', '2', '1.0', '0.0', '2.0']);
    expect(of('completed')).toEqual(['0.0.0', '1.0.0', '2.0.0']);
  });

  test('identical siblings share a beam, are scored once, and vote as often as they were sampled', async () => {
    const same = {
      0: 'a¶',
      1: 'a¶',
      2: 'b¶',
      3: 'a¶',
      '0.0': 'x \\boxed{1}¶',
      '0.1': 'x \\boxed{1}¶',
      '2.0': 'y \\boxed{2}¶',
      '2.1': 'w¶',
    };
    const table = { a: 1, b: 2, 'x \\boxed{1}': 0, 'y \\boxed{2}': 0.5, w: -1 };
    const strategy = beamSearch({ budget: 4, width: 2, vote: 'majority' });
    const { result, of, events } = await run(strategy, same, table);
    expect(of('merged')).toEqual(['1', '3', '0.1']);
    expect(events.filter((event) => event.type === 'merged').map((event) => event.into)).toEqual([
      '0',
      '0',
      '0.0',
    ]);
    expect(of('kept')).toEqual(['2', '0']);
    expect(result.votes).toEqual([
      { answer: '1', weight: 2, members: ['0.0'] },
      { answer: '2', weight: 1, members: ['2.0'] },
    ]);
    expect(result.ledger.reward.calls).toBe(2 + 3);
    expect(result.ledger.policy.sampledTokens).toBe(4 * 3 + 2 * 13 + 13 + 3);
  });

  test('a blank ending completes its parent without a new score', async () => {
    const blank = { 0: 'a \\text{so} answer is 4¶', 1: 'b¶', '0.0': '■', '1.0': '\n■' };
    const table = { 'a \\text{so} answer is 4': 2, b: 1 };
    const strategy = beamSearch({ budget: 2, width: 1 });
    const { result } = await run(strategy, blank, table);
    expect(result.path.id).toBe('0.0');
    expect(result.path.complete).toBe(true);
    expect(result.path.steps.map((step) => step.margin)).toEqual([2]);
    expect(result.answer).toBe('4');
    expect(result.ledger.reward.calls).toBe(2);
    expect(result.paths.map((path) => path.text)).toEqual([
      'a \\text{so} answer is 4\n\n',
      'b\n\n\n',
    ]);
  });

  test('drops children cut by a limit; a childless beam becomes an incomplete path', async () => {
    const long = { 0: 'a \\boxed{3¶', 1: 'b¶', '0.0': 'endless endless endless', '1.0': 'y■' };
    const table = { 'a \\boxed{3': 1, b: 0, y: 0 };
    const strategy = beamSearch({ budget: 2, width: 1 });
    const { result, of, events } = await run(strategy, long, table, { maxStepTokens: 15 });
    expect(of('incomplete')).toEqual(['0']);
    expect(events).toContainEqual({ type: 'pruned', path: '0.0', round: 1, reason: 'cut' });
    expect(ids(result.paths)).toEqual(['0', '1.0']);
    expect(result.paths.map((path) => path.complete)).toEqual([false, true]);
  });

  test('ends at the depth limit with what is live as incomplete paths', async () => {
    const deep = { 0: 'a¶', 1: 'b¶', '0.0': 'answer is 6.¶', '1.0': 'c¶' };
    const table = { a: 0, b: 1, 'answer is 6.': 1, c: 2 };
    const { result, tree } = await run(beamSearch({ budget: 2, width: 1 }), deep, table, {
      maxSteps: 2,
    });
    expect(ids(result.paths)).toEqual(['0.0', '1.0']);
    expect(result.answer).toBe('6');
    expect(result.path.complete).toBe(false);
    expect(result.stopReason).toBe('finished');
    expect(tree.sampledTokens).toBe(3 + 3 + 14 + 3);
  });

  test('a box in thought, or one that is not closed, completes nothing', async () => {
    const thought = {
      0: '<think>\\boxed{1}¶',
      '0.0': 'hm \\boxed{2}¶',
      '0.0.0': '</think> so \\boxed{¶',
      '0.0.0.0': '8} it is¶',
    };
    const table = {
      '<think>\\boxed{1}': 0,
      'hm \\boxed{2}': 0,
      '</think> so \\boxed{': 0,
      '8} it is': 0,
    };
    const { result } = await run(beamSearch({ budget: 1, width: 1 }), thought, table);
    expect(result.path.id).toBe('0.0.0.0');
    expect(result.answer).toBe('8');
  });

  test('a box in thought that the prompt opened completes nothing, and is no answer', async () => {
    const thought = {
      0: 'try \\boxed{1}¶',
      '0.0': 'hm \\boxed{2}¶',
      '0.0.0': '</think> \\boxed{8}¶',
    };
    const table = { 'try \\boxed{1}': 0, 'hm \\boxed{2}': 0, '</think> \\boxed{8}': 0 };
    const { reward } = fakeReward(tabled(table));
    const strategy = beamSearch({ budget: 1, width: 1 });
    const answers = async (opensThought: boolean, maxSteps: number) => {
      const { policy } = fakePolicy(scripted(thought), opensThought);
      const { path, answer } = await search('?', { policy, reward, strategy, maxSteps });
      return [path.id, answer, path.complete];
    };
    expect(await answers(true, 9)).toEqual(['0.0.0', '8', true]);
    expect(await answers(true, 2)).toEqual(['0.0', null, false]);
    expect(await answers(false, 9)).toEqual(['0', '1', true]);
  });
});

describe('DVTS', () => {
  // Budget 4, width 2: two subtrees, root children {0, 1} and {2, 3}.
  const script = {
    0: 'a¶',
    1: 'b¶',
    2: 'c \\boxed{1}¶',
    3: 'd \\boxed{2}¶',
    '1.0': 'b0 \\boxed{3}■',
    '1.1': 'b1 \\boxed{4}■',
  };
  const margins = {
    a: 1,
    b: 2,
    'c \\boxed{1}': -2,
    'd \\boxed{2}': -1,
    'b0 \\boxed{3}': 0.5,
    'b1 \\boxed{4}': 0.25,
  };

  test('each subtree follows its best child and answers with its best path', async () => {
    const { result, of } = await run(dvts({ budget: 4, width: 2 }), script, margins);
    expect(of('kept')).toEqual(['1']);
    expect(of('pruned')).toEqual(['0']);
    expect(ids(result.paths.filter((path) => path.isAnswer))).toEqual(['1.0', '3']);
    expect(result.answer).toBe('3');
  });

  test('siblings: its complete last siblings answer too', async () => {
    const strategy = dvts({ budget: 4, width: 2, answers: 'siblings' });
    const { result } = await run(strategy, script, margins);
    expect(ids(result.paths.filter((path) => path.isAnswer))).toEqual(['1.0', '1.1', '2', '3']);
    expect(result.votes.map((vote) => vote.answer)).toEqual(['3', '4', '2', '1']);
  });

  test('subtrees do not wait for each other', async () => {
    const { events } = await run(dvts({ budget: 4, width: 2 }), script, margins);
    const at = (path: string, type: string) =>
      events.findIndex((event) => event.type === type && 'path' in event && event.path === path);
    expect(at('3', 'completed')).toBeLessThan(at('1.0', 'sampled'));
  });
});
