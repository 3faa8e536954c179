// The tokenizer of a GGUF file, rebuilt from its vocabulary as tokenizer.json and
// tokenizer_config.json. What a file does not hold is known by name: the rules that cut text into
// words (llama.cpp, `llama-vocab.cpp`; the same patterns as the models' own tokenizer.json).
import { ModelError } from '../errors.js';
import { mergesOfScores } from './sentencepiece-merges.js';

/** What a GGUF file says of its tokenizer; ids index `tokens`. */
export interface GgufVocabulary {
  /** `gpt2`: byte-level BPE; `llama`: SentencePiece with byte fallback. */
  readonly model: string;
  /** Names the rules that cut text into words; only byte-level BPE has some. */
  readonly preTokenizer: string | undefined;
  readonly tokens: readonly string[];
  /** 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; as many as tokens. */
  readonly types: readonly number[];
  /** Pairs joined by a space, of byte-level BPE. */
  readonly merges: readonly string[];
  /** Of SentencePiece; as many as tokens. */
  readonly scores: readonly number[];
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  readonly unknown: number | undefined;
  readonly padding: number | undefined;
  /** Undefined: what is usual for the kind. */
  readonly addsBos: boolean | undefined;
  readonly addsSpacePrefix: boolean;
  readonly chatTemplate: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

const LLAMA3_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" +
  '|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const QWEN2_WORDS = LLAMA3_WORDS.replace('{1,3}', '');

/** How byte-level BPE prepares text. */
interface Words {
  readonly normalizer: Json | null;
  readonly preTokenizers: readonly Json[];
  readonly ignoreMerges: boolean;
  readonly addsBos: boolean;
}

const byteLevel = (useRegex: boolean): Json => {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
};

function split(pattern: string): readonly Json[] {
  const regex = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
  return [regex, byteLevel(false)];
}

const GPT2: Words = {
  normalizer: null,
  preTokenizers: [byteLevel(true)],
  ignoreMerges: false,
  addsBos: false,
};
const SMOLLM: Words = {
  ...GPT2,
  preTokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)],
};
const LLAMA3: Words = {
  normalizer: null,
  preTokenizers: split(LLAMA3_WORDS),
  ignoreMerges: true,
  addsBos: true,
};
const QWEN2: Words = {
  normalizer: { type: 'NFC' },
  preTokenizers: split(QWEN2_WORDS),
  ignoreMerges: false,
  addsBos: false,
};

const WORDS: Readonly<Record<string, Words>> = {
  'gpt-2': GPT2,
  smollm: SMOLLM,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  qwen2: QWEN2,
  'deepseek-r1-qwen': QWEN2,
};

/**
 * Rebuilds the two files.
 * @param where how errors call the GGUF file
 * @throws ModelError UNSUPPORTED_MODEL for a kind of tokenizer that is not known, INVALID_MODEL
 */
export function rebuildTokenizer(
  vocabulary: GgufVocabulary,
  where: string,
): { readonly tokenizer: Json; readonly config: Json } {
  checkTokens(vocabulary.tokens, where);
  if (vocabulary.model === 'gpt2') return byteLevelTokenizer(vocabulary, where);
  if (vocabulary.model === 'llama') return sentencePieceTokenizer(vocabulary);
  throw unsupported(where, 'model', 'gpt2 or llama', vocabulary.model);
}

function byteLevelTokenizer(vocabulary: GgufVocabulary, where: string) {
  const name = vocabulary.preTokenizer ?? 'none';
  if (!Object.hasOwn(WORDS, name)) {
    throw unsupported(where, 'pre', `one of ${Object.keys(WORDS).join(', ')}`, name);
  }
  const words = WORDS[name] as Words;
  return files(vocabulary, vocabulary.addsBos ?? words.addsBos, {
    normalizer: words.normalizer,
    pre_tokenizer: { type: 'Sequence', pretokenizers: words.preTokenizers },
    decoder: byteLevel(true),
    model: {
      ...bpe(vocabulary),
      ignore_merges: words.ignoreMerges,
      merges: vocabulary.merges.map((pair) => pair.split(' ')),
    },
  });
}

function sentencePieceTokenizer(vocabulary: GgufVocabulary) {
  const { tokens, types, scores } = vocabulary;
  const unknown = tokens[vocabulary.unknown ?? types.indexOf(UNKNOWN)];
  const prefix = vocabulary.addsSpacePrefix ? [{ type: 'Prepend', prepend: '▁' }] : [];
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  const spaces = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  const decoders = [spaces, { type: 'ByteFallback' }, { type: 'Fuse' }];
  const isPiece = (id: number): boolean => types[id] === NORMAL;
  return files(vocabulary, vocabulary.addsBos ?? true, {
    normalizer: { type: 'Sequence', normalizers: [...prefix, replace] },
    pre_tokenizer: null,
    decoder: { type: 'Sequence', decoders: [...decoders, ...(prefix.length > 0 ? [strip] : [])] },
    model: {
      ...bpe(vocabulary),
      unk_token: unknown ?? null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      merges: mergesOfScores(tokens, scores, isPiece),
    },
  });
}

/** What every BPE model holds. Control, user-defined and unused tokens are no part of it. */
function bpe({ tokens, types }: GgufVocabulary): Json {
  const parts = [NORMAL, UNKNOWN, BYTE];
  const vocab = tokens.flatMap((token, id) => {
    return parts.includes(types[id] ?? NORMAL) ? [[token, id] as const] : [];
  });
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(vocab),
  };
}

function files(vocabulary: GgufVocabulary, addsBos: boolean, parts: Json) {
  const { tokens, types, bos, chatTemplate } = vocabulary;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = tokens.flatMap((content, id) => {
    const type = types[id];
    const special = type === CONTROL || type === UNKNOWN;
    return special || type === USER_DEFINED ? [{ id, content, ...flags, special }] : [];
  });
  const text = (id: number | undefined) => (id === undefined ? null : (tokens[id] ?? null));
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    ...parts,
    post_processor: addsBos && bos !== undefined ? beginningWith(text(bos) ?? '', bos) : null,
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: text(bos),
    eos_token: text(vocabulary.eos),
    unk_token: text(vocabulary.unknown),
    pad_token: text(vocabulary.padding),
    clean_up_tokenization_spaces: false,
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  };
  return { tokenizer, config };
}

/** A post-processor that puts BOS before a text. */
function beginningWith(bos: string, id: number): Json {
  const special = { SpecialToken: { id: bos, type_id: 0 } };
  const sequence = (name: string) => ({ Sequence: { id: name, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [special, sequence('A')],
    pair: [special, sequence('A'), sequence('B')],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  };
}

function checkTokens(tokens: readonly string[], where: string): void {
  const idOf = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const other = idOf.get(token);
    if (other !== undefined) {
      throw new ModelError(
        `Expected \`${where}: tokenizer.ggml.tokens\` to be different texts, got ` +
          `${JSON.stringify(token)} for ${other} and ${id}; use another file of the model`,
        'INVALID_MODEL',
      );
    }
    idOf.set(token, id);
  }
}

function unsupported(where: string, key: string, expected: string, found: string): ModelError {
  return new ModelError(
    `Expected \`${where}: tokenizer.ggml.${key}\` to be ${expected}, got "${found}"; import the ` +
      "model's safetensors instead",
    'UNSUPPORTED_MODEL',
  );
}
