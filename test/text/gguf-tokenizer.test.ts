// Tokenizers rebuilt from what a GGUF file holds of them: the vocabularies of test/golden/tokenizers,
// taken apart as a converter does and put together again, give Hugging Face's ids.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import type { ChatMessage } from '../../src/text/chat-template.js';
import { type GgufVocabulary, rebuildTokenizer } from '../../src/text/gguf-tokenizer.js';
import { createTokenizer } from '../../src/text/model-tokenizer.js';
import { mergesOfScores } from '../../src/text/sentencepiece-merges.js';
import type { Tokenizer } from '../../src/text/tokenizer.js';

const GOLDEN = fileURLToPath(new URL('../golden/tokenizers', import.meta.url));

interface TokenizerJson {
  readonly model: { vocab: Record<string, number>; merges: [string, string][] };
  readonly added_tokens: { id: number; content: string; special: boolean }[];
  readonly post_processor: unknown;
}
interface Golden {
  readonly texts: { text: string; ids: number[]; idsWithSpecial: number[] }[];
  readonly chats: { messages: ChatMessage[]; ids: number[] }[];
}

const read = (name: string, file: string) =>
  JSON.parse(readFileSync(join(GOLDEN, name, file), 'utf8')) as unknown;

/** What a GGUF file would hold of a tokenizer. */
function takenApart(name: string, model: string, preTokenizer: string | undefined): GgufVocabulary {
  const json = read(name, 'tokenizer.json') as TokenizerJson;
  const config = read(name, 'tokenizer_config.json') as Record<string, string | null>;
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [text, id] of Object.entries(json.model.vocab)) {
    tokens[id] = text;
    types[id] = /^<0x..>$/.test(text) ? 6 : 1;
  }
  for (const { id, content, special } of json.added_tokens) {
    tokens[id] = content;
    types[id] = special ? (content === '<unk>' ? 2 : 3) : 4;
  }
  const rank = new Map(json.model.merges.map(([a, b], i) => [a + b, i]));
  const idOf = (text: string | null | undefined) => {
    const id = text == null ? -1 : tokens.indexOf(text);
    return id < 0 ? undefined : id;
  };
  return {
    model,
    preTokenizer,
    tokens,
    types,
    merges: model === 'gpt2' ? json.model.merges.map((pair) => pair.join(' ')) : [],
    scores: model === 'llama' ? tokens.map((text) => -(rank.get(text) ?? 1e6)) : [],
    bos: idOf(config.bos_token),
    eos: idOf(config.eos_token),
    unknown: idOf('<unk>'),
    padding: undefined,
    addsBos: undefined,
    addsSpacePrefix: true,
    chatTemplate: config.chat_template ?? undefined,
  };
}

function rebuilt(vocabulary: GgufVocabulary): Tokenizer {
  const { tokenizer, config } = rebuildTokenizer(vocabulary, 'x.gguf');
  return createTokenizer(tokenizer, config, 'x.gguf');
}

describe.each([
  ['llama3', 'gpt2', 'llama-bpe'],
  ['qwen', 'gpt2', 'qwen2'],
  ['sentencepiece-legacy', 'llama', undefined],
])('%s', (name, model, pre) => {
  const golden = read(name, 'golden.json') as Golden;
  const tokenizer = rebuilt(takenApart(name, model, pre));

  test('encodes as the original does', () => {
    expect(golden.texts.length).toBeGreaterThan(15);
    for (const { text, ids, idsWithSpecial } of golden.texts) {
      expect(tokenizer.encode(text, { special: true }), text).toEqual(ids);
      const withSpecial = tokenizer.encode(text, { special: true, addSpecial: true });
      expect(withSpecial, text).toEqual(idsWithSpecial);
    }
  });

  test('renders chats as the original does', () => {
    expect(golden.chats.length).toBeGreaterThan(1);
    for (const { messages, ids } of golden.chats) {
      expect(tokenizer.chatPrompt(messages)).toEqual(ids);
    }
  });
});

describe('pre-tokenizers', () => {
  const vocabulary = takenApart('qwen', 'gpt2', 'smollm');
  const merged = { ...vocabulary, merges: ['1 2', 'Ġ 1', ...vocabulary.merges] };
  const tokens = [...merged.tokens, '12', 'Ġ1'];
  const types = [...merged.types, 1, 1];
  const pieces = (preTokenizer: string) => {
    const tokenizer = rebuilt({ ...merged, tokens, types, preTokenizer });
    return tokenizer.encode('x 12').map((id) => tokens[id]);
  };

  test('smollm takes every digit alone, gpt-2 and llama-bpe numbers, qwen2 digits', () => {
    expect(pieces('smollm')).toEqual(['x', 'Ġ', '1', '2']);
    expect(pieces('gpt-2')).toEqual(['x', 'Ġ', '12']);
    expect(pieces('llama-bpe')).toEqual(['x', 'Ġ', '12']);
    expect(pieces('qwen2')).toEqual(['x', 'Ġ', '1', '2']);
  });

  test('BOS is added where the kind does so, or the file says so', () => {
    const llama = takenApart('llama3', 'gpt2', 'llama-bpe');
    const bos = llama.bos as number;
    expect(rebuilt(llama).encode('a', { addSpecial: true })[0]).toBe(bos);
    expect(rebuilt({ ...llama, addsBos: false }).encode('a', { addSpecial: true })[0]).not.toBe(
      bos,
    );
  });
});

describe('refusals', () => {
  const plain = takenApart('qwen', 'gpt2', 'qwen2');
  const cases: [string, Partial<GgufVocabulary>, string, RegExp][] = [
    ['another model', { model: 't5' }, 'UNSUPPORTED_MODEL', /gpt2 or llama, got "t5"/],
    ['unknown rules', { preTokenizer: 'tekken' }, 'UNSUPPORTED_MODEL', /one of gpt-2, .*"tekken"/],
    ['no rules', { preTokenizer: undefined }, 'UNSUPPORTED_MODEL', /got "none"/],
    [
      'a token twice',
      { tokens: [...plain.tokens, 'a'] },
      'INVALID_MODEL',
      /different texts, got "a"/,
    ],
  ];
  test.each(cases)('%s', (_, change, code, message) => {
    const attempt = () => rebuildTokenizer({ ...plain, ...change }, 'x.gguf');
    expect(attempt).toThrow(ModelError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code }));
  });
});

test('merges of scores: the better piece first, then the longer first part', () => {
  const tokens = ['a', 'b', 'ab', 'ba', 'aba', '<s>'];
  const scores = [0, 0, -2, -3, -1, 0];
  expect(mergesOfScores(tokens, scores, (id) => id < 5)).toEqual([
    ['ab', 'a'],
    ['a', 'ba'],
    ['a', 'b'],
    ['b', 'a'],
  ]);
});
