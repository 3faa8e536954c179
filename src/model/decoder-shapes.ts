// The tensors that a decoder must have, and their shapes.
import type { Architecture, Backbone } from './architectures.js';
import type { Checkpoint } from './checkpoint.js';
import type { Head } from './head.js';

/**
 * Checks that every tensor is there in the right shape.
 * @returns the number of weights, tied ones once
 * @throws ModelError INVALID_MODEL
 */
export function checkShapes(
  checkpoint: Checkpoint,
  architecture: Architecture,
  backbone: Backbone,
  head: Head,
): number {
  const { hidden, heads, kvHeads, headDim, inner, vocabulary, layers } = backbone.dimensions;
  const { tensors } = architecture;
  const shapes = new Map<string, readonly number[]>([
    [tensors.embedding, [vocabulary, hidden]],
    [tensors.finalNorm, [hidden]],
  ]);
  for (const { tensor, shape, bias } of head) {
    shapes.set(tensor, shape);
    if (bias !== undefined) shapes.set(bias, [shape[0]]);
  }
  for (let index = 0; index < layers; index++) {
    const layer = tensors.layer(index);
    shapes.set(layer.attentionNorm, [hidden]);
    shapes.set(layer.query, [heads * headDim, hidden]);
    shapes.set(layer.key, [kvHeads * headDim, hidden]);
    shapes.set(layer.value, [kvHeads * headDim, hidden]);
    shapes.set(layer.output, [hidden, heads * headDim]);
    shapes.set(layer.mlpNorm, [hidden]);
    shapes.set(layer.gate, [inner, hidden]);
    shapes.set(layer.up, [inner, hidden]);
    shapes.set(layer.down, [hidden, inner]);
    if (layer.biases !== undefined) {
      shapes.set(layer.biases.query, [heads * headDim]);
      shapes.set(layer.biases.key, [kvHeads * headDim]);
      shapes.set(layer.biases.value, [kvHeads * headDim]);
    }
    if (layer.headNorms !== undefined) {
      shapes.set(layer.headNorms.query, [headDim]);
      shapes.set(layer.headNorms.key, [headDim]);
    }
  }
  let parameters = 0;
  for (const [name, shape] of shapes) {
    checkpoint.check(name, shape);
    parameters += shape.reduce((product, side) => product * side, 1);
  }
  return parameters;
}
