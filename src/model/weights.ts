// The matrices of a model as its graph needs them: packed, and for rotated graphs with the norms'
// weights and the rotations folded in. Reads some rows of the checkpoint at a time; of the two matrices
// of a layer whose columns are rotated, one whole at a time.
import type { Architecture, Backbone } from './architectures.js';
import { channelFactors } from './balance.js';
import type { Checkpoint } from './checkpoint.js';
import { checkShapes } from './decoder-shapes.js';
import type { Head, HeadLinear } from './head.js';
import { denseLinear, type Linear } from './linear.js';
import { hadamardBlock, hadamardColumns, hadamardRows, Rotation } from './rotation.js';
import {
  chosenRows,
  forEachRow,
  type Rows,
  rotatedHeadRows,
  scaledRows,
  tensorRows,
} from './tensor-rows.js';

/** Columns that are rotated at a time, unless a block of theirs is wider. */
const PANEL_COLUMNS = 64;

export class Weights {
  readonly #rotation: Rotation | undefined;
  #factors: { readonly layer: number; readonly values: Float64Array } | undefined;

  /** @param rotated fold norms and rotations (the graph then needs `hadamardBlock`) */
  constructor(
    readonly checkpoint: Checkpoint,
    readonly architecture: Architecture,
    readonly backbone: Backbone,
    readonly head: Head,
    readonly rotated: boolean,
  ) {
    this.#rotation = rotated ? new Rotation(backbone.dimensions.hidden) : undefined;
  }

  /** The block of the rotation that the SwiGLU op applies; 0 in a plain graph. */
  get hadamardBlock(): number {
    return this.rotated ? hadamardBlock(this.backbone.dimensions.inner) : 0;
  }

  /**
   * Checks that every tensor is there in the right shape, before anything is written.
   * @returns the number of weights, tied ones once
   * @throws ModelError INVALID_MODEL
   */
  check(): number {
    return checkShapes(this.checkpoint, this.architecture, this.backbone, this.head);
  }

  /** The embedding's table: a linear in form alone, its outputs are tokens. */
  embedding(): Linear {
    const rows = tensorRows(this.checkpoint, this.architecture.tensors.embedding);
    return this.#linear([rows], (row) => this.#rotation?.rotateRows(row));
  }

  /** Columns of the product: all queries, all keys, all values. */
  async queryKeyValue(index: number): Promise<Linear> {
    const layer = this.architecture.tensors.layer(index);
    const [query, key, value] = [layer.query, layer.key, layer.value].map((tensor) =>
      tensorRows(this.checkpoint, tensor),
    ) as [Rows, Rows, Rows];
    const heads = this.rotated ? rotatedHeadRows(value, this.backbone.dimensions.headDim) : value;
    return this.#afterNorm([query, key, heads], layer.attentionNorm);
  }

  /** What attention adds to the product of `queryKeyValue`, if anything. */
  async queryKeyValueBias(index: number): Promise<Float32Array | undefined> {
    const { biases } = this.architecture.tensors.layer(index);
    if (biases === undefined) return undefined;
    const value = Float64Array.from(await this.checkpoint.read(biases.value));
    if (this.rotated) hadamardColumns(value, hadamardBlock(this.backbone.dimensions.headDim), 1);
    const [query, key] = [
      await this.checkpoint.read(biases.query),
      await this.checkpoint.read(biases.key),
    ];
    return Float32Array.from([...query, ...key, ...value]); // [(heads + 2 kvHeads) headDim]
  }

  /** The norms of every head's query and key, [headDim] each, if there are any. */
  async headNorms(index: number): Promise<{ query: Float32Array; key: Float32Array } | undefined> {
    const { headNorms } = this.architecture.tensors.layer(index);
    if (headNorms === undefined) return undefined;
    const { query, key } = headNorms;
    return { query: await this.checkpoint.read(query), key: await this.checkpoint.read(key) };
  }

  async attentionOutput(index: number): Promise<Linear> {
    const { output } = this.architecture.tensors.layer(index);
    return this.#intoResidual(output, hadamardBlock(this.backbone.dimensions.headDim));
  }

