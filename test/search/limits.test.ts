// Limits: never exceeded, reached by name, and the meaning that the documentation gives them.
import { describe, expect, test } from 'vitest';
import { search } from '../../src/search/search.js';
import { beamSearch, bestOfN, dvts, majority, type Strategy } from '../../src/search/strategy.js';
import { fakePolicy, fakeReward, rambling, scripted } from './fake-models.js';
import { EOS } from './fake-tree.js';

const strategies: readonly Strategy[] = [
  majority({ budget: 12 }),
  bestOfN({ budget: 12 }),
  beamSearch({ budget: 12, width: 3 }),
  beamSearch({ budget: 12, width: 3, completed: 'refill' }),
  dvts({ budget: 12, width: 3 }),
];

describe.each(strategies)('$name', (strategy) => {
  test('never samples or computes past a limit, whatever it is', async () => {
    const reasons = new Set<string>();
    for (let step = 1; step <= 40; step++) {
      const tokens = step * 7;
      const flops = step * 60_000;
      for (const limits of [{ tokens }, { flops }, { tokens, flops }]) {
        const { policy, tree } = rambling({ shuffle: step });
        const { reward } = fakeReward({ shuffle: step });
        const options = { policy, reward, strategy, limits, maxPathTokens: 200, seed: step };
        const { ledger, stopReason } = await search('why', options);
        expect(tree.sampledTokens).toBe(ledger.policy.sampledTokens);
        if ('tokens' in limits) expect(ledger.policy.sampledTokens).toBeLessThanOrEqual(tokens);
        if ('flops' in limits) expect(ledger.flops).toBeLessThanOrEqual(flops);
        reasons.add(stopReason);
      }
    }
    expect([...reasons].sort()).toEqual(['finished', 'flops', 'tokens']);
  });

  test('a limit that is not reached changes nothing', async () => {
    const of = async (limits: object) => {
      const { policy } = rambling();
      const { reward } = fakeReward();
      const { ledger, ...rest } = await search('why', { policy, reward, strategy, limits });
      return { ...rest, flops: ledger.flops, tokens: ledger.policy.sampledTokens };
    };
    const free = await of({});
    expect(await of({ tokens: free.tokens + 10 ** 9 })).toEqual(free);
    expect(await of({ flops: free.flops + 10 ** 15 })).toEqual(free);
  });
});

describe('a token limit', () => {
  const text = `a \\boxed{1}${EOS}`; // 12 tokens
  const paths = (budget: number) =>
    scripted(Object.fromEntries(Array.from({ length: budget }, (_, i) => [i, text])));

  test('goes to paths in their order: whole ones first, then a part of one, then none', async () => {
    const { policy, tree } = fakePolicy(paths(5));
    const strategy = majority({ budget: 5 });
    const result = await search('?', { policy, strategy, limits: { tokens: 30 } });
    expect(result.paths.map((path) => path.tokens.length)).toEqual([12, 12, 6]);
    expect(result.paths.map((path) => path.complete)).toEqual([true, true, false]);
    expect(result.stopReason).toBe('tokens');
    expect(result.reproducible).toBe(true);
    expect(tree.sampledTokens).toBe(30);
  });

  test('lets paths run together while it cannot bind', async () => {
    const inFlight = async (tokens: number) => {
      const { policy, tree } = fakePolicy(paths(5));
      const strategy = majority({ budget: 5 });
      const limits = { tokens };
      const result = await search('?', { policy, strategy, limits, maxPathTokens: 20 });
      expect(result.paths.length).toBe(5);
      return tree.mostInFlight;
    };
    expect(await inFlight(100)).toBe(5);
    expect(await inFlight(60)).toBeLessThan(5);
  });

  test('in trees is split evenly among the children of the last round', async () => {
    const script = { 0: 'ab\n\n', 1: 'abcdefghij\n\n', '0.0': 'x\n\n', '1.0': 'y\n\n' };
    const { policy, tree } = fakePolicy(scripted(script));
    const { reward } = fakeReward();
    const strategy = beamSearch({ budget: 2, width: 1 });
    const limits = { tokens: 20 };
    const result = await search('?', { policy, reward, strategy, limits, maxStepTokens: 50 });
    // Two children of at most 10 each: the second is cut, so this round is the last.
    expect(tree.sampledTokens).toBe(4 + 10);
    expect(result.stopReason).toBe('tokens');
    expect(result.paths.map((path) => [path.id, path.complete])).toEqual([['0', false]]);
  });
});

