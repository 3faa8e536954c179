// The body of an fp32, fp16 or int4 graph: layers from stock norms and products. What rows are
// multiplied with is the precision's matter; between the products all is fp32.
import { type GraphContext, writeSwiGlu, writeTreeAttention } from './graph-context.js';
import { gatherOutputRows, writeHead } from './graph-head.js';
import type { Product } from './product.js';

export async function writePlainBody(
  context: GraphContext,
  embedded: string,
  writeProduct: Product,
): Promise<void> {
  const { weights } = context;
  const { layers } = weights.backbone.dimensions;
  const { tensors } = weights.architecture;
  let residual = embedded;
  let delta: string | undefined;
  for (let index = 0; index < layers; index++) {
    const layer = `/model/layers.${index}`;
    const names = tensors.layer(index);
    const before = await writeNorm(
      context,
      `${layer}/input_layernorm`,
      names.attentionNorm,
      residual,
      delta,
    );
    const qkv = await writeProduct(
      context,
      `${layer}/attn/qkv_proj`,
      before.normed,
      await weights.queryKeyValue(index),
    );
    const attention = await writeTreeAttention(context, index, qkv, '');
    const output = await writeProduct(
      context,
      `${layer}/attn/o_proj`,
      attention.out,
      await weights.attentionOutput(index),
    );
    const between = await writeNorm(
      context,
      `${layer}/post_attention_layernorm`,
      names.mlpNorm,
      before.residual,
      output,
    );
    const gateUp = await writeProduct(
      context,
      `${layer}/mlp/gate_up_proj`,
      between.normed,
      await weights.gateUp(index),
    );
    const activation = writeSwiGlu(context, index, gateUp, '');
    delta = await writeProduct(
      context,
      `${layer}/mlp/down_proj`,
      activation.out,
      await weights.down(index),
    );
    residual = between.residual;
  }
  const last = await writeNorm(
    context,
    '/model/norm',
    tensors.finalNorm,
    gatherOutputRows(context.writer, 'residual', residual),
    gatherOutputRows(context.writer, 'delta', delta as string),
  );
  await writeHead(context, '', (name, linear, outputName) =>
    writeProduct(context, name, last.normed, linear, outputName),
  );
}

/** Adds `delta`, if there is one, to the residual stream and norms the sum. */
async function writeNorm(
  context: GraphContext,
  name: string,
  tensor: string,
  residual: string,
  delta: string | undefined,
): Promise<{ residual: string; normed: string }> {
  const { writer, weights } = context;
  const { dimensions, normEpsilon } = weights.backbone;
  const floats = { epsilon: normEpsilon };
  const scale = await writer.initializer(`${name}.weight`, await weights.norm(tensor), [
    dimensions.hidden,
  ]);
  if (delta === undefined) {
    const node = `${name}/SimplifiedLayerNormalization`;
    const normed = `${node}/output_0`;
    const integers = { axis: -1, stash_type: 1 };
    writer.node('SimplifiedLayerNormalization', node, [residual, scale], [normed], {
      integers,
      floats,
    });
    return { residual, normed };
  }
  const node = `${name}/SkipSimplifiedLayerNormalization`;
  const [normed, sum] = [`${node}/output_0`, `${node}/output_3`] as const;
  const outputs = [normed, '', '', sum]; // output, mean, inv_std_var, input_skip_bias_sum
  writer.node('SkipSimplifiedLayerNormalization', node, [residual, delta, scale], outputs, {
    domain: 'com.microsoft',
    floats,
  });
  return { residual: sum, normed };
}
