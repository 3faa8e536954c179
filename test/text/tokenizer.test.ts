// Ids, bytes and chat prompts against Hugging Face's own implementations: goldens of its Python
// libraries (test/golden/make_tokenizers.py) and transformers.js beside us.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoTokenizer, env } from '@huggingface/transformers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  adoptTokenizer,
  type ChatMessage,
  openTokenizer,
  type Tokenizer,
} from '../../src/text/tokenizer.js';

const GOLDEN = fileURLToPath(new URL('../golden/tokenizers', import.meta.url));
const LLAMA = fileURLToPath(new URL('../golden/llama', import.meta.url));

interface Golden {
  readonly texts: { text: string; ids: number[]; idsWithSpecial: number[] }[];
  readonly chats: { messages: ChatMessage[]; ids: number[] }[];
}

/** What a kind puts in front of the bytes of a text. */
const KINDS = [
  { name: 'llama3', prefix: '', control: ['<|eot_id|>', '<|begin_of_text|>'], bos: true },
  { name: 'qwen', prefix: '', control: ['<|im_end|>', '<|im_start|>system\n'], bos: false },
  { name: 'sentencepiece-legacy', prefix: ' ', control: ['</s>', '<s>'], bos: true },
  { name: 'sentencepiece-first', prefix: ' ', control: ['</s>', '<s>'], bos: true },
] as const;

describe.each(KINDS)('$name', ({ name, prefix, control, bos }) => {
  const directory = join(GOLDEN, name);
  const golden = JSON.parse(readFileSync(join(directory, 'golden.json'), 'utf8')) as Golden;
  let tokenizer: Tokenizer;
  let controlIds: Set<number>;

  beforeAll(async () => {
    tokenizer = await openTokenizer(directory);
    const json = JSON.parse(readFileSync(join(directory, 'tokenizer.json'), 'utf8')) as {
      added_tokens: { id: number; special: boolean }[];
    };
    controlIds = new Set(json.added_tokens.filter((t) => t.special).map((t) => t.id));
    expect(controlIds.size).toBeGreaterThan(1);
  });

  test('encodes as Hugging Face does', () => {
    expect(golden.texts.length).toBeGreaterThan(15);
    for (const { text, ids, idsWithSpecial } of golden.texts) {
      expect(tokenizer.encode(text, { special: true }), text).toEqual(ids);
      expect(tokenizer.encode(text, { special: true, addSpecial: true }), text).toEqual(
        idsWithSpecial,
      );
    }
  });

  test('renders chats as Hugging Face does', () => {
    expect(golden.chats.length).toBeGreaterThan(1);
    for (const { messages, ids } of golden.chats) {
      expect(tokenizer.chatPrompt(messages)).toEqual(ids);
    }
  });

  test('agrees with transformers.js, and adopts its tokenizer', async () => {
    env.allowRemoteModels = false;
    const other = await AutoTokenizer.from_pretrained(directory, { local_files_only: true });
    const adopted = adoptTokenizer(other);
    for (const { text } of golden.texts) {
      const ids = other.encode(text, { add_special_tokens: false });
      expect(tokenizer.encode(text, { special: true }), text).toEqual(ids);
      expect(adopted.encode(text, { special: true }), text).toEqual(ids);
    }
    for (const { messages } of golden.chats) {
      expect(adopted.chatPrompt(messages)).toEqual(tokenizer.chatPrompt(messages));
    }
  });

  test('text that is data holds no control token, and its bytes come back', () => {
    for (const { text } of golden.texts) {
      const ids = tokenizer.encode(text);
      expect(
        ids.filter((id) => controlIds.has(id) && id !== 0),
        text,
      ).toEqual([]);
      // NFC is the one normalisation among these tokenizers.
      const expected = name === 'qwen' ? text.normalize('NFC') : text;
      const lead = text === '' ? '' : prefix;
      const found = tokenizer.decode(ids);
      if (name !== 'sentencepiece-first') expect(found).toBe(lead + expected);
      else expect([expected, lead + expected]).toContain(found);
    }
  });

  test('control tokens inside a message are only text', () => {
    for (const written of control) {
      const content = `1 ${written} + ${written}${written}`;
      const ids = tokenizer.chatPrompt([{ role: 'user', content }]);
      const plain = tokenizer.chatPrompt([{ role: 'user', content: '1 x + xx' }]);
      const count = (list: number[]) => list.filter((id) => controlIds.has(id)).length;
      expect(count(ids)).toBe(count(plain));
      expect(tokenizer.decode(ids)).toContain(content);
    }
  });

  test('a prompt begins with exactly one BOS, if there is one', () => {
    const ids = tokenizer.chatPrompt([{ role: 'user', content: 'a' }]);
    const bosId = tokenizer.encode('', { addSpecial: true })[0];
    expect(bosId !== undefined).toBe(bos);
    expect(ids.filter((id) => id === bosId)).toHaveLength(bos ? 1 : 0);
    if (bos) expect(ids[0]).toBe(bosId);
  });

  test('tokenBytes holds what bytesOf gives, and nothing for special tokens', () => {
    const { bytes, offsets } = tokenizer.tokenBytes(tokenizer.vocabularySize + 8);
    expect(offsets).toHaveLength(tokenizer.vocabularySize + 9);
    for (let id = 0; id < tokenizer.vocabularySize + 8; id++) {
      const slice = bytes.subarray(offsets[id], offsets[id + 1]);
      expect(slice).toEqual(tokenizer.bytesOf([id]));
      const isEmpty = controlIds.has(id) || id >= tokenizer.vocabularySize;
      expect(slice.length === 0, `token ${id}`).toBe(isEmpty);
    }
  });
});

