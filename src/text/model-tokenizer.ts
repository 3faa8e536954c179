// The one implementation of Tokenizer: Hugging Face's tokenizers, with control tokens under aliases.
import { Tokenizer as TokenizerCore } from '@huggingface/tokenizers';
import { ModelError } from '../errors.js';
import { type ChatMessage, ChatTemplate, defaultTemplate } from './chat-template.js';
import { type AddedToken, SpecialTokens, tokenText } from './special-tokens.js';
import { bytesOfPiece, packTokenBytes, spellingOf, type TokenBytes } from './token-bytes.js';
import type { ChatPromptOptions, DecodeOptions, EncodeOptions, Tokenizer } from './tokenizer.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * Makes a tokenizer from the parsed tokenizer.json and tokenizer_config.json.
 * @param where how errors call the files' directory
 * @throws ModelError INVALID_MODEL or UNSUPPORTED_MODEL
 */
export function createTokenizer(tokenizer: Json, config: Json, where: string): Tokenizer {
  return new ModelTokenizer(tokenizer, config, where);
}

class ModelTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly #core: TokenizerCore;
  readonly #special: SpecialTokens;
  readonly #template: ChatTemplate | undefined;
  readonly #pieces: readonly (Uint8Array | undefined)[]; // by id
  readonly #names: ReadonlyMap<number, Uint8Array>; // of special tokens
  readonly #bos: number | undefined;
  readonly #addsBos: boolean;
  readonly #where: string;

  constructor(json: Json, config: Json, where: string) {
    this.#where = where;
    const added = addedTokens(json, where);
    const template = defaultTemplate(config.chat_template);
    this.#special = new SpecialTokens(added, template);
    const spelling = spellingOf(json, `${where}: tokenizer.json`);
    const core = coreOf(json, config, added, this.#special, where);
    const { vocabulary } = core;
    this.#core = core.tokenizer;
    const pieces: (Uint8Array | undefined)[] = [];
    for (const [text, id] of vocabulary) pieces[id] = bytesOfPiece(text, spelling);
    const utf8 = new TextEncoder();
    const names = new Map<number, Uint8Array>();
    for (const { id, content, special } of added) {
      const bytes = utf8.encode(content);
      pieces[id] = special ? undefined : bytes;
      if (special) names.set(id, bytes);
    }
    this.#names = names;
    this.vocabularySize = pieces.length;
    this.#pieces = pieces;
    if (template !== undefined) {
      this.#template = new ChatTemplate(template, config, `${where}: tokenizer_config.json`);
    }
    const bosText = tokenText(config.bos_token);
    this.#bos =
      added.find((token) => token.content === bosText)?.id ??
      (bosText === undefined ? undefined : vocabulary.get(bosText));
    this.#addsBos =
      this.#bos !== undefined && this.encode('', { addSpecial: true })[0] === this.#bos;
  }

  get hasChatTemplate(): boolean {
    return this.#template !== undefined;
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const input = options.special === true ? this.#special.recognise(text) : text;
    return this.#core.encode(input, { add_special_tokens: options.addSpecial === true }).ids;
  }

  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const names = options.special === true ? this.#names : undefined;
    const pieces = Array.from(ids, (id) => this.#pieces[id] ?? names?.get(id));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(packTokenBytes(pieces).bytes);
  }

  bytesOf(ids: Iterable<number>): Uint8Array {
    return packTokenBytes(Array.from(ids, (id) => this.#pieces[id])).bytes;
  }

  tokenBytes(size: number = this.vocabularySize): TokenBytes {
    return packTokenBytes(Array.from({ length: size }, (_, id) => this.#pieces[id]));
  }

  chatPrompt(messages: readonly ChatMessage[], options: ChatPromptOptions = {}): number[] {
    if (this.#template === undefined) {
      throw new ModelError(
        `Expected \`${this.#where}: tokenizer_config.json\` to be one with a chat_template, got ` +
          'none; use a model that was trained for chat',
        'UNSUPPORTED_MODEL',
      );
    }
    const hidden: string[] = [];
    const data = messages.map(({ role, content }) => {
      return { role, content: this.#special.hide(content, hidden) };
    });
    const rendered = this.#template.render(data, options.addGenerationPrompt ?? true);
    // Aliases go in before the data comes back, so that only the template's tokens are recognised.
    const text = this.#special.restore(this.#special.recognise(rendered), hidden);
    return this.#withOneBos(this.encode(text));
  }

  #withOneBos(ids: number[]): number[] {
    if (this.#bos === undefined) return ids;
    let first = 0;
    while (ids[first] === this.#bos) first++;
    if (first === 0) return this.#addsBos ? [this.#bos, ...ids] : ids;
    return ids.slice(first - 1);
  }
}

/** The library's tokenizer with every control token under its alias, and the plain vocabulary. */
function coreOf(
  json: Json,
  config: Json,
  added: readonly AddedToken[],
  special: SpecialTokens,
  where: string,
): { tokenizer: TokenizerCore; vocabulary: ReadonlyMap<string, number> } {
  const model = json.model as Json;
  const aliased = added.map(({ content, raw }) => {
    return special.has(content)
      ? { ...raw, content: special.aliasOf(content), normalized: false }
      : raw;
  });
  try {
    const vocabulary = vocabularyOf(model);
    const tokenizer = new TokenizerCore(
      {
        ...json,
        model: { ...model, vocab: withoutControl(model, special) },
        added_tokens: aliased,
        post_processor: renamed(json.post_processor, special),
      },
      { ...config, additional_special_tokens: [] },
    );
    return { tokenizer, vocabulary };
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(
      `Expected \`${where}: tokenizer.json\` to be a tokenizer that can be built, got ` +
        `"${error instanceof Error ? error.message : String(error)}"; fetch the model again`,
      'INVALID_MODEL',
      { cause: error },
    );
  }
}

/** Token text to id: BPE and word models hold an object, Unigram a list of [text, score]. */
function vocabularyOf(model: Json): ReadonlyMap<string, number> {
  const { vocab } = model;
  if (Array.isArray(vocab)) return new Map(vocab.map((entry, id) => [String(entry[0]), id]));
  return new Map(Object.entries(vocab as Readonly<Record<string, number>>));
}

/** A control token's own text must not be found by a model that looks whole words up. */
function withoutControl(model: Json, special: SpecialTokens): unknown {
  const { vocab, unk_token: unknown } = model;
  if (Array.isArray(vocab)) return vocab;
  return Object.fromEntries(
    Object.entries(vocab as object).filter(([text]) => text === unknown || !special.has(text)),
  );
}

/** A copy of JSON in which the text of control tokens is replaced by their aliases. */
function renamed(value: unknown, special: SpecialTokens): unknown {
  if (typeof value === 'string') return special.aliasOf(value);
  if (Array.isArray(value)) return value.map((item) => renamed(item, special));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [special.aliasOf(key), renamed(item, special)]),
  );
}

function addedTokens(json: Json, where: string): AddedToken[] {
  const tokens = json.added_tokens ?? [];
  const valid = Array.isArray(tokens) && tokens.every(isAddedToken);
  if (!valid || typeof json.model !== 'object' || json.model === null) {
    throw new ModelError(
      `Expected \`${where}: tokenizer.json\` to be an object with a model and added tokens, got ` +
        'something else; fetch the model again',
      'INVALID_MODEL',
    );
  }
  return tokens.map((raw) => ({
    id: raw.id,
    content: raw.content,
    special: raw.special === true,
    raw,
  }));
}

function isAddedToken(value: unknown): value is { id: number; content: string } & Json {
  if (typeof value !== 'object' || value === null) return false;
  const { id, content } = value as Json;
  const isId = Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < 1 << 24;
  return isId && typeof content === 'string';
}
