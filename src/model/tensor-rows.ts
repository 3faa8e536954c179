// Rows of a checkpoint's matrices, read some at a time, with what is folded into them on the way.
import type { Checkpoint } from './checkpoint.js';
import { hadamardBlock, hadamardColumns } from './rotation.js';

export interface Rows {
  readonly count: number;
  readonly width: number;
  /** The tensor that they are, unchanged and whole, if so. */
  readonly tensor?: string;
  /** Fills `out` with rows from `first` on. @throws ModelError INVALID_FILE or INVALID_MODEL */
  readonly read: (first: number, out: Float64Array) => Promise<void>;
}

/** Numbers of a tensor that are read at a time where all of it is gone through. */
const PASS_NUMBERS = 2 ** 18;

/** A tensor's own rows. */
export function tensorRows(checkpoint: Checkpoint, tensor: string): Rows {
  const [count = 0, width = 1] = checkpoint.shape(tensor);
  let buffer = new Float32Array(0);
  return {
    count,
    width,
    tensor,
    async read(first, out) {
      if (buffer.length < out.length) buffer = new Float32Array(out.length);
      const values = buffer.subarray(0, out.length);
      await checkpoint.readRows(tensor, first, values);
      out.set(values);
    },
  };
}

/** Some of the rows, in this order. */
export function chosenRows({ width, read }: Rows, chosen: readonly number[]): Rows {
  return {
    count: chosen.length,
    width,
    async read(first, out) {
      for (let start = 0, i = first; start < out.length; start += width, i++) {
        await read(chosen[i] as number, out.subarray(start, start + width));
      }
    },
  };
}

/** Each row times its factor. */
export function scaledRows({ count, width, read }: Rows, factors: Float64Array): Rows {
  return {
    count,
    width,
    async read(first, out) {
      await read(first, out);
      for (let start = 0, row = first; start < out.length; start += width, row++) {
        const factor = factors[row] as number;
        for (let i = start; i < start + width; i++) out[i] = (out[i] as number) * factor;
      }
    },
  };
}

/** Rows of value heads, each head's mixed by the rotation that the output projection undoes. */
export function rotatedHeadRows({ count, width, read }: Rows, headDim: number): Rows {
  const block = hadamardBlock(headDim);
  return {
    count,
    width,
    async read(first, out) {
      const begin = Math.floor(first / headDim) * headDim;
      const end = Math.ceil((first + out.length / width) / headDim) * headDim;
      const heads = new Float64Array((end - begin) * width);
      await read(begin, heads);
      hadamardColumns(heads, block, width);
      const start = (first - begin) * width;
      out.set(heads.subarray(start, start + out.length));
    },
  };
}

/** Shows each row of a matrix once, in order; it is overwritten by the next. */
export async function forEachRow(
  checkpoint: Checkpoint,
  tensor: string,
  use: (row: Float32Array, index: number) => void,
): Promise<void> {
  const [rows = 0, width = 1] = checkpoint.shape(tensor);
  const step = Math.max(1, Math.floor(PASS_NUMBERS / width));
  const buffer = new Float32Array(Math.min(step, rows) * width);
  for (let first = 0; first < rows; first += step) {
    const part = buffer.subarray(0, Math.min(step, rows - first) * width);
    await checkpoint.readRows(tensor, first, part);
    for (let start = 0, row = first; start < part.length; start += width, row++) {
      use(part.subarray(start, start + width), row);
    }
  }
}