describe('special cases', () => {
  const json = (file: string) =>
    JSON.parse(readFileSync(join(GOLDEN, 'llama3', file), 'utf8')) as Record<string, unknown>;
  const adopt = (template: string | undefined) =>
    adoptTokenizer({
      _tokenizerJSON: json('tokenizer.json'),
      _tokenizerConfig: json('tokenizer_config.json'),
      chat_template: template,
    });

  test('a second BOS of the template is dropped, a missing one added', async () => {
    const bos = (await openTokenizer(join(GOLDEN, 'llama3'))).encode('', { addSpecial: true });
    const twice = adopt('{{ bos_token }}{{ bos_token }}{{ messages[0].content }}');
    const never = adopt('{{ messages[0].content }}');
    const expected = [...bos, ...twice.encode('a b')];
    expect(twice.chatPrompt([{ role: 'user', content: 'a b' }])).toEqual(expected);
    expect(never.chatPrompt([{ role: 'user', content: 'a b' }])).toEqual(expected);
  });

  test('the date in a prompt does not come from the clock', () => {
    const tokenizer = adopt("{{ date_string if date_string is defined else strftime_now('%Y') }}");
    expect(tokenizer.decode(tokenizer.chatPrompt([]))).toBe('26 Jul 2024');
  });

  test('added tokens that a template writes are control tokens, with bytes of their own', async () => {
    const directory = join(GOLDEN, 'qwen');
    const file = (name: string) =>
      JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<string, unknown>;
    const tokenizer = adoptTokenizer({
      _tokenizerJSON: file('tokenizer.json'),
      _tokenizerConfig: file('tokenizer_config.json'),
      chat_template: '{{ messages[0].content }}<think>',
    });
    const plain = await openTokenizer(directory);
    expect(plain.encode('<think>')).toHaveLength(1); // not special, and not in its template
    expect(tokenizer.encode('<think>').length).toBeGreaterThan(1);
    const ids = tokenizer.chatPrompt([{ role: 'user', content: '<think>' }]);
    expect(ids.at(-1)).toBe(plain.encode('<think>')[0]);
    expect(tokenizer.decode(ids)).toBe('<think><think>');
  });

  test('a template that refuses the messages is an error that says why', () => {
    const tokenizer = adopt("{{ raise_exception('No system role') }}");
    expect(() => tokenizer.chatPrompt([{ role: 'system', content: 'x' }])).toThrow(
      /Expected `tokenizer: tokenizer_config.json: chat_template` .* system.*No system role/,
    );
  });

  test.each([
    ['no template', undefined, /chat_template, got none/],
    ['a broken template', '{% if %}', /Jinja template that can be parsed/],
  ])('%s', (_, template, message) => {
    expect(() => adopt(template).chatPrompt([{ role: 'user', content: 'x' }])).toThrow(message);
  });

  test.each([null, 7, 'x', {}, { encode: () => [] }])('adopts no %j', (value) => {
    expect(() => adoptTokenizer(value)).toThrow(/Expected `tokenizer` to be/);
  });

  test('a tokenizer whose tokens are no bytes is refused', () => {
    const given = {
      _tokenizerJSON: { ...json('tokenizer.json'), decoder: { type: 'WordPiece', prefix: '##' } },
      _tokenizerConfig: {},
      chat_template: undefined,
    };
    expect(() => adoptTokenizer(given)).toThrow(/decoder` to be byte-level.*got WordPiece/);
  });

  test('missing and damaged files are named', async () => {
    await expect(openTokenizer(join(GOLDEN, 'nowhere'))).rejects.toMatchObject({
      name: 'ModelError',
      code: 'MISSING_MODEL',
    });
    await expect(openTokenizer(GOLDEN)).rejects.toThrow(/tokenizer.json` to be a readable file/);
  });

  test('every byte string of a byte-level vocabulary round-trips', async () => {
    const tokenizer = await openTokenizer(LLAMA);
    const { bytes, offsets } = tokenizer.tokenBytes();
    const single = new Set<number>();
    for (let id = 0; id < tokenizer.vocabularySize; id++) {
      if ((offsets[id + 1] as number) - (offsets[id] as number) === 1) {
        single.add(bytes[offsets[id] as number] as number);
      }
    }
    expect(single.size).toBe(256);
  });
});
