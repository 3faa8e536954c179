// A model's tokenizer: text to ids, ids to exact bytes, chat messages to a prompt. Text is data
// unless the caller says otherwise: control tokens written in it stay ordinary text.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidOption, ModelError } from '../errors.js';
import type { ChatMessage } from './chat-template.js';
import { createTokenizer } from './model-tokenizer.js';
import type { TokenBytes } from './token-bytes.js';

export type { ChatMessage } from './chat-template.js';
export type { TokenBytes } from './token-bytes.js';

export interface EncodeOptions {
  /** Add what the tokenizer puts around a text (BOS, EOS). @default false */
  readonly addSpecial?: boolean;
  /** Recognise the text of control tokens, as templates need it. @default false */
  readonly special?: boolean;
}

export interface DecodeOptions {
  /** Show special tokens by their names, for people to read. @default false */
  readonly special?: boolean;
}

export interface ChatPromptOptions {
  /** End where the assistant begins to write. @default true */
  readonly addGenerationPrompt?: boolean;
}

/** Immutable; safe to share among searches. */
export interface Tokenizer {
  /** Ids lie in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** Whether `chatPrompt` works. */
  readonly hasChatTemplate: boolean;
  /** Ids of a text. Equal to Hugging Face's, but for control tokens written in data. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * `bytesOf` read as UTF-8: special tokens leave nothing (unless asked to), a leading space stays.
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** Exact bytes of the ids, concatenated; special tokens, and ids that no token has, have none. */
  bytesOf(ids: Iterable<number>): Uint8Array;
  /** Exact bytes of ids [0, size). @param size a model's vocabulary. @default vocabularySize */
  tokenBytes(size?: number): TokenBytes;
  /**
   * The ids of a chat, with exactly one BOS if the tokenizer uses one.
   * @throws ModelError UNSUPPORTED_MODEL if there is no template, or it refuses the messages
   */
  chatPrompt(messages: readonly ChatMessage[], options?: ChatPromptOptions): number[];
}

/**
 * Opens `tokenizer.json` and `tokenizer_config.json` of a directory.
 * @throws ModelError MISSING_MODEL, INVALID_MODEL or UNSUPPORTED_MODEL
 */
export async function openTokenizer(directory: string): Promise<Tokenizer> {
  const [tokenizer, config] = await Promise.all([
    readJson(join(directory, 'tokenizer.json')),
    readJson(join(directory, 'tokenizer_config.json')),
  ]);
  return createTokenizer(tokenizer, config, directory);
}

/** A `PreTrainedTokenizer` of transformers.js 4, as far as it is read. */
export interface TransformersTokenizer {
  readonly _tokenizerJSON: Readonly<Record<string, unknown>>;
  readonly _tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly chat_template: unknown;
}

/**
 * Takes a tokenizer from the user: one of ours, or a `PreTrainedTokenizer` of transformers.js 4,
 * whose files are read again here (its chat template as it stands now).
 * @throws OptionError if it is neither
 */
export function adoptTokenizer(given: unknown): Tokenizer {
  checkTokenizer(given);
  if (isTokenizer(given)) return given;
  const config = { ...given._tokenizerConfig, chat_template: given.chat_template };
  return createTokenizer(given._tokenizerJSON, config, 'tokenizer');
}

/** Whether `adoptTokenizer` takes it, without building anything. @throws OptionError if not */
export function checkTokenizer(given: unknown): asserts given is Tokenizer | TransformersTokenizer {
  if (isTokenizer(given) || isTransformersTokenizer(given)) return;
  throw invalidOption('tokenizer', 'a tokenizer of espalier or of transformers.js 4', given);
}

type Json = Readonly<Record<string, unknown>>;

function isTokenizer(value: unknown): value is Tokenizer {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['encode', 'decode', 'bytesOf', 'tokenBytes', 'chatPrompt'] as const;
  return methods.every((name) => typeof (value as Json)[name] === 'function');
}

/** transformers.js tokenizers are callable, so `typeof` says function. */
function isTransformersTokenizer(value: unknown): value is TransformersTokenizer {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  if (!('_tokenizerJSON' in value) || !('_tokenizerConfig' in value)) return false;
  return isObject(value._tokenizerJSON) && isObject(value._tokenizerConfig);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readJson(path: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ModelError(
      `Expected \`${path}\` to be a readable file, got an error (${String(error)}); ` +
        'import or fetch the model again',
      'MISSING_MODEL',
      { cause: error },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, String(error), error);
  }
  if (!isObject(value)) throw invalid(path, 'another JSON value', undefined);
  return value;
}

function invalid(path: string, found: string, cause: unknown): ModelError {
  return new ModelError(
    `Expected \`${path}\` to be a JSON object, got ${found}; import or fetch the model again`,
    'INVALID_MODEL',
    { cause },
  );
}
