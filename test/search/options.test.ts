// Improper use of the library: every wrong input is refused in the one template, before any work.
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { loadReward } from '../../src/scoring/load.js';
import { loadPolicy } from '../../src/search/load.js';
import type { SearchOptions } from '../../src/search/options.js';
import { search } from '../../src/search/search.js';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/search/strategy.js';
import { fakePolicy, fakeReward, rambling } from './fake-models.js';

const wrong = (value: object) => value as never;

describe('strategies', () => {
  const cases: readonly [string, () => unknown, string][] = [
    [
      'majority',
      () => majority(wrong({})),
      'Expected `budget` to be an integer >= 1, got undefined',
    ],
    [
      'majority',
      () => majority({ budget: 0 }),
      'Expected `budget` to be an integer >= 1, got 0 (number)',
    ],
    [
      'majority',
      () => majority({ budget: 1.5 }),
      'Expected `budget` to be an integer >= 1, got 1.5 (number)',
    ],
    [
      'majority',
      () => majority(wrong({ budget: '4' })),
      'Expected `budget` to be an integer >= 1, got "4" (string)',
    ],
    [
      'majority',
      () => majority(wrong({ budget: 4, width: 2 })),
      'Expected `an option of majority` to be one of budget, got "width" (string)',
    ],
    [
      'majority',
      () => majority(undefined as never),
      'Expected `majority options` to be an object, got undefined',
    ],
    [
      'bestOfN',
      () => bestOfN(wrong({ budget: 4, vote: 'best' })),
      'Expected `vote` to be one of majority, max, weighted, got "best" (string)',
    ],
    [
      'bestOfN',
      () => bestOfN(wrong({ budget: 4, aggregation: 'sum' })),
      'Expected `aggregation` to be one of min, last, mean, product, got "sum" (string)',
    ],
    [
      'bestOfN',
      () => bestOfN(wrong({ bugdet: 4 })),
      'Expected `an option of bestOfN` to be one of budget, aggregation, vote, got "bugdet" (string); did you mean `budget`?',
    ],
    [
      'beamSearch',
      () => beamSearch({ budget: 10, width: 4 }),
      'Expected `budget` to be a multiple of the width 4, got 10 (number)',
    ],
    [
      'beamSearch',
      () => beamSearch({ budget: 2 }),
      'Expected `budget` to be a multiple of the width 4, got 2 (number)',
    ],
    [
      'beamSearch',
      () => beamSearch({ budget: 8, width: 0 }),
      'Expected `width` to be an integer >= 1, got 0 (number)',
    ],
    [
      'beamSearch',
      () => beamSearch(wrong({ budget: 8, completed: 'keep' })),
      'Expected `completed` to be one of hold, refill, got "keep" (string)',
    ],
    [
      'beamSearch',
      () => beamSearch(wrong({ budget: 8, answers: 'best' })),
      'Expected `an option of beamSearch` to be one of budget, width, completed, aggregation, vote, got "answers" (string)',
    ],
    [
      'dvts',
      () => dvts(wrong({ budget: 8, answers: 'all' })),
      'Expected `answers` to be one of best, siblings, got "all" (string)',
    ],
    [
      'dvts',
      () => dvts({ budget: Number.NaN }),
      'Expected `budget` to be an integer >= 1, got NaN (number)',
    ],
  ];
  test.each(cases)('%s refuses what it cannot use (%#)', (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(expect.objectContaining({ message }));
  });
});

