// A linear's product in a plain graph, by precision: fp32 weights as they are, fp16 ones that ONNX
// Runtime widens when it loads, or the checkpoint's own blocks (graph-int4.ts).
import { modelFault } from './fault.js';
import { toHalves } from './floats.js';
import type { GraphContext } from './graph-context.js';
import { type Linear, transposedPanels } from './linear.js';

/** Multiplies rows [T, inputs] with a linear; returns the product's name, [T, outputs]. */
export type Product = (
  context: GraphContext,
  name: string,
  rows: string,
  linear: Linear,
  outputName?: string,
) => Promise<string>;

export const writeFp32Product: Product = async (context, name, rows, linear, outputName) => {
  const shape = [linear.inputs, linear.outputs];
  const panels = transposedPanels(linear);
  const weight = await context.writer.stream(`${name}.weight`, 'float', shape, panels);
  return writeMatMul(context, name, rows, weight, outputName);
};

export const writeFp16Product: Product = async (context, name, rows, linear, outputName) => {
  const { writer } = context;
  const shape = [linear.inputs, linear.outputs];
  const panels = halves(transposedPanels(linear), name);
  const weight = await writer.stream(`${name}.weight`, 'float16', shape, panels);
  const wide = writeWidening(context, name, weight);
  return writeMatMul(context, name, rows, wide, outputName);
};

/** fp16 numbers as fp32; of a constant, ONNX Runtime does this once. */
export function writeWidening({ writer }: GraphContext, name: string, halves: string): string {
  const output = `${name}/Cast/output_0`;
  writer.node('Cast', `${name}/Cast`, [halves], [output], { integers: { to: FLOAT } });
  return output;
}

/** `TensorProto.DataType.FLOAT`, the target of a Cast. */
export const FLOAT = 1;

/** Rounds to fp16. @throws ModelError UNSUPPORTED_MODEL on a number beyond its range */
export async function* halves(
  parts: AsyncIterable<Float32Array>,
  name: string,
): AsyncGenerator<Uint16Array> {
  let buffer = new Uint16Array(0);
  for await (const part of parts) {
    if (buffer.length < part.length) buffer = new Uint16Array(part.length);
    const tooLarge = toHalves(part, buffer);
    if (tooLarge !== undefined) {
      throw modelFault(
        'UNSUPPORTED_MODEL',
        name,
        'weights within the range of fp16 (65,504)',
        `${part[tooLarge]}`,
        'import it with precision fp32',
      );
    }
    yield buffer.subarray(0, part.length);
  }
}

function writeMatMul(
  { writer, onMatrix }: GraphContext,
  name: string,
  rows: string,
  weight: string,
  outputName: string | undefined,
): string {
  onMatrix();
  const output = outputName ?? `${name}/MatMul/output_0`;
  writer.node('MatMul', `${name}/MatMul`, [rows, weight], [output]);
  return output;
}
