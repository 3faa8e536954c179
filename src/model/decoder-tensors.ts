// Tensor names of the decoders of Hugging Face's Llama family: they differ in what attention has
// besides its four matrices.

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
  /** Added to queries [heads headDim], keys and values [kvHeads headDim]. */
  readonly biases?: { readonly query: string; readonly key: string; readonly value: string };
  /** RMS norms of every head's query and key, [headDim]. */
  readonly headNorms?: { readonly query: string; readonly key: string };
}

/** The names of one architecture. */
export function decoderTensors(has: { biases?: true; headNorms?: true } = {}): TensorNames {
  return {
    embedding: 'model.embed_tokens.weight',
    finalNorm: 'model.norm.weight',
    layer: (index) => {
      const layer = `model.layers.${index}`;
      const attention = `${layer}.self_attn`;
      return {
        attentionNorm: `${layer}.input_layernorm.weight`,
        query: `${attention}.q_proj.weight`,
        key: `${attention}.k_proj.weight`,
        value: `${attention}.v_proj.weight`,
        output: `${attention}.o_proj.weight`,
        mlpNorm: `${layer}.post_attention_layernorm.weight`,
        gate: `${layer}.mlp.gate_proj.weight`,
        up: `${layer}.mlp.up_proj.weight`,
        down: `${layer}.mlp.down_proj.weight`,
        ...(has.biases && {
          biases: {
            query: `${attention}.q_proj.bias`,
            key: `${attention}.k_proj.bias`,
            value: `${attention}.v_proj.bias`,
          },
        }),
        ...(has.headNorms && {
          headNorms: { query: `${attention}.q_norm.weight`, key: `${attention}.k_norm.weight` },
        }),
      };
    },
  };
}
