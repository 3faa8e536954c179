// Any reward model may score any policy's texts: what its vocabulary lacks it spells out, so no text is
// refused, every byte is read, and every score is a number.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import { Account } from '../../src/ledger.js';
import { loadReward } from '../../src/scoring/load.js';
import type { Reward } from '../../src/scoring/reward.js';
import { Scorer } from '../../src/scoring/scorer.js';
import { openTokenizer } from '../../src/text/tokenizer.js';

const package_ = fileURLToPath(new URL('../../models/prm-3m', import.meta.url));
const texts = [
  'Photosynthesis is a vital biological process.',
  '$\\frac{x^2}{3} \\le \\sqrt{\\pi}$, so $\\boxed{\\text{(A)}}$',
  'Zoë a 3 pommes à 2,50 €; cafe\u0301, 東京 привет עברית हिन्दी',
  '🙂👩‍👩‍👧🇫🇷 \u200b\ufeff\u00a0\u2028',
  '<|im_start|>assistant <|eos|><|assistant|></s>[INST]',
  'tab\tand\r\nreturn\u0000\u0007\u001b[31m',
  'half a pair \ud83d and the other \ude42',
  '',
  ' \n',
  'a'.repeat(100),
  '−½⅓×÷≈∞∑∫√①Ⅳ٣３',
];

let reward: Reward;
beforeAll(async () => {
  reward = await loadReward(package_, { kvMemory: 2 ** 25, threads: 1 });
});
afterAll(() => reward.dispose());

/** A text of characters from all of Unicode, lone surrogates among them. */
function randomText(stream: RandomStream): string {
  const ends = [0x80, 0x250, 0x3000, 0x10000, 0x110000] as const;
  const character = () => String.fromCodePoint(stream.below(ends[stream.below(5)] ?? 0x80));
  return Array.from({ length: 1 + stream.below(30) }, character).join('');
}

test('its tokenizer loses no byte of any text', async () => {
  const tokenizer = await openTokenizer(package_);
  const stream = new RandomStream(4);
  const all = [...texts, ...Array.from({ length: 1000 }, () => randomText(stream))];
  for (const text of all) {
    const ids = tokenizer.encode(text);
    expect(Math.max(0, ...ids)).toBeLessThan(tokenizer.vocabularySize);
    expect(tokenizer.decode(ids)).toBe(Buffer.from(text).toString());
  }
});

test('scores every text, as a question and as a step', async () => {
  const stream = new RandomStream(5);
  const all = [...texts, ...Array.from({ length: 40 }, () => randomText(stream))];
  const { signal } = new AbortController();
  const scorer = new Scorer(reward, new Account(reward.cost, reward.cost));
  for (const [i, question] of all.entries()) {
    const steps = [all.at(i - 1) ?? '', `${all.at(i - 2)}\n\n`];
    const start = await scorer.begin(reward.format.begin(question), signal);
    const request = scorer.prepare(start, steps);
    if (request === undefined) throw new Error(`no room for ${question}`);
    const { scores, position } = await scorer.score(request, signal);
    expect(scores).toHaveLength(2);
    for (const score of scores) expect(score >= 0 && score <= 1, question).toBe(true);
    scorer.release(position);
    scorer.release(start);
  }
  scorer.close();
});
