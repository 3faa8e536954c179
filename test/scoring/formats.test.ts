// What each published format reads: token ids and markers equal those that its authors' code makes with
// Hugging Face's tokenizers; wrong tokenizers are refused.
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { labelTokens, markerToken } from '../../src/model/prm-tokens.js';
import { mathShepherd } from '../../src/scoring/math-shepherd.js';
import { qwenPrm } from '../../src/scoring/qwen-prm.js';
import type { RewardFormat } from '../../src/scoring/reward-format.js';
import { rlhflow } from '../../src/scoring/rlhflow.js';
import { skywork } from '../../src/scoring/skywork.js';
import { type ChatMessage, openTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { checkpointOf, PUBLISHED, type Published, solutionsOf } from './published-models.js';

const BOS = '<|endoftext|>';
const MAKERS: Record<Published, (tokenizer: Tokenizer) => RewardFormat> = {
  'math-shepherd': mathShepherd,
  rlhflow,
  skywork: (tokenizer) => skywork(tokenizer, tokenizer.encode(BOS, { special: true })[0] as number),
  'qwen-prm': qwenPrm,
};

const tokenizers = Object.fromEntries(
  await Promise.all(PUBLISHED.map(async (name) => [name, await openTokenizer(checkpointOf(name))])),
) as Record<Published, Tokenizer>;

describe.each(PUBLISHED)('%s', (name) => {
  const format = MAKERS[name](tokenizers[name]);

  test.each(
    solutionsOf(name).map((golden) => [golden.question, golden] as const),
  )('reads %j as published', (_, { question, steps, ids, markers }) => {
    const prompt = format.begin(question);
    expect(prompt.markers).toEqual([]);
    let solution = prompt;
    for (const [i, step] of steps.entries()) {
      solution = format.append(solution, step);
      expect(solution.markers).toEqual(markers.slice(0, i + 1));
      expect(solution.tokens).toEqual(ids.slice(0, (markers[i] ?? 0) + 1));
    }
    expect(solution.tokens).toEqual(ids);
  });

  test('shares the prompt with every solution, but for a token or two at its end', () => {
    for (const { question, ids } of solutionsOf(name)) {
      const { tokens } = format.begin(question);
      const shared = tokens.findIndex((id, i) => id !== ids[i]);
      expect(tokens.length).toBeLessThan(ids.length);
      expect(shared < 0 ? 0 : tokens.length - shared).toBeLessThanOrEqual(2);
    }
  });

  test('takes the text of control tokens in a step as text', () => {
    const tokenizer = tokenizers[name];
    const own = ['<extra_0>', '<|eot_id|>', '<|im_end|>', '</s>'].filter(
      (text) => tokenizer.encode(text, { special: true }).length === 1,
    );
    expect(own.length).toBeGreaterThan(0);
    const control = own.flatMap((text) => tokenizer.encode(text, { special: true }));
    const controls = (step: string) => {
      const { tokens } = format.append(format.begin('q'), step);
      return tokens.filter((id) => control.includes(id));
    };
    expect(controls(`a ${own.join(' ')} b`)).toEqual(controls('a b'));
  });
});

describe('margins', () => {
  const [first, second] = [1.25, -0.5];
  test.each([
    ['math-shepherd', first - second],
    ['rlhflow', first - second],
    ['qwen-prm', second - first],
    ['skywork', first],
  ] as const)('of %s', (name, expected) => {
    const { margin, headWidth } = MAKERS[name](tokenizers[name]);
    expect(headWidth).toBe(name === 'skywork' ? 1 : 2);
    expect(margin(Float32Array.of(first, second))).toBe(expected);
  });
});

describe('tokens', () => {
  test('are those of the marker and of the labels', () => {
    const texts = (name: Published, ids: readonly number[] = []) =>
      ids.map((id) => tokenizers[name].decode([id]));
    const marker = (name: Exclude<Published, 'rlhflow'>) => markerToken(name, tokenizers[name]);
    const labels = (name: Published) => labelTokens(name, tokenizers[name]);
    expect(texts('math-shepherd', [marker('math-shepherd')])).toEqual([' ки']);
    expect(texts('skywork', [marker('skywork')])).toEqual(['\n']);
    expect(tokenizers['qwen-prm'].decode([marker('qwen-prm')])).toBe(''); // a control token
    expect(texts('math-shepherd', labels('math-shepherd'))).toEqual([' +', ' -']);
    expect(texts('rlhflow', labels('rlhflow'))).toEqual(['+', '-']);
    expect([labels('skywork'), labels('qwen-prm')]).toEqual([undefined, undefined]);
  });

  const nothing = { encode: () => [], chatPrompt: () => [1], hasChatTemplate: true };
  test.each([
    [
      'math-shepherd',
      tokenizers['qwen-prm'],
      /"ки" is one token, as format math-shepherd needs it, got 4/,
    ],
    ['qwen-prm', tokenizers.rlhflow, /"<extra_0>" is one token, as format qwen-prm needs it, got/],
    ['skywork', nothing, /"\\n" is one token, as format skywork needs it, got 0 tokens/],
    ['rlhflow', nothing, /"\+" is one token, as format rlhflow needs it/],
  ] as const)('%s refuses a tokenizer without its own', (name, tokenizer, message) => {
    const make = () => MAKERS[name](tokenizer as unknown as Tokenizer);
    expect(make).toThrow(ModelError);
    expect(make).toThrow(message);
  });

  test('rlhflow needs nothing around a turn', () => {
    const letters = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
    const bare = rlhflow({
      encode: letters,
      chatPrompt: (messages) => letters(messages.map(({ content }) => content).join('')),
    });
    const prompt = bare.begin('q');
    expect(prompt.tokens).toEqual(letters('q'));
    const { tokens, markers } = bare.append(bare.append(prompt, 'a\n\n'), 'b');
    expect([tokens, markers]).toEqual([letters('q a+b'), [2, 4]]);
  });

  test('rlhflow refuses a template that puts something before the answer', () => {
    const letters = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
    const tokenizer = {
      encode: letters,
      chatPrompt: (messages: readonly ChatMessage[]) =>
        letters(messages.map(({ role, content }) => `<${role}>: ${content}`).join('')),
    };
    expect(() => rlhflow(tokenizer)).toThrow(/"\+" is the token after the assistant's header/);
  });

  /** Math-Shepherd's tokenizer with another way to encode; `newlines` of its tokens hold a newline. */
  function shepherds(encode: (text: string) => string, newlines: number) {
    const own = tokenizers['math-shepherd'];
    return mathShepherd({
      encode: (text, options) => own.encode(encode(text), options),
      tokenBytes: () => ({
        bytes: new Uint8Array(newlines).fill(10),
        offsets: Uint32Array.from({ length: newlines + 1 }, (_, i) => i),
      }),
    });
  }

  test.each([1, 2])('math-shepherd reads the same with newlines in %i tokens', (newlines) => {
    const encoded: string[] = [];
    const format = shepherds((text) => encoded[encoded.push(text) - 1] ?? '', newlines);
    for (const { question, steps, ids } of solutionsOf('math-shepherd')) {
      expect(steps.reduce(format.append, format.begin(question)).tokens).toEqual(ids);
      // With one, nothing joins across it: later steps are encoded alone.
      expect(encoded.at(-1)?.startsWith(question)).toBe(newlines > 1);
    }
  });

  test.each([
    ['the step before it', 'b ки', 1],
    ['a newline after it', 'ки\n', 2],
  ])('math-shepherd refuses a tokenizer that joins its tag with %s', (_, joined, newlines) => {
    const format = shepherds((text) => text.replace(joined, 'x'), newlines);
    const attempt = () => ['a', 'a b'].reduce(format.append, format.begin('q'));
    expect(attempt).toThrow(ModelError);
    expect(attempt).toThrow(/ends a step with the token of " ки"/);
  });
});
