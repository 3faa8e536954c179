// The architectures that can be imported: a table from the name in config.json to what the importer
// must know. A further architecture is a further entry.
import { decoderTensors, type TensorNames } from './decoder-tensors.js';
import { modelFault } from './fault.js';
import type { Fields } from './fields.js';
import type { ModelDimensions } from './manifest.js';
import { ropeFrequencies } from './rope.js';

/** A decoder's shape and constants, as read from config.json. */
export interface Backbone {
  readonly dimensions: ModelDimensions;
  readonly normEpsilon: number;
  /** Rotary frequencies; angle = position * frequency. */
  readonly inverseFrequencies: Float32Array; // [headDim / 2]
  /** Factor on cosine and sine. */
  readonly attentionFactor: number;
}

export interface Architecture {
  /** Whether it ends in logits of its vocabulary; else it is a reward model's alone. */
  readonly isLanguageModel: boolean;
  readonly tensors: TensorNames;
  /** Checks config.json. @throws ModelError INVALID_MODEL or UNSUPPORTED_MODEL */
  readonly backbone: (config: Fields) => Backbone;
}

const LLAMA_TENSORS = decoderTensors();
const QWEN2_TENSORS = decoderTensors({ biases: true });

function languageModel(tensors: TensorNames): Architecture {
  return { isLanguageModel: true, tensors, backbone: decoderBackbone };
}

function rewardModel(tensors: TensorNames): Architecture {
  return { isLanguageModel: false, tensors, backbone: decoderBackbone };
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  /** SmolLM2 is one too. */
  LlamaForCausalLM: languageModel(LLAMA_TENSORS),
  MistralForCausalLM: languageModel(LLAMA_TENSORS),
  /** Qwen2.5 too. */
  Qwen2ForCausalLM: languageModel(QWEN2_TENSORS),
  Qwen3ForCausalLM: languageModel(decoderTensors({ headNorms: true })),
  /** Skywork-o1-Open-PRM. */
  Qwen2ForPrmModel: rewardModel(QWEN2_TENSORS),
  /** Qwen2.5-Math-PRM. */
  Qwen2ForProcessRewardModel: rewardModel(QWEN2_TENSORS),
  /** Espalier's own: a Llama whose one-column head is read at the step delimiter. */
  LlamaForStepReward: rewardModel(LLAMA_TENSORS),
};

/** Names of architectures that end in logits of their vocabulary. */
export function languageModels(): string[] {
  return supportedArchitectures().filter(isLanguageModel);
}

export function isLanguageModel(name: string): boolean {
  return ARCHITECTURES[name]?.isLanguageModel === true;
}

/** Names that can be imported. */
export function supportedArchitectures(): string[] {
  return Object.keys(ARCHITECTURES);
}

/**
 * The entry for a config.json.
 * @throws ModelError UNSUPPORTED_MODEL naming the architecture and the supported ones
 */
export function architectureOf(config: Fields): { name: string; architecture: Architecture } {
  const names = config.array('architectures');
  const name = names[0];
  if (names.length !== 1 || typeof name !== 'string') {
    throw config.fault('architectures', 'a list of one name');
  }
  if (!Object.hasOwn(ARCHITECTURES, name)) {
    throw modelFault(
      'UNSUPPORTED_MODEL',
      config.path('architectures'),
      `one of ${supportedArchitectures().join(', ')}`,
      `"${name}"`,
      'use a model of a supported architecture',
    );
  }
  return { name, architecture: ARCHITECTURES[name] as Architecture };
}

function decoderBackbone(config: Fields): Backbone {
  refuseVariants(config);
  const hidden = config.integer('hidden_size', 16, 1 << 20);
  const heads = config.integer('num_attention_heads', 1, 65536);
  const kvHeads = config.has('num_key_value_heads')
    ? config.integer('num_key_value_heads', 1, heads)
    : heads;
  if (heads % kvHeads !== 0) {
    throw config.fault('num_key_value_heads', `a divisor of num_attention_heads (${heads})`);
  }
  const headDim = config.has('head_dim') ? config.integer('head_dim', 16, 256) : hidden / heads;
  const inner = config.integer('intermediate_size', 16, 1 << 20);
  for (const [key, size] of [
    ['hidden_size', hidden],
    ['intermediate_size', inner],
    ['head_dim', headDim],
  ] as const) {
    const isMultiple = size % 16 === 0 && (key !== 'head_dim' || size <= 256);
    if (!isMultiple) throw unsupported(config, key, 'a multiple of 16 (heads: at most 256)', size);
  }
  return {
    dimensions: {
      layers: config.integer('num_hidden_layers', 1, 4096),
      hidden,
      heads,
      kvHeads,
      headDim,
      inner,
      vocabulary: config.integer('vocab_size', 1, 1 << 24),
      context: contextOf(config),
    },
    normEpsilon: config.number('rms_norm_eps', 0),
    inverseFrequencies: ropeFrequencies(config, headDim),
    attentionFactor: 1,
  };
}

/** Options that would need other nodes than the graph has. */
function refuseVariants(config: Fields): void {
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (config.has(key) && config.boolean(key)) throw unsupported(config, key, 'false', true);
  }
  if (config.has('hidden_act') && config.raw('hidden_act') !== 'silu') {
    throw unsupported(config, 'hidden_act', '"silu"', config.raw('hidden_act'));
  }
}

/**
 * Positions that the model was made for. With a sliding window, a token sees no more than the window;
 * the graph attends to everything, which is the same up to the window's end and no further.
 */
function contextOf(config: Fields): number {
  const positions = config.integer('max_position_embeddings', 1, 1 << 30);
  const isUnused = config.has('use_sliding_window') && !config.boolean('use_sliding_window');
  if (isUnused || !config.has('sliding_window')) return positions;
  return Math.min(positions, config.integer('sliding_window', 1));
}

function unsupported(config: Fields, key: string, expected: string, found: unknown) {
  return modelFault(
    'UNSUPPORTED_MODEL',
    config.path(key),
    expected,
    JSON.stringify(found),
    'use a model without that variation',
  );
}
