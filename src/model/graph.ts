// The graph of a model package: a packed step of T rows over a shared pool of keys and values, with
// the head on R output rows. Inputs, outputs and the ops' signatures are the contract with native/.

import type { GraphContext } from './graph-context.js';
import { writeEmbedding } from './graph-embedding.js';
import { writeInt4Product } from './graph-int4.js';
import { writeInt8Body } from './graph-int8.js';
import { writePlainBody } from './graph-plain.js';
import { type Head, headWidth } from './head.js';
import type { ModelRole, Precision } from './manifest.js';
import type { OnnxWriter } from './onnx-writer.js';
import { writeFp16Product, writeFp32Product } from './product.js';
import type { Weights } from './weights.js';

/** Slots of a page of the pool. */
const PAGE_SLOTS = 16;

const PRODUCTS = { fp32: writeFp32Product, fp16: writeFp16Product, int4: writeInt4Product };

/** Matrices that a graph is made of: what `onMatrix` counts. */
export function matrixCount(layers: number, head: Head): number {
  return 1 + 4 * layers + head.length;
}

/** Writes inputs, body, head and outputs. */
export async function writeGraph(
  writer: OnnxWriter,
  weights: Weights,
  options: { role: ModelRole; precision: Precision; onMatrix: () => void },
): Promise<void> {
  const { dimensions, inverseFrequencies } = weights.backbone;
  const outputName = options.role === 'policy' ? 'logits' : 'score_logits';
  writeInputs(writer, weights);
  const context: GraphContext = {
    writer,
    weights,
    outputName,
    inverseFrequencies: await writer.initializer('/model/inv_freq', inverseFrequencies, [
      dimensions.headDim / 2,
    ]),
    onMatrix: options.onMatrix,
  };
  const embedded = await writeEmbedding(context, options.precision);
  writer.output(outputName, 'float', ['R', headWidth(weights.head)]);
  if (options.precision === 'int8') {
    writer.output('logit_scale', 'float', ['R']);
    await writeInt8Body(context, embedded);
  } else {
    await writePlainBody(context, embedded, PRODUCTS[options.precision]);
  }
}

function writeInputs(writer: OnnxWriter, weights: Weights): void {
  const { layers, kvHeads, headDim } = weights.backbone.dimensions;
  writer.input('input_ids', 'int64', ['T']);
  writer.input('positions', 'int32', ['T']);
  writer.input('slots', 'int32', ['T']);
  writer.input('spans', 'int32', ['S', 5]);
  writer.input('output_rows', 'int64', ['R']);
  for (let index = 0; index < layers; index++) {
    writer.input(`key_cache.${index}`, 'float', [kvHeads, 'pages', headDim, PAGE_SLOTS]);
    writer.input(`value_cache.${index}`, 'float', [kvHeads, 'pages', PAGE_SLOTS, headDim]);
  }
}