describe('search', () => {
  const { policy, tree } = rambling();
  const { reward, tree: rewardTree } = fakeReward();
  const strategy = dvts({ budget: 8 });
  const good: SearchOptions = { policy, reward, strategy };
  const cases: readonly [unknown, unknown, string][] = [
    ['', good, '`question` to be a text that is not blank, got "" (string)'],
    [' \n', good, '`question` to be a text that is not blank, got " \\n" (string)'],
    [7, good, '`question` to be a text that is not blank, got 7 (number)'],
    ['?', undefined, '`options` to be an object, got undefined'],
    ['?', null, '`options` to be an object, got null'],
    ['?', { strategy }, '`policy` to be made by loadPolicy(), got undefined'],
    ['?', { ...good, policy: './model' }, '`policy` to be made by loadPolicy(), got "./model"'],
    [
      '?',
      { ...good, policy: reward },
      '`policy` to be made by loadPolicy(), got an object (Reward)',
    ],
    [
      '?',
      { ...good, reward: policy },
      '`reward` to be made by loadReward(), got an object (Policy)',
    ],
    ['?', { ...good, strategy: undefined }, '`strategy` to be made by greedy(), majority()'],
    ['?', { ...good, strategy: 'dvts' }, 'got "dvts" (string)'],
    ['?', { ...good, strategy: dvts }, '`budget` to be an integer >= 1, got undefined'],
    ['?', { ...good, strategy: { name: 'mcts' } }, '`strategy` to be made by'],
    [
      '?',
      { ...good, strategy: { ...strategy, budget: 7 } },
      '`budget` to be a multiple of the width 4',
    ],
    [
      '?',
      { ...good, strategy: { name: 'greedy', budget: 1 } },
      '`an option of greedy` to be one of',
    ],
    [
      '?',
      { policy, strategy },
      '`reward` to be made by loadReward(), as dvts needs one, got undefined',
    ],
    ['?', { policy, strategy: bestOfN({ budget: 2 }) }, "as the vote 'weighted' needs one"],
    ['?', { policy, strategy: bestOfN({ budget: 2, vote: 'max' }) }, "as the vote 'max' needs one"],
    ['?', { ...good, seed: -1 }, '`seed` to be an integer >= 0, got -1 (number)'],
    [
      '?',
      { ...good, seed: 2 ** 53 },
      '`seed` to be an integer >= 0, got 9007199254740992 (number)',
    ],
    ['?', { ...good, seed: '1' }, '`seed` to be an integer >= 0, got "1" (string)'],
    ['?', { ...good, temperature: -0.1 }, '`temperature` to be a number >= 0, got -0.1 (number)'],
    ['?', { ...good, temperature: Infinity }, '`temperature` to be a number >= 0, got Infinity'],
    [
      '?',
      { policy, strategy: greedy(), temperature: 1 },
      '`temperature` to be 0 with greedy(), got 1',
    ],
    ['?', { ...good, topK: -1 }, '`topK` to be an integer >= 0, got -1 (number)'],
    ['?', { ...good, topP: 0 }, '`topP` to be a number in (0, 1], got 0 (number)'],
    ['?', { ...good, topP: 1.01 }, '`topP` to be a number in (0, 1], got 1.01 (number)'],
    ['?', { ...good, minP: 1 }, '`minP` to be a number in [0, 1), got 1 (number)'],
    ['?', { ...good, maxSteps: 0 }, '`maxSteps` to be an integer >= 1, got 0 (number)'],
    ['?', { ...good, maxStepTokens: 2.5 }, '`maxStepTokens` to be an integer >= 1, got 2.5'],
    ['?', { ...good, maxPathTokens: null }, '`maxPathTokens` to be an integer >= 1, got null'],
    ['?', { ...good, limits: 100 }, '`limits` to be an object, got 100 (number)'],
    ['?', { ...good, limits: { tokens: 0 } }, '`tokens` to be an integer >= 1, got 0 (number)'],
    ['?', { ...good, limits: { flops: -1 } }, '`flops` to be a number > 0, got -1 (number)'],
    [
      '?',
      { ...good, limits: { milliseconds: '5s' } },
      '`milliseconds` to be a number > 0, got "5s"',
    ],
    [
      '?',
      { ...good, limits: { token: 5 } },
      '`a limit` to be one of tokens, flops, milliseconds, got "token" (string); did you mean `tokens`?',
    ],
    ['?', { ...good, signal: {} }, '`signal` to be an AbortSignal, got an object (Object)'],
    ['?', { ...good, onTrace: 1 }, '`onTrace` to be a function, got 1 (number)'],
    ['?', { ...good, maxStep: 3 }, 'got "maxStep" (string); did you mean `maxSteps`?'],
    ['?', { ...good, sead: 3 }, 'got "sead" (string); did you mean `seed`?'],
  ];
  test.each(cases)('refuses wrong input %#', async (question, options, message) => {
    const searching = search(question as string, options as SearchOptions);
    const error = await searching.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toMatch(/^Expected `/);
    expect((error as Error).message).toContain(message);
    expect([tree.extended.length, rewardTree.extended.length]).toEqual([0, 0]);
  });

  test('refuses a question that leaves no room, in either context', async () => {
    const small = rambling({ context: 9 });
    await expect(search('12345678', { ...good, policy: small.policy })).rejects.toThrow(
      "Expected `question` to be a text that leaves room in the 9 tokens of fake policy's context",
    );
    const { reward: smallReward } = fakeReward({ context: 9 });
    await expect(search('123456', { ...good, reward: smallReward })).rejects.toThrow(
      "Expected `question` to be a text that leaves room in the 9 tokens of fake reward's context",
    );
  });

  test('what onTrace throws rejects the search, with nothing held', async () => {
    const own = rambling();
    const onTrace = ({ type }: { readonly type: string }) => {
      if (type === 'scored') throw new RangeError('mine');
    };
    const searching = search('why', { ...good, policy: own.policy, onTrace });
    await expect(searching).rejects.toThrow(new RangeError('mine'));
    expect(own.tree.held).toBe(0);
  });

  test('a margin that is no number rejects the search', async () => {
    const { reward: broken } = fakeReward({ head: () => Number.NaN });
    await expect(search('why', { ...good, reward: broken })).rejects.toMatchObject({
      name: 'EngineError',
      message: "Expected `the reward model's margin` to be a finite number, got NaN (number)",
    });
  });

  test('use after dispose is refused', async () => {
    const { policy: gone } = fakePolicy({});
    await gone.dispose();
    await gone.dispose();
    await expect(search('why', { ...good, policy: gone })).rejects.toMatchObject({
      name: 'DisposedError',
      message: 'Expected `policy` to be open, got one that was disposed',
    });
    const { reward: goneToo } = fakeReward();
    await goneToo[Symbol.asyncDispose]();
    await expect(search('why', { ...good, reward: goneToo })).rejects.toMatchObject({
      name: 'DisposedError',
      message: 'Expected `reward` to be open, got one that was disposed',
    });
  });
});

