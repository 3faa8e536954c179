// What a GGUF file says of its model besides the tensors, in the words of a Hugging Face checkpoint:
// config.json, generation_config.json and the tokenizer's two files.
import { type GgufVocabulary, rebuildTokenizer } from '../text/gguf-tokenizer.js';
import { modelFault } from './fault.js';
import { Fields } from './fields.js';
import { GgufFile } from './gguf-file.js';
import { ROPE_FACTORS } from './gguf-tensors.js';
import type { SourceFiles } from './source.js';

const REMEDY = 'use another file of the model';

/** Hugging Face's architecture by GGUF's. Mistral's files say `llama`. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: 'LlamaForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
};

/** The id -1 of a token that there is not, as some files write it. */
const NO_TOKEN = 0xffff_ffff;

/** Control tokens that end a turn or a text, whatever the file names as its one EOS. */
const ENDS = [
  '<|eot_id|>',
  '<|eom_id|>',
  '<|im_end|>',
  '<|end|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|end_of_text|>',
];

/** @throws ModelError MISSING_MODEL, INVALID_FILE, INVALID_MODEL or UNSUPPORTED_MODEL */
export async function readGgufSource(path: string): Promise<SourceFiles> {
  const file = await GgufFile.open(path);
  try {
    const fields = new Fields(Object.fromEntries(file.metadata), path, REMEDY);
    refuseParts(fields);
    const vocabulary = vocabularyOf(fields);
    const { tokenizer, config } = rebuildTokenizer(vocabulary, path);
    const isTied = !file.tensors.has('output.weight');
    return {
      config: new Fields(configOf(fields, vocabulary.tokens.length, isTied), path, REMEDY),
      generation: new Fields({ eos_token_id: endsOf(fields, vocabulary) }, path, REMEDY),
      tokenizer: { path: `${path}: tokenizer`, text: `${JSON.stringify(tokenizer)}\n` },
      tokenizerConfig: {
        path: `${path}: tokenizer`,
        text: `${JSON.stringify(config, null, 2)}\n`,
      },
      licence: textOf(fields, 'general.license') ?? 'unknown',
      ropeFactors: file.tensors.has(ROPE_FACTORS) ? await file.read(ROPE_FACTORS) : undefined,
    };
  } finally {
    await file.close();
  }
}

function refuseParts(fields: Fields): void {
  if (!fields.has('split.count') || fields.integer('split.count') <= 1) return;
  throw modelFault(
    'UNSUPPORTED_MODEL',
    fields.path('split.count'),
    'a GGUF file in one part',
    `one of ${fields.integer('split.count')}`,
    'join the parts first (llama-gguf-split --merge)',
  );
}

