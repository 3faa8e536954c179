// The body of an int8 graph: eight nodes a layer. Products are exact integer sums; the op that reads
// one applies its rows' scales, so nothing passes over memory twice.
import { type GraphContext, writeSwiGlu, writeTreeAttention } from './graph-context.js';
import { gatherOutputRows, writeHead } from './graph-head.js';
import { isBare } from './head.js';
import { type Linear, quantiseLinear } from './linear.js';

/** Quantised rows [T, K] and their scales [T]. */
interface QuantisedRows {
  readonly rows: string;
  readonly scale: string;
}

/** What is still to be added to the residual stream: an int8 product and its rows' scales. */
interface Delta {
  readonly product: string;
  readonly scale: string;
}

/** Zero point of quantised activations: they are u8 in 1..127. */
const ZERO_POINT = 64;

export async function writeInt8Body(context: GraphContext, embedded: string): Promise<void> {
  const { writer, weights } = context;
  await writer.initializer('/model/activation_scale', Float32Array.of(1), []);
  await writer.initializer('/model/activation_zero_point', Uint8Array.of(ZERO_POINT), []);
  let residual = embedded;
  let delta: Delta = { product: '', scale: '' };
  for (let index = 0; index < weights.backbone.dimensions.layers; index++) {
    const layer = `/model/layers.${index}`;
    const before = writeNorm(context, `${layer}/input_layernorm`, residual, delta);
    const qkv = await writeProduct(
      context,
      `${layer}/attn/qkv_proj`,
      before.normed.rows,
      await weights.queryKeyValue(index),
    );
    const attention = await writeTreeAttention(context, index, qkv, before.normed.scale);
    const output = await writeProduct(
      context,
      `${layer}/attn/o_proj`,
      attention.out,
      await weights.attentionOutput(index),
    );
    const between = writeNorm(context, `${layer}/post_attention_layernorm`, before.residual, {
      product: output,
      scale: attention.scale,
    });
    const gateUp = await writeProduct(
      context,
      `${layer}/mlp/gate_up_proj`,
      between.normed.rows,
      await weights.gateUp(index),
    );
    const activation = writeSwiGlu(context, index, gateUp, between.normed.scale);
    const down = await writeProduct(
      context,
      `${layer}/mlp/down_proj`,
      activation.out,
      await weights.down(index),
    );
    residual = between.residual;
    delta = { product: down, scale: activation.scale };
  }
  const last = writeNorm(
    context,
    '/model/norm',
    gatherOutputRows(writer, 'residual', residual),
    {
      product: gatherOutputRows(writer, 'delta', delta.product),
      scale: gatherOutputRows(writer, 'delta_scale', delta.scale),
    },
    isBare(weights.head) ? 'logit_scale' : undefined,
  );
  await writeHead(context, last.normed.scale, (name, linear, outputName) =>
    writeProduct(context, name, last.normed.rows, linear, outputName),
  );
}

function writeNorm(
  context: GraphContext,
  name: string,
  residual: string,
  delta: Delta,
  scaleName?: string,
): { residual: string; normed: QuantisedRows } {
  const node = `${name}/AddNormQuantize`;
  const [next, rows, scale] = [
    `${node}/output_0`,
    `${node}/output_1`,
    scaleName ?? `${node}/output_2`,
  ] as const;
  context.writer.node(
    'AddNormQuantize',
    node,
    [residual, delta.product, delta.scale],
    [next, rows, scale],
    { domain: 'espalier', floats: { norm_epsilon: context.weights.backbone.normEpsilon } },
  );
  return { residual: next, normed: { rows, scale } };
}

/** Quantises a linear and multiplies quantised rows with it; its rows' scales are left out. */
async function writeProduct(
  context: GraphContext,
  name: string,
  rows: string,
  linear: Linear,
  outputName?: string,
): Promise<string> {
  const { writer, onMatrix } = context;
  const { values, scales } = await quantiseLinear(linear);
  const weight = await writer.initializer(`${name}.weight`, values, [
    linear.inputs,
    linear.outputs,
  ]);
  const scale = await writer.initializer(`${name}.scale`, scales, [linear.outputs]);
  onMatrix();
  const node = `${name}/MatMulIntegerToFloat`;
  const output = outputName ?? `${node}/output_0`;
  writer.node(
    'MatMulIntegerToFloat',
    node,
    [rows, weight, '/model/activation_scale', scale, '/model/activation_zero_point'],
    [output],
    { domain: 'com.microsoft' },
  );
  return output;
}
