// What may not matter does not: the order in which the engine completes work, other searches beside
// this one, an abort at any moment. What is owned is given back in every case.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SearchResult } from '../../src/search/result.js';
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
import { fakeReward, rambling } from './fake-models.js';

const strategies: readonly Strategy[] = [
  greedy(),
  majority({ budget: 9 }),
  bestOfN({ budget: 9, aggregation: 'mean' }),
  beamSearch({ budget: 16, width: 4 }),
  beamSearch({ budget: 16, width: 4, completed: 'refill', vote: 'majority' }),
  beamSearch({ budget: 6, width: 1, aggregation: 'product', vote: 'max' }),
  dvts({ budget: 16, width: 4, aggregation: 'min' }),
  dvts({ budget: 12, width: 3, answers: 'siblings' }),
];

const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);
beforeEach(() => process.on('unhandledRejection', onRejection));
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

const limits = [
  {},
  { limits: { tokens: 150 } },
  { limits: { tokens: 40 }, maxPathTokens: 60 },
  { limits: { flops: 400_000 } },
  { limits: { flops: 2_000_000, tokens: 300 } },
];

/** All of a result that may not depend on anything but the options. */
function timeless({ ledger, ...rest }: SearchResult) {
  const { computed: _computed, seconds: _seconds, ...logical } = ledger;
  return { ...rest, ledger: logical };
}

describe.each(strategies)('$name', (strategy) => {
  test.each(limits)('gives one result in every order of completion: %o', async (options) => {
    const results = await Promise.all(
      [undefined, 1, 2, 3, 4, 5].map(async (shuffle) => {
        const order = shuffle === undefined ? {} : { shuffle };
        const { policy, tree } = rambling(order);
        const { reward, tree: rewardTree } = fakeReward(order);
        const found = await search('why', { policy, reward, strategy, seed: 11, ...options });
        expect([tree.held, rewardTree.held]).toEqual([0, 0]);
        return timeless(found);
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]?.reproducible).toBe(true);
  });

  test('gives one result alone and among others on the same trees', async () => {
    const alone = async (seed: number) => {
      const { policy } = rambling();
      const { reward } = fakeReward();
      return timeless(await search('why', { policy, reward, strategy, seed }));
    };
    const { policy, tree } = rambling({ shuffle: 77 });
    const { reward, tree: rewardTree } = fakeReward({ shuffle: 78 });
    const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
    const aborted = seeds.map(async (seed) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), seed / 4);
      return search('else', { policy, reward, strategy, seed, signal: controller.signal });
    });
    const crowd = await Promise.all(
      seeds.map(async (seed) => timeless(await search('why', { policy, reward, strategy, seed }))),
    );
    await Promise.all(aborted);
    for (const seed of seeds) expect(crowd[seed]).toEqual(await alone(seed));
    expect([tree.held, rewardTree.held]).toEqual([0, 0]);
  });

  test('an abort at any moment resolves with what there is, and holds nothing', async () => {
    for (let moment = 0; moment < 60; moment++) {
      const { policy, tree } = rambling({ shuffle: moment });
      const { reward, tree: rewardTree } = fakeReward({ shuffle: moment });
      const controller = new AbortController();
      let ticks = moment;
      const tick = () => (ticks-- > 0 ? setImmediate(tick) : controller.abort());
      tick();
      const { signal } = controller;
      const result = await search('why', { policy, reward, strategy, seed: moment, signal });
      expect([tree.held, rewardTree.held]).toEqual([0, 0]);
      if (result.stopReason === 'finished') expect(result.reproducible).toBe(true);
      else expect([result.stopReason, result.reproducible]).toEqual(['aborted', false]);
      if (moment === 0) expect([result.stopReason, result.paths]).toEqual(['aborted', []]);
    }
  });

  test('an engine error at any moment rejects with that error, and holds nothing', async () => {
    let failures = 0;
    for (let failAt = 0; failAt < 40; failAt++) {
      const isReward = failAt % 2 === 1;
      const failing = { shuffle: failAt, failAt: failAt >> 1 };
      const { policy, tree } = rambling(isReward ? { shuffle: failAt } : failing);
      const { reward, tree: rewardTree } = fakeReward(isReward ? failing : { shuffle: failAt });
      await search('why', { policy, reward, strategy }).catch((error) => {
        expect(error).toMatchObject({ name: 'EngineError', code: 'POOL_EXHAUSTED' });
        failures++;
      });
      expect([tree.held, rewardTree.held]).toEqual([0, 0]);
    }
    expect(failures).toBeGreaterThan(0);
  });

  test('disposing a model under a search rejects it with DisposedError', async () => {
    for (const wait of [0, 1, 3, 6]) {
      const { policy } = rambling();
      const { reward } = fakeReward();
      const searching = search('why', { policy, reward, strategy });
      const outcome = searching.then(
        () => 'resolved',
        (error) => error.code,
      );
      for (let tick = 0; tick < wait; tick++) await new Promise((done) => setImmediate(done));
      await policy.dispose();
      expect(['DISPOSED', 'resolved']).toContain(await outcome);
      if (wait === 0) expect(await outcome).toBe('DISPOSED');
      await expect(search('why', { policy, reward, strategy })).rejects.toThrow(/disposed/);
    }
  });
});

test.each(
  strategies,
)('$name never samples more children in a round than its budget', async (strategy) => {
  const budget = strategy.name === 'greedy' ? 1 : strategy.budget;
  let most = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { policy } = rambling({ shuffle: seed });
    const { reward } = fakeReward({ shuffle: seed });
    const perRound = new Map<number, number>();
    const onTrace = (event: TraceEvent) => {
      if (event.type !== 'sampled') return;
      perRound.set(event.round, (perRound.get(event.round) ?? 0) + 1);
    };
    const { paths, votes } = await search('why', { policy, reward, strategy, seed, onTrace });
    most = Math.max(most, ...perRound.values());
    const answers = paths.filter((path) => path.isAnswer && path.complete);
    expect(answers.length).toBeLessThanOrEqual(budget);
    expect(votes.flatMap((vote) => vote.members).length).toBeLessThanOrEqual(budget);
  }
  expect(most).toBe(budget);
});

describe('independence of the budget', () => {
  test('a majority of N has the paths of a majority of fewer', async () => {
    const pathsOf = async (budget: number) => {
      const { policy } = rambling();
      return (await search('why', { policy, strategy: majority({ budget }), seed: 3 })).paths;
    };
    expect((await pathsOf(8)).slice(0, 5)).toEqual(await pathsOf(5));
  });

  test('whole DVTS subtrees are the same at a smaller budget', async () => {
    const pathsOf = async (budget: number) => {
      const { policy } = rambling();
      const { reward } = fakeReward();
      return (await search('why', { policy, reward, strategy: dvts({ budget }), seed: 3 })).paths;
    };
    const few = await pathsOf(8);
    const ofFirstTwo = (await pathsOf(16)).filter((path) => Number(path.id.split('.')[0]) < 8);
    expect(ofFirstTwo).toEqual(few);
  });

  test('another seed gives other paths', async () => {
    const { policy } = rambling();
    const textsOf = async (seed: number) =>
      (await search('why', { policy, strategy: majority({ budget: 6 }), seed })).paths.map(
        (path) => path.text,
      );
    expect(await textsOf(1)).not.toEqual(await textsOf(2));
  });
});