/** The config.json that the model would have. */
function configOf(fields: Fields, vocabulary: number, isTied: boolean): Record<string, unknown> {
  const kind = fields.string('general.architecture');
  const architecture = Object.hasOwn(ARCHITECTURES, kind) ? ARCHITECTURES[kind] : undefined;
  if (architecture === undefined) {
    const known = `one of ${Object.keys(ARCHITECTURES).join(', ')}`;
    const remedy = 'use a model of a supported architecture';
    throw modelFault(
      'UNSUPPORTED_MODEL',
      fields.path('general.architecture'),
      known,
      `"${kind}"`,
      remedy,
    );
  }
  const integer = (key: string) => fields.integer(`${kind}.${key}`);
  const hidden = integer('embedding_length');
  const heads = fields.integer(`${kind}.attention.head_count`, 1);
  const headDim = headSize(fields, kind, hidden / heads);
  const theta = `${kind}.rope.freq_base`;
  return {
    architectures: [architecture],
    _name_or_path: textOf(fields, 'general.name'),
    hidden_size: hidden,
    num_hidden_layers: integer('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: fields.has(`${kind}.attention.head_count_kv`)
      ? integer('attention.head_count_kv')
      : heads,
    head_dim: headDim,
    intermediate_size: integer('feed_forward_length'),
    max_position_embeddings: integer('context_length'),
    rms_norm_eps: fields.number(`${kind}.attention.layer_norm_rms_epsilon`, 0),
    vocab_size: vocabulary,
    tie_word_embeddings: isTied,
    rope_theta: fields.has(theta) ? fields.number(theta, 0) : 10000,
    rope_scaling: ropeScaling(fields, kind),
    ...slidingWindow(fields, kind),
  };
}

/** Dimensions of a head: keys, values and rotation must agree on them, and there are no experts. */
function headSize(fields: Fields, kind: string, usual: number): number {
  const keyLength = `${kind}.attention.key_length`;
  const headDim = fields.has(keyLength) ? fields.integer(keyLength) : usual;
  for (const [key, expected] of [
    [`${kind}.attention.value_length`, headDim],
    [`${kind}.rope.dimension_count`, headDim],
    [`${kind}.expert_count`, 0],
  ] as const) {
    if (!fields.has(key) || fields.integer(key) === expected) continue;
    throw modelFault(
      'UNSUPPORTED_MODEL',
      fields.path(key),
      String(expected),
      String(fields.raw(key)),
      'use a model without that variation',
    );
  }
  return headDim;
}

function ropeScaling(fields: Fields, kind: string): Record<string, unknown> | null {
  const legacy = `${kind}.rope.scale_linear`;
  if (fields.has(legacy)) return { rope_type: 'linear', factor: fields.number(legacy, 0) };
  const type = `${kind}.rope.scaling.type`;
  if (!fields.has(type) || fields.raw(type) === 'none') return null;
  return { rope_type: fields.string(type), factor: fields.raw(`${kind}.rope.scaling.factor`) };
}

function slidingWindow(fields: Fields, kind: string): { sliding_window?: number } {
  const key = `${kind}.attention.sliding_window`;
  if (!fields.has(key) || fields.integer(key) === 0) return {};
  return { sliding_window: fields.integer(key) };
}

function vocabularyOf(fields: Fields): GgufVocabulary {
  const key = (name: string) => `tokenizer.ggml.${name}`;
  const list = <T>(name: string, type: string): readonly T[] => {
    const values = fields.array(key(name));
    if (!values.every((value) => typeof value === type)) {
      throw fields.fault(key(name), `an array of ${type}s`);
    }
    return values as readonly T[];
  };
  const optional = <T>(name: string, type: string): readonly T[] =>
    fields.has(key(name)) ? list<T>(name, type) : [];
  const flag = (name: string) => (fields.has(key(name)) ? fields.boolean(key(name)) : undefined);
  const model = fields.string(key('model'));
  const tokens = list<string>('tokens', 'string');
  const id = (name: string) =>
    fields.has(key(name)) && fields.raw(key(name)) !== NO_TOKEN
      ? fields.integer(key(name), 0, tokens.length - 1)
      : undefined;
  const ofTokens = (name: string) => {
    const values = list<number>(name, 'number');
    if (values.length === tokens.length) return values;
    throw fields.fault(key(name), `an array of ${tokens.length}, as many as tokens`);
  };
  const template = 'tokenizer.chat_template';
  return {
    model,
    preTokenizer: textOf(fields, key('pre')),
    tokens,
    types: ofTokens('token_type'),
    merges: model === 'gpt2' ? list<string>('merges', 'string') : optional('merges', 'string'),
    scores: model === 'llama' ? ofTokens('scores') : [],
    bos: id('bos_token_id'),
    eos: id('eos_token_id'),
    unknown: id('unknown_token_id'),
    padding: id('padding_token_id'),
    addsBos: flag('add_bos_token'),
    addsSpacePrefix: flag('add_space_prefix') ?? true,
    chatTemplate: textOf(fields, template),
  };
}

/** A text that is there and not empty. */
function textOf(fields: Fields, key: string): string | undefined {
  return fields.has(key) && fields.raw(key) !== '' ? fields.string(key) : undefined;
}

/** Ids that end a text. */
function endsOf(fields: Fields, { tokens, types, eos }: GgufVocabulary): number[] {
  const CONTROL = 3;
  const eot = 'tokenizer.ggml.eot_token_id';
  const named = fields.has(eot) ? [fields.integer(eot, 0, tokens.length - 1)] : [];
  const known = ENDS.flatMap((text) => {
    const id = tokens.indexOf(text);
    return id >= 0 && types[id] === CONTROL ? [id] : [];
  });
  return [...(eos === undefined ? [] : [eos]), ...named, ...known];
}
