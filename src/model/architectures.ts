// The architectures that can be imported: a table from the name in config.json to what the importer
// must know. A further architecture is a further entry.
import { modelFault } from './fault.js';
import type { Fields } from './fields.js';
import type { ModelDimensions, ModelRole, PrmFormat } from './manifest.js';

/** A decoder's shape and constants, as read from config.json. */
export interface Backbone {
  readonly dimensions: ModelDimensions;
  readonly normEpsilon: number;
  /** Rotary frequencies; angle = position * frequency. */
  readonly inverseFrequencies: Float32Array; // [headDim / 2]
  /** Factor on cosine and sine. */
  readonly attentionFactor: number;
}

/** The head: a linear on the final norm's output. */
export interface Head {
  /** Its weight's tensor name; that of the embedding if the two are tied. */
  readonly tensor: string;
  /** Output columns. */
  readonly width: number;
}

/** Tensor names of a checkpoint; a linear's weight is [outputs, inputs]. */
export interface TensorNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly layer: (index: number) => LayerTensors;
}

export interface LayerTensors {
  readonly attentionNorm: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly mlpNorm: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

export interface Architecture {
  readonly role: ModelRole;
  /** Null for a policy. */
  readonly prmFormat: PrmFormat | null;
  readonly tensors: TensorNames;
  /** Checks config.json. @throws ModelError INVALID_MODEL or UNSUPPORTED_MODEL */
  readonly backbone: (config: Fields) => Backbone;
  readonly head: (config: Fields, dimensions: ModelDimensions) => Head;
}

const LLAMA_TENSORS: TensorNames = {
  embedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  layer: (index) => {
    const layer = `model.layers.${index}`;
    return {
      attentionNorm: `${layer}.input_layernorm.weight`,
      query: `${layer}.self_attn.q_proj.weight`,
      key: `${layer}.self_attn.k_proj.weight`,
      value: `${layer}.self_attn.v_proj.weight`,
      output: `${layer}.self_attn.o_proj.weight`,
      mlpNorm: `${layer}.post_attention_layernorm.weight`,
      gate: `${layer}.mlp.gate_proj.weight`,
      up: `${layer}.mlp.up_proj.weight`,
      down: `${layer}.mlp.down_proj.weight`,
    };
  },
};

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  LlamaForCausalLM: {
    role: 'policy',
    prmFormat: null,
    tensors: LLAMA_TENSORS,
    backbone: llamaBackbone,
    head: (config, { vocabulary }) => {
      const tied = config.has('tie_word_embeddings') && config.boolean('tie_word_embeddings');
      return { tensor: tied ? LLAMA_TENSORS.embedding : 'lm_head.weight', width: vocabulary };
    },
  },
  /** Espalier's own: a Llama whose one-column head is read at the step delimiter. */
  LlamaForStepReward: {
    role: 'reward',
    prmFormat: 'step-head',
    tensors: LLAMA_TENSORS,
    backbone: llamaBackbone,
    head: () => ({ tensor: 'score.weight', width: 1 }),
  },
};

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

function llamaBackbone(config: Fields): Backbone {
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
      context: config.integer('max_position_embeddings', 1, 1 << 30),
    },
    normEpsilon: config.number('rms_norm_eps', 0),
    inverseFrequencies: ropeFrequencies(ropeTheta(config), headDim),
    attentionFactor: 1,
  };
}

/** Llama's options that would need other nodes than the graph has. */
function refuseVariants(config: Fields): void {
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (config.has(key) && config.boolean(key)) throw unsupported(config, key, 'false', true);
  }
  if (config.has('hidden_act') && config.raw('hidden_act') !== 'silu') {
    throw unsupported(config, 'hidden_act', '"silu"', config.raw('hidden_act'));
  }
  for (const key of ['rope_scaling', 'rope_parameters']) {
    if (!config.has(key)) continue;
    const rope = config.object(key);
    const type = rope.raw('rope_type') ?? rope.raw('type') ?? 'default';
    if (type !== 'default') throw unsupported(rope, 'rope_type', '"default"', type);
  }
}

/** Older files have rope_theta beside the other fields, newer ones inside rope_parameters. */
function ropeTheta(config: Fields): number {
  if (config.has('rope_theta')) return config.number('rope_theta', 0);
  if (!config.has('rope_parameters')) return 10000;
  return config.object('rope_parameters').number('rope_theta', 0);
}

/** theta ** (-2 i / headDim), rounded to fp32 where Hugging Face's fp32 computation rounds. */
function ropeFrequencies(theta: number, headDim: number): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    return 1 / Math.fround(theta ** Math.fround((2 * i) / headDim));
  });
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