describe('a FLOP limit', () => {
  test('below the cost of the prompts runs nothing at all', async () => {
    const { policy, tree } = rambling();
    const { reward, tree: rewardTree } = fakeReward();
    const strategy = dvts({ budget: 4 });
    const result = await search('why', { policy, reward, strategy, limits: { flops: 10 } });
    expect(result).toMatchObject({ answer: null, paths: [], stopReason: 'flops', votes: [] });
    expect(result.path).toMatchObject({ id: '', steps: [], complete: false });
    expect(result.ledger.flops).toBe(0);
    expect([tree.extended.length, rewardTree.extended.length]).toEqual([0, 0]);
  });
});

describe('a clock', () => {
  test('cuts the search, which says that it is not reproducible', async () => {
    const endless = { say: () => 'a\n\n' };
    const { policy, tree } = fakePolicy(endless);
    const { reward } = fakeReward();
    const strategy = dvts({ budget: 8 });
    const options = { policy, reward, strategy, maxSteps: 10 ** 6, limits: { milliseconds: 30 } };
    const result = await search('?', options);
    expect(result).toMatchObject({ stopReason: 'milliseconds', reproducible: false });
    expect(result.ledger.seconds).toBeLessThan(5);
    expect(result.paths.every((path) => !path.complete)).toBe(true);
    expect(tree.held).toBe(0);
  });

  test('keeps complete paths that came before it', async () => {
    const say = (key: bigint) => (key % 2n === 0n ? `\\boxed{3}${EOS}` : 'a'.repeat(10 ** 5) + EOS);
    const { policy } = fakePolicy({ say });
    const controller = new AbortController();
    const onTrace = (event: { type: string }) => {
      if (event.type === 'completed') controller.abort();
    };
    const { signal } = controller;
    const strategy = majority({ budget: 8 });
    const result = await search('?', { policy, strategy, signal, onTrace });
    expect(result.answer).toBe('3');
    expect(result.stopReason).toBe('aborted');
  });
});

describe('contexts', () => {
  test('the policy bounds its paths', async () => {
    const { policy } = fakePolicy({ say: () => 'a'.repeat(1000), context: 50 });
    const result = await search('?', { policy, strategy: majority({ budget: 2 }) });
    expect(result.paths.map((path) => path.tokens.length)).toEqual([48, 48]);
    expect(result.paths.map((path) => path.complete)).toEqual([false, false]);
  });

  test('a step past the reward model is dropped in trees', async () => {
    const script = { 0: 'ab\n\n', 1: 'abcdefghijklmnop\n\n', '0.0': `c${EOS}` };
    const { policy } = fakePolicy(scripted(script));
    const { reward } = fakeReward({ context: 12 });
    const strategy = beamSearch({ budget: 2, width: 2 });
    const script2 = fakePolicy(scripted({ ...script, '0.1': `c${EOS}` }));
    const result = await search('?', { policy: script2.policy, reward, strategy });
    expect(result.paths.map((path) => [path.id, path.multiplicity])).toEqual([['0.0', 2]]);
    await policy.dispose();
  });

  test('a path past the reward model is scored as far as it fits, and is incomplete', async () => {
    const { policy } = fakePolicy(scripted({ 0: `ab\n\ncdefghijklmnop${EOS}` }));
    const { reward } = fakeReward({ context: 12 });
    const result = await search('?', { policy, reward, strategy: bestOfN({ budget: 1 }) });
    expect(result.paths[0]?.complete).toBe(false);
    expect(result.paths[0]?.steps.map((step) => step.score === null)).toEqual([false, true]);
  });
});
