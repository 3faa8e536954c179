// `auto` does what the strategy that its plan chooses would have done alone: the same paths, the same
// votes, in every order of completion. Only the ledger has more in it.
import { describe, expect, test } from 'vitest';
import {
  type Adviser,
  type AutoOptions,
  type AutoPlan,
  auto,
  type Prediction,
} from '../../src/search/auto-strategy.js';
import type { SearchLimits, SearchOptions } from '../../src/search/options.js';
import type { SearchPath, SearchResult } from '../../src/search/result.js';
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
import { tally } from '../../src/search/vote.js';
import { fakePolicy, fakeReward, rambling, scripted } from './fake-models.js';

const prediction: Prediction = { bin: 'medium', passAt1: 0.3, agreement: 0.5, score: 0.4 };

/** A plan that always chooses one strategy, and remembers what it was asked. */
function planFor(chosen: Strategy, more: Partial<Adviser> = {}) {
  const seen: { probes: readonly SearchPath[]; budget: unknown }[] = [];
  let probes: readonly SearchPath[] = [];
  const adviser: Adviser = {
    probes: 3,
    unprobed: () => undefined,
    predict: (paths) => {
      probes = paths;
      return prediction;
    },
    choose: (_, budget) => {
      seen.push({ probes, budget });
      return chosen;
    },
    ...more,
  };
  const plan: AutoPlan = { sha256: 'f00d', adviserFor: () => adviser };
  return { plan, seen };
}

async function run(
  strategy: SearchOptions['strategy'],
  options: { seed?: number; shuffle?: number; limits?: SearchLimits } = {},
) {
  const { shuffle, ...rest } = options;
  const order = shuffle === undefined ? {} : { shuffle };
  const { policy, tree } = rambling(order);
  const { reward, tree: rewardTree } = fakeReward(order);
  const events: TraceEvent[] = [];
  const onTrace = (event: TraceEvent) => events.push(event);
  const result = await search('why', { policy, reward, strategy, onTrace, ...rest });
  expect([tree.held, rewardTree.held]).toEqual([0, 0]);
  return { result, events };
}

/** Everything that the strategy alone decides. */
function decided({ ledger: _, auto: __, ...rest }: SearchResult) {
  return rest;
}

/** All of a result that no clock or neighbour is in. */
function timeless({ ledger, ...rest }: SearchResult) {
  const { computed: _computed, seconds: _seconds, ...logical } = ledger;
  return { ...rest, ledger: logical };
}

const strategies: readonly Strategy[] = [
  majority({ budget: 9 }),
  bestOfN({ budget: 9, aggregation: 'mean' }),
  bestOfN({ budget: 9, vote: 'max' }),
  beamSearch({ budget: 8, width: 4 }),
  dvts({ budget: 12, width: 4 }),
];