  /** Columns of the product: gate, then up. */
  async gateUp(index: number): Promise<Linear> {
    const layer = this.architecture.tensors.layer(index);
    const gate = tensorRows(this.checkpoint, layer.gate);
    const up = tensorRows(this.checkpoint, layer.up);
    const balanced = this.rotated ? scaledRows(up, await this.#channelFactors(index)) : up;
    return this.#afterNorm([gate, balanced], layer.mlpNorm);
  }

  async down(index: number): Promise<Linear> {
    const { down } = this.architecture.tensors.layer(index);
    const factors = this.rotated ? await this.#channelFactors(index) : undefined;
    return this.#intoResidual(down, this.hadamardBlock, factors);
  }

  /** The head's first linear. */
  async headLinear(): Promise<Linear> {
    const [{ tensor, rows }] = this.head;
    const whole = tensorRows(this.checkpoint, tensor);
    const kept = rows === undefined ? whole : chosenRows(whole, rows);
    return this.#afterNorm([kept], this.architecture.tensors.finalNorm);
  }

  /** A further one: nothing is folded into it. */
  async furtherHeadLinear({ tensor, shape }: HeadLinear): Promise<Linear> {
    return denseLinear(await this.checkpoint.read(tensor), shape[0]);
  }

  /** What a linear of the head adds to its product, if anything. */
  async headBias({ bias }: HeadLinear): Promise<Float32Array | undefined> {
    return bias === undefined ? undefined : this.checkpoint.read(bias);
  }

  /** A norm's own weight, which a plain graph applies itself; ones where it has been folded. */
  async norm(tensor: string): Promise<Float32Array> {
    const weight = await this.checkpoint.read(tensor); // [H]
    return this.rotated ? weight.fill(1) : weight;
  }

  /** Of the layer that is being written: both linears of its MLP need them. */
  async #channelFactors(index: number): Promise<Float64Array> {
    if (this.#factors?.layer !== index) {
      const layer = this.architecture.tensors.layer(index);
      this.#factors = { layer: index, values: await channelFactors(this.checkpoint, layer) };
    }
    return this.#factors.values;
  }

  /** A linear that reads a norm's output; its weights lie one below the other. */
  async #afterNorm(parts: readonly Rows[], norm: string): Promise<Linear> {
    const rotation = this.#rotation;
    if (rotation === undefined) return this.#linear(parts, () => {});
    const weight = await this.checkpoint.read(norm); // [H]
    return this.#linear(parts, (row) => {
      for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) * (weight[i] as number);
      rotation.rotateRows(row);
    });
  }

  /** Rows [.., H] one below the other, each changed by `change`. */
  #linear(parts: readonly Rows[], change: (row: Float64Array) => void): Linear {
    const { hidden } = this.backbone.dimensions;
    let buffer = new Float64Array(0);
    const readPart = async (part: Rows, first: number, out: Float32Array) => {
      if (buffer.length < out.length) buffer = new Float64Array(out.length);
      const values = buffer.subarray(0, out.length);
      await part.read(first, values);
      for (let start = 0; start < values.length; start += hidden) {
        change(values.subarray(start, start + hidden));
      }
      out.set(values);
    };
    const tensors = parts.flatMap(({ tensor }) => tensor ?? []);
    const isPlain = !this.rotated && tensors.length === parts.length;
    return {
      inputs: hidden,
      outputs: parts.reduce((sum, { count }) => sum + count, 0),
      ...(isPlain && { tensors }),
      async read(first, out) {
        const end = first + out.length / hidden;
        let start = 0; // of the part
        for (const part of parts) {
          const [from, to] = [Math.max(first, start), Math.min(end, start + part.count)];
          if (from < to) {
            const rows = out.subarray((from - first) * hidden, (to - first) * hidden);
            await readPart(part, from - start, rows);
          }
          start += part.count;
        }
      },
    };
  }

  /**
   * A linear whose product is added to the residual stream.
   * @param block of the rotation of its inputs
   * @param factors what its inputs' weights are divided by
   */
  async #intoResidual(tensor: string, block: number, factors?: Float64Array): Promise<Linear> {
    const { checkpoint } = this;
    const [hidden = 0, inputs = 0] = checkpoint.shape(tensor);
    const rotation = this.#rotation;
    if (rotation === undefined) {
      const read = (first: number, out: Float32Array) => checkpoint.readRows(tensor, first, out);
      return { inputs, outputs: hidden, tensors: [tensor], read };
    }
    const values = new Float32Array(hidden * inputs); // [H, inputs]
    await forEachRow(checkpoint, tensor, (row, index) => values.set(row, index * inputs));
    forEachPanel(values, inputs, Math.max(block, PANEL_COLUMNS), (panel, columns, begin) => {
      for (let i = 0; factors !== undefined && i < panel.length; i++) {
        panel[i] = (panel[i] as number) / (factors[begin + (i % columns)] as number);
      }
      hadamardRows(panel, block);
      rotation.rotateColumns(panel, columns);
    });
    return denseLinear(values, hidden);
  }
}

/**
 * Shows some columns at a time of a matrix [rows, inputs] and takes what `change` makes of them.
 * @param change is given [rows, columns] and the first column's index
 */
function forEachPanel(
  matrix: Float32Array,
  inputs: number,
  width: number,
  change: (panel: Float64Array, columns: number, begin: number) => void,
): void {
  const rows = matrix.length / inputs;
  for (let begin = 0; begin < inputs; begin += width) {
    const columns = Math.min(width, inputs - begin);
    const panel = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const from = row * inputs + begin;
      panel.set(matrix.subarray(from, from + columns), row * columns);
    }
    change(panel, columns, begin);
    for (let row = 0; row < rows; row++) {
      matrix.set(panel.subarray(row * columns, (row + 1) * columns), row * inputs + begin);
    }
  }
}
