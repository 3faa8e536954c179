// Scoring step by step: what is run, what it costs, that it equals scoring the whole, and its format.
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/ledger.js';
import { scoreOf } from '../../src/scoring/reward-format.js';
import { Scorer } from '../../src/scoring/scorer.js';
import { stepHead } from '../../src/scoring/step-head.js';
import { cost, fakeFormat, fakeReward } from '../search/fake-models.js';

const { signal } = new AbortController();

describe('a scorer', () => {
  test('runs the new tokens alone and reads them at the markers', async () => {
    const { reward, tree } = fakeReward();
    const account = new Account(cost, cost);
    const scorer = new Scorer(reward, account);
    const start = await scorer.begin(fakeFormat.begin('why'), signal);
    const first = scorer.prepare(start, ['a\n\n']);
    if (first === undefined) throw new Error('fits');
    expect([first.shared, first.markers]).toEqual([6, [7]]);
    const one = await scorer.score(first, signal);
    const second = scorer.prepare(one.position, ['bc', 'd\n\n']);
    if (second === undefined) throw new Error('fits');
    expect([second.shared, second.markers]).toEqual([8, [10, 12]]);
    const two = await scorer.score(second, signal);
    expect(tree.computedTokens).toBe('Q:why\na|bc|d|'.length);
    const { reward: spent } = account.close(0);
    expect([spent.promptTokens, spent.processedTokens]).toEqual([6, 13]);
    expect([spent.calls, spent.scores]).toEqual([2, 3]);

    const whole = scorer.prepare(start, ['a\n\n', 'bc', 'd\n\n']);
    if (whole === undefined) throw new Error('fits');
    const all = await scorer.score(whole, signal);
    expect(all.margins).toEqual([...one.margins, ...two.margins]);
    expect(all.scores).toEqual(all.margins.map(scoreOf));
    scorer.release(one.position);
    scorer.release(one.position);
    scorer.close();
    expect(tree.held).toBe(0);
  });

  test('prepares the steps that fit, nothing where none does', async () => {
    const { reward } = fakeReward({ context: 10 });
    const scorer = new Scorer(reward, new Account(cost, cost));
    const start = await scorer.begin(fakeFormat.begin('why'), signal);
    expect(scorer.prepare(start, ['abc'])?.markers).toEqual([9]);
    expect(scorer.prepare(start, ['abcd'])).toBe(undefined);
    expect(scorer.prepare(start, ['ab', 'cd'])?.markers).toEqual([8]);
    scorer.close();
  });
});

describe('scoreOf', () => {
  test('is the logistic function in double precision, at both ends', () => {
    expect(scoreOf(0)).toBe(0.5);
    expect(scoreOf(1)).toBe(1 / (1 + Math.exp(-1)));
    expect(scoreOf(-700)).toBeGreaterThan(0);
    expect(scoreOf(-1e4)).toBe(0);
    expect(scoreOf(1e4)).toBe(1);
    for (const margin of [0.1, 3, 17, 36]) {
      expect(scoreOf(margin) + scoreOf(-margin)).toBeCloseTo(1, 15);
    }
  });
});

describe('step-head', () => {
  const letters = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
  const format = stepHead(
    {
      encode: letters,
      chatPrompt: (messages) =>
        letters(`${messages.map(({ role, content }) => `<${role}>${content}`).join('')}<a>`),
    },
    '\n\n',
  );
  const textOf = (tokens: readonly number[]) => String.fromCharCode(...tokens);

  test('is the chat prompt and the steps, each ended by the delimiter, which is its marker', () => {
    const solution = ['one\n\n', '\ntwo', 'three \n\n\n'].reduce(format.append, format.begin('q'));
    expect(textOf(solution.tokens)).toBe('<user>q<a>one\n\ntwo\n\nthree\n\n');
    expect(solution.markers).toEqual([14, 19, 26]);
    expect(format.begin('q').markers).toEqual([]);
  });

  test('takes its one logit as the margin', () => {
    expect(format.headWidth).toBe(1);
    expect(format.margin(Float32Array.of(-1.25))).toBe(-1.25);
  });
});