describe.each(strategies)('auto that chooses $name', (chosen) => {
  const { plan } = planFor(chosen);
  const strategy = auto({ plan, budget: 12, stop: 'never' });
  const isTree = chosen.name === 'beam-search' || chosen.name === 'dvts';

  test('gives what the strategy gives', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { result } = await run(strategy, { seed });
      const { result: alone } = await run(chosen, { seed });
      expect(decided(result)).toEqual(decided(alone));
      expect(result.auto).toMatchObject({ prediction, chosen, stoppedAt: null });
      const { result: probes } = await run(bestOfN({ budget: 3 }), { seed });
      expect(result.auto?.probes).toEqual(probes.paths);
    }
  });

  test('charges the probes and the prompts once', async () => {
    const { result } = await run(strategy, { seed: 3 });
    const { result: alone } = await run(chosen, { seed: 3 });
    const { result: probes } = await run(bestOfN({ budget: 3 }), { seed: 3 });
    const own = (ledger: SearchResult['ledger']) => ({
      sampled: ledger.policy.sampledTokens,
      run: ledger.policy.processedTokens - ledger.policy.promptTokens,
      read: ledger.reward.processedTokens - ledger.reward.promptTokens,
      scores: ledger.reward.scores,
    });
    const [whole, only, before] = [own(result.ledger), own(alone.ledger), own(probes.ledger)];
    expect(result.ledger.policy.promptTokens).toBe(alone.ledger.policy.promptTokens);
    if (isTree) {
      for (const key of ['sampled', 'run', 'read', 'scores'] as const) {
        expect(whole[key], key).toBe(only[key] + before[key]);
      }
    } else if (chosen.name === 'majority') {
      expect([whole.sampled, whole.run]).toEqual([only.sampled, only.run]);
      expect([whole.read, whole.scores]).toEqual([before.read, before.scores]);
    } else expect(whole).toEqual(only);
  });

  test('gives one result in every order of completion', async () => {
    for (const stop of ['certain', { probability: 0.8 }] as const) {
      const early = auto({ plan, budget: 12, stop });
      const [first, ...others] = await Promise.all(
        [undefined, 1, 2, 3, 4, 5].map(async (shuffle) => {
          const { result } = await run(early, {
            seed: 5,
            ...(shuffle !== undefined && { shuffle }),
          });
          return timeless(result);
        }),
      );
      for (const other of others) expect(other).toEqual(first);
    }
  });

  test('respects hard limits, the same in every order', async () => {
    const { result: whole } = await run(strategy, { seed: 1 });
    for (const share of [0.1, 0.4, 0.7, 0.95]) {
      for (const unit of ['tokens', 'flops'] as const) {
        const spent = (of: SearchResult) =>
          unit === 'flops' ? of.ledger.flops : of.ledger.policy.sampledTokens;
        const limit = Math.ceil(share * spent(whole));
        const limited = auto({ plan, stop: 'never' });
        const found = await Promise.all(
          [0, 1, 2].map(async (shuffle) => {
            const { result } = await run(limited, { seed: 1, shuffle, limits: { [unit]: limit } });
            expect(spent(result)).toBeLessThanOrEqual(limit);
            expect(result.stopReason).toBe(unit);
            expect(result.reproducible).toBe(true);
            return timeless(result);
          }),
        );
        for (const other of found) expect(other).toEqual(found[0]);
      }
    }
  });

  test('can be aborted at any moment', async () => {
    for (let ticks = 0; ticks < 60; ticks += 3) {
      const { policy, tree } = rambling({ shuffle: ticks });
      const { reward, tree: rewardTree } = fakeReward({ shuffle: ticks });
      const controller = new AbortController();
      const { signal } = controller;
      const searching = search('why', { policy, reward, strategy, signal });
      for (let tick = 0; tick < ticks; tick++) await new Promise((done) => setImmediate(done));
      controller.abort();
      const { stopReason } = await searching;
      expect(['aborted', 'finished']).toContain(stopReason);
      expect([tree.held, rewardTree.held]).toEqual([0, 0]);
    }
  });

  test('reports what it chose between the probes and the rest', async () => {
    const { events } = await run(strategy, { seed: 2 });
    const at = events.findIndex(({ type }) => type === 'chosen');
    expect(events[at]).toEqual({ type: 'chosen', strategy: chosen, prediction });
    const sampled = (some: readonly TraceEvent[]) =>
      some.flatMap((event) => (event.type === 'sampled' ? [event.path] : []));
    expect(sampled(events.slice(0, at)).sort()).toEqual(['0', '1', '2']);
    if (!isTree) expect(sampled(events.slice(at)).sort()).toEqual(['3', '4', '5', '6', '7', '8']);
    for (const type of ['started', 'voted', 'finished'] as const) {
      expect(events.filter((event) => event.type === type)).toHaveLength(1);
    }
    expect(events[0]).toMatchObject({ type: 'started', strategy: 'auto' });
  });
});

