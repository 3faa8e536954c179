// The matrices of a model as its graph needs them: packed, and for rotated graphs with the norms'
// weights and the rotations folded in. Reads from the checkpoint one matrix at a time.
import type { Architecture, Backbone } from './architectures.js';
import { channelFactor } from './balance.js';
import type { Checkpoint } from './checkpoint.js';
import type { Head, HeadLinear } from './head.js';
import { denseLinear, type Linear } from './linear.js';
import { hadamardBlock, hadamardColumns, hadamardRows, Rotation } from './rotation.js';

export class Weights {
  readonly #rotation: Rotation | undefined;

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
    const { hidden, heads, kvHeads, headDim, inner, vocabulary, layers } = this.backbone.dimensions;
    const { tensors } = this.architecture;
    const shapes = new Map<string, readonly number[]>([
      [tensors.embedding, [vocabulary, hidden]],
      [tensors.finalNorm, [hidden]],
    ]);
    for (const { tensor, shape, bias } of this.head) {
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
      this.checkpoint.check(name, shape);
      parameters += shape.reduce((product, side) => product * side, 1);
    }
    return parameters;
  }

  async embedding(): Promise<Float32Array> {
    const table = await this.checkpoint.read(this.architecture.tensors.embedding); // [V, H]
    const { hidden } = this.backbone.dimensions;
    if (this.#rotation === undefined) return table;
    const row = new Float64Array(hidden);
    for (let start = 0; start < table.length; start += hidden) {
      row.set(table.subarray(start, start + hidden));
      this.#rotation.rotateRows(row);
      table.set(row, start);
    }
    return table;
  }

  /** Columns of the product: all queries, all keys, all values. */
  async queryKeyValue(index: number): Promise<Linear> {
    const layer = this.architecture.tensors.layer(index);
    const parts = [
      await this.checkpoint.read(layer.query),
      await this.checkpoint.read(layer.key),
      this.#rotatedHeads(await this.checkpoint.read(layer.value)),
    ];
    return this.#afterNorm(parts, layer.attentionNorm);
  }

  /** What attention adds to the product of `queryKeyValue`, if anything. */
  async queryKeyValueBias(index: number): Promise<Float32Array | undefined> {
    const { biases } = this.architecture.tensors.layer(index);
    if (biases === undefined) return undefined;
    const parts: number[] = [];
    for (const name of [biases.query, biases.key])
      parts.push(...(await this.checkpoint.read(name)));
    parts.push(...this.#rotatedHeads(await this.checkpoint.read(biases.value)));
    return Float32Array.from(parts); // [(heads + 2 kvHeads) headDim]
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
    const values = Float64Array.from(await this.checkpoint.read(output));
    if (this.rotated) hadamardRows(values, hadamardBlock(this.backbone.dimensions.headDim));
    return this.#intoResidual(values);
  }

  /** Columns of the product: gate, then up. */
  async gateUp(index: number): Promise<Linear> {
    const layer = this.architecture.tensors.layer(index);
    const up = Float64Array.from(await this.checkpoint.read(layer.up));
    const factors = await this.#channelFactors(index);
    const { hidden } = this.backbone.dimensions;
    factors?.forEach((factor, channel) => {
      for (let i = channel * hidden; i < (channel + 1) * hidden; i++) {
        up[i] = (up[i] as number) * factor;
      }
    });
    return this.#afterNorm([await this.checkpoint.read(layer.gate), up], layer.mlpNorm);
  }

  async down(index: number): Promise<Linear> {
    const { down } = this.architecture.tensors.layer(index);
    const values = Float64Array.from(await this.checkpoint.read(down));
    const factors = await this.#channelFactors(index);
    if (factors !== undefined) {
      const inner = factors.length;
      for (let i = 0; i < values.length; i++) {
        values[i] = (values[i] as number) / (factors[i % inner] as number);
      }
    }
    hadamardRows(values, this.hadamardBlock);
    return this.#intoResidual(values);
  }

  /** The head's first linear. */
  async headLinear(): Promise<Linear> {
    const [{ tensor, rows }] = this.head;
    const linear = await this.#afterNorm(
      [await this.checkpoint.read(tensor)],
      this.architecture.tensors.finalNorm,
    );
    if (rows === undefined) return linear;
    const channel = (output: number) => linear.channel(rows[output] as number);
    return { inputs: linear.inputs, outputs: rows.length, channel };
  }

  /** A further one: nothing is folded into it. */
  async furtherHeadLinear({ tensor, shape }: HeadLinear): Promise<Linear> {
    return denseLinear(Float64Array.from(await this.checkpoint.read(tensor)), shape[0]);
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

  /** Rows or elements of value heads, each head's mixed by the rotation that `attentionOutput` undoes. */
  #rotatedHeads(values: Float32Array): Float32Array | Float64Array {
    if (!this.rotated) return values;
    const { kvHeads, headDim } = this.backbone.dimensions;
    const rotated = Float64Array.from(values);
    hadamardColumns(rotated, hadamardBlock(headDim), values.length / (kvHeads * headDim));
    return rotated;
  }

  /** What a rotated graph's up weights are multiplied by and its down weights divided by; [inner]. */
  async #channelFactors(index: number): Promise<Float64Array | undefined> {
    if (!this.rotated) return undefined;
    const { hidden, inner } = this.backbone.dimensions;
    const names = this.architecture.tensors.layer(index);
    const norm = await this.checkpoint.read(names.mlpNorm); // [H]
    const afterNorm = async (name: string) => {
      const weight = await this.checkpoint.read(name); // [inner, H]
      return Float64Array.from({ length: inner }, (_, channel) => {
        let sum = 0;
        for (let i = 0; i < hidden; i++) {
          sum += ((weight[channel * hidden + i] as number) * (norm[i] as number)) ** 2;
        }
        return sum;
      });
    };
    const [gate, up] = [await afterNorm(names.gate), await afterNorm(names.up)];
    const down = new Float64Array(inner);
    const weight = await this.checkpoint.read(names.down); // [H, inner]
    weight.forEach((value, i) => {
      down[i % inner] = (down[i % inner] as number) + value * value;
    });
    return down.map((square, i) => channelFactor(gate[i] as number, up[i] as number, square));
  }

  /** A linear that reads a norm's output; its weights, each [its outputs, H], one below the other. */
  async #afterNorm(parts: readonly (Float32Array | Float64Array)[], norm: string): Promise<Linear> {
    const { hidden } = this.backbone.dimensions;
    const rows = parts.flatMap((part) =>
      Array.from({ length: part.length / hidden }, (_, row) => ({ part, start: row * hidden })),
    );
    const rotation = this.#rotation;
    const normWeight = rotation === undefined ? undefined : await this.checkpoint.read(norm); // [H]
    const channel = new Float64Array(hidden);
    return {
      inputs: hidden,
      outputs: rows.length,
      channel(output) {
        const { part, start } = rows[output] as (typeof rows)[number];
        channel.set(part.subarray(start, start + hidden));
        if (rotation === undefined || normWeight === undefined) return channel;
        for (let i = 0; i < hidden; i++) {
          channel[i] = (channel[i] as number) * (normWeight[i] as number);
        }
        rotation.rotateRows(channel);
        return channel;
      },
    };
  }

  /**
   * A linear whose product is added to the residual stream.
   * @param values its weight, [H, inputs]
   */
  #intoResidual(values: Float64Array): Linear {
    const { hidden } = this.backbone.dimensions;
    this.#rotation?.rotateColumns(values, values.length / hidden);
    return denseLinear(values, hidden);
  }
}
