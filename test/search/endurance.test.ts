// Wear on the real engine: aborts at 500 moments leave no page behind, 1,000 searches no memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../../src/evaluation/dataset.js';
import { uniformAt } from '../../src/random.js';
import { loadReward } from '../../src/scoring/load.js';
import type { Reward } from '../../src/scoring/reward.js';
import { loadPolicy } from '../../src/search/load.js';
import type { Policy } from '../../src/search/policy.js';
import { search } from '../../src/search/search.js';
import { beamSearch, bestOfN, dvts, majority } from '../../src/search/strategy.js';

let policy: Policy;
let reward: Reward;
let questions: readonly string[];
const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);

const strategiesOf = (budget: number) => [
  majority({ budget }),
  bestOfN({ budget }),
  beamSearch({ budget, width: 2 }),
  dvts({ budget, width: 2 }),
];

beforeAll(async () => {
  process.on('unhandledRejection', onRejection);
  policy = await loadPolicy('policy-0.4m', { threads: 1, kvMemory: 2 ** 26 });
  reward = await loadReward('prm-3m', { threads: 1, kvMemory: 2 ** 28 });
  questions = (await openDataset('calibration')).problems.map(({ problem }) => problem);
});
afterAll(async () => {
  await policy.dispose();
  await reward.dispose();
  process.off('unhandledRejection', onRejection);
});

function start(index: number, signal?: AbortSignal, budget = 4) {
  const strategy = strategiesOf(budget)[index % 4] ?? majority({ budget });
  const question = questions[index % questions.length] ?? '';
  const options = { policy, reward, strategy, seed: index };
  return search(question, signal === undefined ? options : { ...options, signal });
}

async function pagesUsed(): Promise<number> {
  return (await policy.tree.stats()).pagesUsed + (await reward.tree.stats()).pagesUsed;
}

test('500 aborts at random moments give every page back', async () => {
  expect(await pagesUsed()).toBe(0);
  const reasons = new Map<string, number>();
  for (let batch = 0; batch < 50; batch++) {
    const searches = Array.from({ length: 10 }, async (_, at) => {
      const index = 10 * batch + at;
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 60 * uniformAt(1n, 2n, index));
      const { stopReason } = await start(index, controller.signal);
      reasons.set(stopReason, (reasons.get(stopReason) ?? 0) + 1);
    });
    await Promise.all(searches);
    expect(await pagesUsed()).toBe(0);
  }
  expect(reasons.get('aborted')).toBeGreaterThan(100);
  expect(rejections).toEqual([]);
}, 300_000);

test('1,000 searches leave memory flat', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const resident = async () => {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    return process.memoryUsage.rss() / 2 ** 20;
  };
  // The first hundred run wider than what follows, so that arenas and heaps have grown to their size.
  await Promise.all(Array.from({ length: 100 }, (_, index) => start(index, undefined, 16)));
  const before = await resident();
  const after: number[] = [];
  for (let round = 1; round < 10; round++) {
    for (let batch = 0; batch < 5; batch++) {
      const first = 100 * round + 20 * batch;
      await Promise.all(Array.from({ length: 20 }, (_, at) => start(first + at)));
    }
    after.push(await resident());
  }
  expect(await pagesUsed()).toBe(0);
  const listing = [before, ...after].map((mebibytes) => mebibytes.toFixed(1)).join(', ');
  for (const mebibytes of after) {
    expect(mebibytes, `MiB after every 100: ${listing}`).toBeLessThan(1.05 * before);
  }
}, 600_000);
