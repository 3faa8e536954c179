// What the layers of every graph share: what they are written from, and the nodes of our own ops.
import type { OnnxWriter } from './onnx-writer.js';
import type { Weights } from './weights.js';

/** Everything that the layers of a graph are written from. */
export interface GraphContext {
  readonly writer: OnnxWriter;
  readonly weights: Weights;
  /** `logits` or `score_logits`, [R, head width]. */
  readonly outputName: string;
  /** Name of the rotary frequencies, [headDim / 2]. */
  readonly inverseFrequencies: string;
  /** Called after each matrix; may throw to stop. */
  readonly onMatrix: () => void;
}

/**
 * Adds a layer's attention over the token tree.
 * @param qkv [T, (heads + 2 kvHeads) headDim]
 * @param rowScale [T] of an int8 product, or '' in fp32
 * @returns names of `out` [T, heads headDim] and `out_scale` [T] (empty in fp32)
 */
export async function writeTreeAttention(
  context: GraphContext,
  index: number,
  qkv: string,
  rowScale: string,
): Promise<{ out: string; scale: string }> {
  const { dimensions, attentionFactor, normEpsilon } = context.weights.backbone;
  const node = `/model/layers.${index}/attn/TreeAttention`;
  const out = `${node}/output_0`;
  const scale = rowScale === '' ? '' : `${node}/output_1`;
  const pool = [`key_cache.${index}`, `value_cache.${index}`];
  const norms = await context.weights.headNorms(index);
  const optional = [
    rowScale,
    await optionalVector(
      context,
      index,
      'qkv_bias',
      await context.weights.queryKeyValueBias(index),
    ),
    await optionalVector(context, index, 'q_norm', norms?.query),
    await optionalVector(context, index, 'k_norm', norms?.key),
  ];
  context.writer.node(
    'TreeAttention',
    node,
    [qkv, 'positions', 'slots', 'spans', ...pool, context.inverseFrequencies, ...optional],
    [out, scale],
    {
      domain: 'espalier',
      integers: {
        heads: dimensions.heads,
        kv_heads: dimensions.kvHeads,
        head_dim: dimensions.headDim,
      },
      floats: { attention_factor: attentionFactor, norm_epsilon: normEpsilon },
    },
  );
  return { out, scale };
}

/** Stores a vector of a layer's attention; returns its name, or '' where there is none. */
async function optionalVector(
  { writer }: GraphContext,
  index: number,
  name: string,
  values: Float32Array | undefined,
): Promise<string> {
  if (values === undefined) return '';
  return writer.initializer(`/model/layers.${index}/attn/${name}`, values, [values.length]);
}

/**
 * Adds silu(gate) * up, rotated where the weights are.
 * @param x [T, 2 inner]
 * @param rowScale [T] of an int8 product, or '' in fp32
 * @returns names of `out` [T, inner] and `out_scale` [T] (empty in fp32)
 */
export function writeSwiGlu(
  context: GraphContext,
  index: number,
  x: string,
  rowScale: string,
): { out: string; scale: string } {
  const node = `/model/layers.${index}/mlp/SwiGLU`;
  const out = `${node}/output_0`;
  const scale = rowScale === '' ? '' : `${node}/output_1`;
  context.writer.node('SwiGLU', node, [x, rowScale], [out, scale], {
    domain: 'espalier',
    integers: { hadamard_block: context.weights.hadamardBlock },
  });
  return { out, scale };
}
