// The head of a graph, on output rows alone: their gathering, and the linear on what the last norm
// makes of them. How that linear is multiplied is the body's affair.
import type { GraphContext } from './graph-context.js';
import type { Linear } from './linear.js';
import type { OnnxWriter } from './onnx-writer.js';

/** Multiplies the normed output rows as the body does it; returns the product's name. */
export type HeadProduct = (name: string, linear: Linear, outputName?: string) => Promise<string>;

/** Gathers rows of a [T, ...] tensor by `output_rows`; returns the result, [R, ...]. */
export function gatherOutputRows(writer: OnnxWriter, name: string, tensor: string): string {
  const node = `/model/output_rows/${name}/Gather`;
  const output = `${node}/output_0`;
  writer.node('Gather', node, [tensor, 'output_rows'], [output], { integers: { axis: 0 } });
  return output;
}

/** Adds the head on normed rows, up to the graph's output. */
export async function writeHead(context: GraphContext, product: HeadProduct): Promise<void> {
  await product('/model/head', await context.weights.headLinear(), context.outputName);
}