describe('early stop', () => {
  const script = Object.fromEntries(
    // Complete in any order, paths 0 to 5 say 7, the others 8.
    Array.from({ length: 9 }, (_, i) => [
      String(i),
      `\\boxed{${i < 6 ? 7 : 8}}${'.'.repeat(9 - i)}■`,
    ]),
  );

  test('ends a vote at a fixed look, with the first paths and no others', async () => {
    for (const shuffle of [0, 1, 2, 3, 4]) {
      const { policy } = fakePolicy({ ...scripted(script), shuffle });
      const { reward } = fakeReward({ shuffle });
      const { plan } = planFor(majority({ budget: 9 }));
      const result = await search('?', { policy, reward, strategy: auto({ plan, budget: 9 }) });
      // Looks at 3, 5, 7: after five equal votes four more cannot win.
      expect(result.auto?.stoppedAt).toBe(5);
      expect(result.paths.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4']);
      expect(result.answer).toBe('7');
      expect(result.stopReason).toBe('finished');
    }
  });

  test('never changes the answer of the full vote, on rambling models', async () => {
    let stopped = 0;
    for (const chosen of [majority({ budget: 9 }), bestOfN({ budget: 9 })]) {
      for (let seed = 0; seed < 200; seed++) {
        const { plan } = planFor(chosen);
        const { result } = await run(auto({ plan, budget: 9 }), { seed });
        const { result: full } = await run(chosen, { seed });
        expect(result.answer).toBe(full.answer);
        const count = result.auto?.stoppedAt ?? 9;
        if (count < 9) stopped++;
        expect(result.paths).toEqual(full.paths.slice(0, count));
        const rule = 'vote' in chosen ? chosen : { aggregation: 'last', vote: 'majority' };
        const { aggregation, vote } = rule as Extract<Strategy, { vote: unknown }>;
        expect(result.votes).toEqual(tally(full.paths.slice(0, count), aggregation, vote).votes);
      }
    }
    expect(stopped).toBeGreaterThan(3);
  });
});

describe('budgets', () => {
  test('reach the plan in its units', async () => {
    for (const [options, limits, expected] of [
      [{ budget: 12 }, undefined, { unit: 'paths', amount: 12 }],
      [{ meanFlops: 5e5 }, undefined, { unit: 'flops', amount: 5e5 }],
      [{ meanFlops: 5e5 }, { tokens: 10_000 }, { unit: 'flops', amount: 5e5 }],
      [{}, { flops: 1e9 }, { unit: 'flops', amount: 1e9 }],
      [{}, { tokens: 10_000 }, { unit: 'tokens', amount: 10_000 }],
    ] as const) {
      const { plan, seen } = planFor(bestOfN({ budget: 3 }));
      await run(auto({ plan, ...options }), limits === undefined ? {} : { limits });
      expect(seen[0]?.budget).toEqual(expected);
    }
  });

  test('in milliseconds become FLOPs at the speed of the probes, and repeat no result', async () => {
    const { plan, seen } = planFor(bestOfN({ budget: 6 }));
    const { result } = await run(auto({ plan }), { limits: { milliseconds: 60_000 } });
    expect(result.reproducible).toBe(false);
    expect(result.stopReason).toBe('finished');
    expect(seen[0]?.budget).toMatchObject({ unit: 'flops' });
    const { amount } = seen[0]?.budget as { amount: number };
    expect(amount).toBeGreaterThan(result.ledger.flops);
  });

  test('for which probes do not pay run what the plan says for all, and cost that', async () => {
    for (const chosen of [majority({ budget: 2 }), greedy()]) {
      const { plan, seen } = planFor(bestOfN({ budget: 6 }), { unprobed: () => chosen });
      const { result, events } = await run(auto({ plan, budget: 2 }));
      const outcome = { prediction: null, chosen, stoppedAt: null, probes: [] };
      const { result: alone } = await run(chosen);
      expect(timeless(result)).toEqual({ ...timeless(alone), auto: outcome });
      expect(seen).toEqual([]);
      expect(events.slice(0, 2)).toMatchObject([
        { type: 'started', strategy: 'auto' },
        { type: 'chosen', strategy: chosen, prediction: null },
      ]);
    }
  });

  test('that end among the probes leave no prediction', async () => {
    const { plan } = planFor(dvts({ budget: 4 }));
    const { result } = await run(auto({ plan }), { limits: { tokens: 3 } });
    expect(result.auto).toMatchObject({ prediction: null, chosen: { name: 'best-of-n' } });
    expect(result.stopReason).toBe('tokens');
  });
});

describe('what auto refuses', () => {
  const { plan } = planFor(majority({ budget: 9 }));

  test.each([
    [{ plan: undefined }, 'Expected `plan` to be made by readPlan() or parsePlan()'],
    [{ plan, budget: 0 }, 'Expected `budget` to be an integer >= 1, got 0 (number)'],
    [{ plan, budget: 4, meanFlops: 1 }, 'Expected `meanFlops` to be left out beside `budget`'],
    [{ plan, meanFlops: -1 }, 'Expected `meanFlops` to be a number > 0'],
    [{ plan, budgets: 4 }, 'did you mean `budget`?'],
    [{ plan, stop: 'maybe' }, "'certain', 'never' or { probability }"],
    [{ plan, stop: { probability: 0.5 } }, 'a number in (0.5, 1)'],
    [{ plan, stop: { chance: 0.9 } }, 'an option of stop'],
  ])('%o', (options, message) => {
    expect(() => auto(options as unknown as AutoOptions)).toThrow(message);
  });

  test('no budget at all, two limits, no reward model, a plan for others', async () => {
    const { policy } = rambling();
    const { reward } = fakeReward();
    const strategy = auto({ plan });
    const refuse = (options: object, message: string) =>
      expect(search('why', { policy, reward, strategy, ...options })).rejects.toThrow(message);
    await refuse({}, 'exactly one of tokens, flops, milliseconds');
    await refuse({ limits: { tokens: 5, flops: 5 } }, 'exactly one of');
    await refuse({ limits: { tokens: 0 } }, 'Expected `tokens` to be an integer >= 1');
    await refuse({ reward: undefined, limits: { tokens: 5 } }, 'as auto needs one');
  });

  test('an engine error at any moment rejects with that error, and holds nothing', async () => {
    let failures = 0;
    for (const chosen of [majority({ budget: 9 }), dvts({ budget: 8 })]) {
      for (let failAt = 0; failAt < 40; failAt++) {
        const failing = { shuffle: failAt, failAt: failAt >> 1 };
        const isReward = failAt % 2 === 1;
        const { policy, tree } = rambling(isReward ? { shuffle: failAt } : failing);
        const { reward, tree: rewardTree } = fakeReward(isReward ? failing : { shuffle: failAt });
        const strategy = auto({ plan: planFor(chosen).plan, budget: 9 });
        await search('why', { policy, reward, strategy }).catch((error) => {
          expect(error).toMatchObject({ name: 'EngineError', code: 'POOL_EXHAUSTED' });
          failures++;
        });
        expect([tree.held, rewardTree.held]).toEqual([0, 0]);
      }
    }
    expect(failures).toBeGreaterThan(20);
  });
});
