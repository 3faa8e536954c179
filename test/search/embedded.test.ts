// Searches with the embedded models on the real engine: the same seed gives the same search, bit for
// bit in int8, in any company and on any number of threads; nothing is scored twice; nothing is kept.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/evaluation/dataset.js';
import { Account } from '../../src/ledger.js';
import { embeddedDirectory } from '../../src/model/embedded.js';
import { loadReward } from '../../src/scoring/load.js';
import type { Reward } from '../../src/scoring/reward.js';
import { type ScoredPosition, type ScoreRequest, Scorer } from '../../src/scoring/scorer.js';
import { loadPolicy } from '../../src/search/load.js';
import type { Policy } from '../../src/search/policy.js';
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
import { openTokenizer } from '../../src/text/tokenizer.js';

const strategies: readonly Strategy[] = [
  greedy(),
  majority({ budget: 8 }),
  bestOfN({ budget: 8 }),
  beamSearch({ budget: 8 }),
  beamSearch({ budget: 8, completed: 'refill' }),
  dvts({ budget: 8 }),
];

let policy: Policy;
let reward: Reward;
let questions: readonly string[];

beforeAll(async () => {
  policy = await loadPolicy('policy-0.4m', { threads: 2 });
  reward = await loadReward('prm-3m', { threads: 2 });
  questions = (await openDataset('calibration')).problems.map(({ problem }) => problem);
});
afterAll(async () => {
  await policy.dispose();
  await reward.dispose();
});

function question(index: number): string {
  const found = questions[index];
  if (found === undefined) throw new Error(`no problem ${index}`);
  return found;
}

/** All of a result that the seed decides. */
function timeless({ ledger, ...rest }: SearchResult) {
  const { computed: _computed, seconds: _seconds, ...logical } = ledger;
  return { ...rest, ledger: logical };
}

describe.each(strategies)('$name', (strategy) => {
  test('one result alone, among 32 with aborted ones beside them, and on 1 thread', async () => {
    const options = { policy, reward, strategy };
    const alone: unknown[] = [];
    for (let seed = 0; seed < 4; seed++) {
      alone.push(timeless(await search(question(seed), { ...options, seed })));
    }
    const others = Array.from({ length: 14 }, async (_, index) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 3 * index);
      const { signal } = controller;
      return search(question(20 + index), { ...options, seed: index, signal });
    });
    const crowd = Array.from({ length: 32 }, (_, index) =>
      search(question(index), { ...options, seed: index }),
    );
    const crowded = await Promise.all(crowd);
    await Promise.all(others);
    expect(crowded.slice(0, 4).map(timeless)).toEqual(alone);

    await using narrowPolicy = await loadPolicy('policy-0.4m', { threads: 1, kvMemory: 2 ** 26 });
    await using narrowReward = await loadReward('prm-3m', { threads: 1, kvMemory: 2 ** 26 });
    const narrow = { ...options, policy: narrowPolicy, reward: narrowReward };
    for (let seed = 0; seed < 2; seed++) {
      expect(timeless(await search(question(seed), { ...narrow, seed }))).toEqual(alone[seed]);
    }
  });

  test('reward tokens stay within 5% of tokens generated, prompt and markers', async () => {
    for (let index = 0; index < 6; index++) {
      const { ledger } = await search(question(index), { policy, reward, strategy, seed: index });
      const { promptTokens, processedTokens, scores } = ledger.reward;
      const { sampledTokens } = ledger.policy;
      expect(processedTokens).toBeLessThanOrEqual(1.05 * (sampledTokens + promptTokens + scores));
      expect(ledger.computed.reward).toBeLessThanOrEqual(processedTokens);
      expect(ledger.computed.policy).toBeLessThanOrEqual(ledger.policy.processedTokens);
    }
  });
});

test('a path of 40 steps with four siblings each is run once', async () => {
  const tokenizer = await openTokenizer(embeddedDirectory('prm-3m') ?? '');
  const scorer = new Scorer(reward, new Account(policy.cost, reward.cost));
  const { signal } = new AbortController();
  const prompt = reward.format.begin(question(0));
  const before = (await reward.tree.stats()).prefilled;
  let path = await scorer.begin(prompt, signal);
  let expected = prompt.tokens.length;
  for (let step = 0; step < 40; step++) {
    const texts = [0, 1, 2, 3].map((i) => `${step} + ${i} = ${step + i}${policy.delimiter}`);
    const siblings = await Promise.all(
      texts.map((text) => scorer.score(scorer.prepare(path, [text]) as ScoreRequest, signal)),
    );
    for (const text of texts) expected += tokenizer.encode(text).length;
    path = siblings[step % 4]?.position as ScoredPosition;
  }
  const run = (await reward.tree.stats()).prefilled - before;
  scorer.close();
  expect(run).toBeLessThanOrEqual(1.05 * expected);
});

test('scores of a search equal scores of its whole texts, bit for bit', async () => {
  const { format, tree } = reward;
  let compared = 0;
  for (const strategy of [
    beamSearch({ budget: 16 }),
    dvts({ budget: 16 }),
    bestOfN({ budget: 8 }),
  ]) {
    for (let index = 5; index < 9; index++) {
      const asked = question(index);
      const { paths } = await search(asked, { policy, reward, strategy, seed: index });
      for (const { steps } of paths) {
        const { markers, tokens } = steps.reduce(
          (whole, step) => format.append(whole, step.text),
          format.begin(asked),
        );
        const whole = await tree.extend(tree.root, tokens, { readAt: markers });
        tree.release(whole.node);
        expect(whole.computed).toBe(tokens.length);
        expect(Array.from(whole.heads)).toEqual(steps.map((step) => step.margin));
        compared += markers.length;
      }
    }
  }
  expect(compared).toBeGreaterThan(60);
});

test('what a policy samples is what its tokenizer reads back', async () => {
  const { path } = await search(question(0), { policy, strategy: greedy() });
  expect(policy.decode(path.tokens)).toBe(path.text);
  expect(path.steps.map((step) => step.text).join('')).toBe(path.text);
});

test('all searches give back all they hold', async () => {
  const [policyStats, rewardStats] = [await policy.tree.stats(), await reward.tree.stats()];
  expect([policyStats.pagesUsed, rewardStats.pagesUsed]).toEqual([0, 0]);
});

test('a question longer than the pool rejects with what it needs', async () => {
  await using tiny = await loadPolicy('policy-0.4m', { threads: 2, kvMemory: 2 ** 16 });
  const searching = search(question(0), { policy: tiny, strategy: majority({ budget: 4 }) });
  await expect(searching).rejects.toMatchObject({
    name: 'EngineError',
    code: expect.stringMatching(/^POOL_/),
  });
});
