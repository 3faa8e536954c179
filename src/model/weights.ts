// The matrices of a model as its graph needs them: packed, and for rotated graphs with the norms'
// weights and the rotations folded in. Reads some rows of the checkpoint at a time; of the two matrices
// of a layer whose columns are rotated, one whole at a time.
import type { Architecture, Backbone } from './architectures.js';
import { channelFactor } from './balance.js';
import type { Checkpoint } from './checkpoint.js';
import { checkShapes } from './decoder-shapes.js';
import type { Head, HeadLinear } from './head.js';
import { denseLinear, type Linear } from './linear.js';
import { hadamardBlock, hadamardColumns, hadamardRows, Rotation } from './rotation.js';

/** Rows of a tensor with what is folded into them. */
interface Rows {
  readonly tensor: string;
  readonly count: number;
  /** Whether they are the tensor itself. */
  readonly isWhole: boolean;
  /** Fills `out` with rows from `first` on. */
  readonly read: (first: number, out: Float64Array) => Promise<void>;
}

/** Numbers of a tensor that are read at a time where all of it is gone through. */
const PASS_NUMBERS = 2 ** 18;
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
    const rows = this.#rows(this.architecture.tensors.embedding);
    return this.#linear([rows], (row) => this.#rotation?.rotateRows(row));
  }

  /** Columns of the product: all queries, all keys, all values. */
  async queryKeyValue(index: number): Promise<Linear> {
    const layer = this.architecture.tensors.layer(index);
    const values = this.rotated ? this.#rotatedHeads(layer.value) : this.#rows(layer.value);
    const parts = [this.#rows(layer.query), this.#rows(layer.key), values];
    return this.#afterNorm(parts, layer.attentionNorm);
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
    const up = this.#rows(layer.up);
    if (!this.rotated) return this.#afterNorm([this.#rows(layer.gate), up], layer.mlpNorm);
    const factors = await this.#channelFactors(index);
    const { hidden } = this.backbone.dimensions;
    const scaled: Rows = {
      ...up,
      async read(first, out) {
        await up.read(first, out);
        for (let i = 0; i < out.length; i++) {
          const channel = first + Math.floor(i / hidden);
          out[i] = (out[i] as number) * (factors[channel] as number);
        }
      },
    };
    return this.#afterNorm([this.#rows(layer.gate), scaled], layer.mlpNorm);
  }

  async down(index: number): Promise<Linear> {
    const { down } = this.architecture.tensors.layer(index);
    const factors = this.rotated ? await this.#channelFactors(index) : undefined;
    return this.#intoResidual(down, this.hadamardBlock, factors);
  }

  /** The head's first linear. */
  async headLinear(): Promise<Linear> {
    const [{ tensor, rows }] = this.head;
    const whole = this.#rows(tensor);
    const { hidden } = this.backbone.dimensions;
    const chosen: Rows =
      rows === undefined
        ? whole
        : {
            tensor,
            count: rows.length,
            isWhole: false,
            async read(first, out) {
              for (let start = 0, i = first; start < out.length; start += hidden, i++) {
                await whole.read(rows[i] as number, out.subarray(start, start + hidden));
              }
            },
          };
    return this.#afterNorm([chosen], this.architecture.tensors.finalNorm);
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

  #rows(tensor: string): Rows {
    const { checkpoint } = this;
    let buffer = new Float32Array(0);
    return {
      tensor,
      count: checkpoint.shape(tensor)[0] as number,
      isWhole: true,
      async read(first, out) {
        if (buffer.length < out.length) buffer = new Float32Array(out.length);
        const values = buffer.subarray(0, out.length);
        await checkpoint.readRows(tensor, first, values);
        out.set(values);
      },
    };
  }

  /** Rows of value heads, each head's mixed by the rotation that `attentionOutput` undoes. */
  #rotatedHeads(tensor: string): Rows {
    const rows = this.#rows(tensor);
    const { hidden, headDim } = this.backbone.dimensions;
    const block = hadamardBlock(headDim);
    return {
      ...rows,
      async read(first, out) {
        const begin = Math.floor(first / headDim) * headDim;
        const end = Math.ceil((first + out.length / hidden) / headDim) * headDim;
        const heads = new Float64Array((end - begin) * hidden);
        await rows.read(begin, heads);
        hadamardColumns(heads, block, hidden);
        const start = (first - begin) * hidden;
        out.set(heads.subarray(start, start + out.length));
      },
    };
  }

  /** What a rotated graph's up weights are multiplied by and its down weights divided by; [inner]. */
  async #channelFactors(index: number): Promise<Float64Array> {
    if (this.#factors?.layer === index) return this.#factors.values;
    const { hidden, inner } = this.backbone.dimensions;
    const names = this.architecture.tensors.layer(index);
    const norm = await this.checkpoint.read(names.mlpNorm); // [H]
    const [gate, up, down] = [inner, inner, inner].map((size) => new Float64Array(size));
    for (const [name, sums] of [
      [names.gate, gate],
      [names.up, up],
    ] as const) {
      await this.#pass(name, (row, channel) => {
        let sum = 0;
        for (let i = 0; i < hidden; i++) {
          const weight = (row[i] as number) * (norm[i] as number);
          sum += weight * weight;
        }
        (sums as Float64Array)[channel] = sum;
      });
    }
    await this.#pass(names.down, (row) => {
      for (let i = 0; i < inner; i++) {
        const weight = row[i] as number;
        (down as Float64Array)[i] = (down?.[i] as number) + weight * weight;
      }
    });
    const values = Float64Array.from({ length: inner }, (_, i) =>
      channelFactor(gate?.[i] as number, up?.[i] as number, down?.[i] as number),
    );
    this.#factors = { layer: index, values };
    return values;
  }

  /** Shows each row of a matrix once, in order. */
  async #pass(tensor: string, use: (row: Float32Array, index: number) => void): Promise<void> {
    const [rows = 0, width = 1] = this.checkpoint.shape(tensor);
    const step = Math.max(1, Math.floor(PASS_NUMBERS / width));
    const buffer = new Float32Array(Math.min(step, rows) * width);
    for (let first = 0; first < rows; first += step) {
      const part = buffer.subarray(0, Math.min(step, rows - first) * width);
      await this.checkpoint.readRows(tensor, first, part);
      for (let start = 0, row = first; start < part.length; start += width, row++) {
        use(part.subarray(start, start + width), row);
      }
    }
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
    const isWhole = !this.rotated && parts.every((part) => part.isWhole);
    return {
      inputs: hidden,
      outputs: parts.reduce((sum, { count }) => sum + count, 0),
      ...(isWhole && { tensors: parts.map(({ tensor }) => tensor) }),
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
    const rows = this.#rows(tensor);
    const [hidden = 0, inputs = 0] = this.checkpoint.shape(tensor);
    const rotation = this.#rotation;
    if (rotation === undefined) {
      const read = (first: number, out: Float32Array) =>
        this.checkpoint.readRows(tensor, first, out);
      return { inputs, outputs: rows.count, tensors: [tensor], read };
    }
    const values = new Float32Array(hidden * inputs); // [H, inputs]
    await this.#pass(tensor, (row, index) => values.set(row, index * inputs));
    const width = Math.max(block, PANEL_COLUMNS);
    for (let begin = 0; begin < inputs; begin += width) {
      const columns = Math.min(width, inputs - begin);
      const panel = new Float64Array(hidden * columns);
      for (let row = 0; row < hidden; row++) {
        const from = row * inputs + begin;
        panel.set(values.subarray(from, from + columns), row * columns);
      }
      if (factors !== undefined) {
        for (let i = 0; i < panel.length; i++) {
          panel[i] = (panel[i] as number) / (factors[begin + (i % columns)] as number);
        }
      }
      hadamardRows(panel, block);
      rotation.rotateColumns(panel, columns);
      for (let row = 0; row < hidden; row++) {
        values.set(panel.subarray(row * columns, (row + 1) * columns), row * inputs + begin);
      }
    }
    return denseLinear(values, hidden);
  }
}
