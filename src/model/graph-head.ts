// The head of a graph, on output rows alone. Its first linear reads what the last norm makes of them
// and is multiplied as the body does it; what some reward models have besides is fp32 in every graph.
import type { GraphContext } from './graph-context.js';
import { isBare } from './head.js';
import type { Linear } from './linear.js';
import type { OnnxWriter } from './onnx-writer.js';
import { writeFp32Product } from './product.js';

/** Multiplies the normed output rows as the body does it; returns the product's name. */
export type HeadProduct = (name: string, linear: Linear, outputName?: string) => Promise<string>;

/** Gathers rows of a [T, ...] tensor by `output_rows`; returns the result, [R, ...]. */
export function gatherOutputRows(writer: OnnxWriter, name: string, tensor: string): string {
  const node = `/model/output_rows/${name}/Gather`;
  const output = `${node}/output_0`;
  writer.node('Gather', node, [tensor, 'output_rows'], [output], { integers: { axis: 0 } });
  return output;
}

/**
 * Adds the head on normed rows, up to the graph's output.
 * @param rowScale name of the rows' scales [R] of an int8 product, or '' in fp32; `logit_scale` itself
 *   where the head is bare, so that whoever reads the product applies it
 */
export async function writeHead(
  context: GraphContext,
  rowScale: string,
  product: HeadProduct,
): Promise<void> {
  const { writer, weights, outputName } = context;
  const linear = await weights.headLinear();
  if (isBare(weights.head)) {
    await product('/model/head', linear, outputName);
    return;
  }
  let rows = await product('/model/head', linear);
  if (rowScale !== '') {
    rows = await writeRowScale(writer, rows, rowScale);
    await writeUnitScale(writer);
  }
  const [first, ...further] = weights.head;
  rows = await writeBias(context, '/model/head', rows, await weights.headBias(first));
  for (const [i, next] of further.entries()) {
    const name = `/model/head.${i + 1}`;
    writer.node('Relu', `${name}/Relu`, [rows], [`${name}/Relu/output_0`]);
    const matrix = await weights.furtherHeadLinear(next);
    rows = await writeFp32Product(context, name, `${name}/Relu/output_0`, matrix);
    rows = await writeBias(context, name, rows, await weights.headBias(next));
  }
  writer.node('Identity', '/model/head/Identity', [rows], [outputName]);
}

/** Multiplies each row of an int8 product [R, N] by its scale [R]. */
async function writeRowScale(writer: OnnxWriter, rows: string, scale: string): Promise<string> {
  const axes = await writer.initializer('/model/head/last_axis', BigInt64Array.of(-1n), [1]);
  const column = '/model/head/Unsqueeze/output_0'; // [R, 1]
  writer.node('Unsqueeze', '/model/head/Unsqueeze', [scale, axes], [column]);
  const output = '/model/head/Mul/output_0';
  writer.node('Mul', '/model/head/Mul', [rows, column], [output]);
  return output;
}

/** `logit_scale` of outputs that need none: ones. */
async function writeUnitScale(writer: OnnxWriter): Promise<void> {
  const one = await writer.initializer('/model/head/one', Float32Array.of(1), [1]);
  const shape = '/model/head/Shape/output_0';
  writer.node('Shape', '/model/head/Shape', ['output_rows'], [shape]);
  writer.node('Expand', '/model/head/Expand', [one, shape], ['logit_scale']);
}

async function writeBias(
  { writer }: GraphContext,
  name: string,
  rows: string,
  bias: Float32Array | undefined,
): Promise<string> {
  if (bias === undefined) return rows;
  const values = await writer.initializer(`${name}.bias`, bias, [bias.length]);
  const output = `${name}/Add/output_0`;
  writer.node('Add', `${name}/Add`, [rows, values], [output]);
  return output;
}