describe('loading', () => {
  const cases: readonly [unknown, unknown, string][] = [
    [undefined, {}, "`source` to be a model package's directory or an embedded model's name"],
    ['', {}, '`source` to be a model package\'s directory or an embedded model\'s name, got ""'],
    ['x', null, 'options` to be an object, got null'],
    ['x', { kvMemory: 0 }, '`kvMemory` to be an integer >= 1, got 0 (number)'],
    ['x', { kvMemory: '1G' }, '`kvMemory` to be an integer >= 1, got "1G" (string)'],
    ['x', { threads: 1.5 }, '`threads` to be an integer >= 1, got 1.5 (number)'],
    [
      'x',
      { tokenizer: 'bpe' },
      '`tokenizer` to be a tokenizer of espalier or of transformers.js 4, got "bpe" (string)',
    ],
    ['x', { thread: 2 }, 'got "thread" (string); did you mean `threads`?'],
  ];
  test.each(cases)('refuses wrong input %#', async (source, options, message) => {
    for (const load of [loadPolicy, loadReward]) {
      const error = await load(source as string, options as object).catch((reason) => reason);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain(message);
    }
  });

  test('systemPrompt belongs to policies', async () => {
    await expect(loadPolicy('x', { systemPrompt: wrong([]) })).rejects.toThrow(
      'Expected `systemPrompt` to be a text or null, got an array of 0',
    );
    await expect(loadReward('x', wrong({ systemPrompt: null }))).rejects.toThrow(
      /`an option of loadReward` to be one of kvMemory, threads, tokenizer, got "systemPrompt"/,
    );
  });

  test('a missing package and a wrong role are model errors', async () => {
    await expect(loadPolicy('./no-such-model')).rejects.toMatchObject({
      name: 'ModelError',
      code: 'MISSING_MODEL',
    });
  });
});
