// Numbers in blocks that share a scale: what GGUF's quantised tensors are made of, and what int4
// products and large embedding tables keep.

/** number = (code - zero) * scale + minimum, one rounding. */
export interface BlockKind {
  /** Codes lie in [0, 2^bits). */
  readonly bits: 4 | 8;
  /** Numbers of a block, along a row. */
  readonly size: number;
  /** The code of 0 where there is no minimum: 2^(bits - 1), or 0. */
  readonly zero: number;
  readonly hasMinimum: boolean;
}

/** Some rows of a matrix in blocks. */
export interface BlockRows {
  readonly codes: Uint8Array; // [rows, inputs]
  readonly scales: Float32Array; // [rows, inputs / size]
  /** Zeros where the kind has none; negative ones, to which even -0 can be added unchanged. */
  readonly minimums: Float32Array; // [rows, inputs / size]
}

/** Rows of a matrix, in blocks, whatever they are made from. */
export interface BlockMatrix {
  readonly kind: BlockKind;
  readonly rows: number;
  readonly inputs: number;
  /** Fills `out` with rows from `first` on. @throws ModelError INVALID_FILE or INVALID_MODEL */
  read(first: number, out: BlockRows): Promise<void>;
}

export function emptyBlockRows(kind: BlockKind, rows: number, inputs: number): BlockRows {
  const count = (rows * inputs) / kind.size;
  return {
    codes: new Uint8Array(rows * inputs),
    scales: new Float32Array(count),
    minimums: new Float32Array(count).fill(kind.hasMinimum ? 0 : -0),
  };
}

/** The first `rows` of `blocks`, without a copy. */
export function firstRows(
  blocks: BlockRows,
  rows: number,
  inputs: number,
  size: number,
): BlockRows {
  const count = (rows * inputs) / size;
  return {
    codes: blocks.codes.subarray(0, rows * inputs),
    scales: blocks.scales.subarray(0, count),
    minimums: blocks.minimums.subarray(0, count),
  };
}

/** The numbers that blocks stand for. */
export function decodeBlocks(
  { size, zero }: BlockKind,
  blocks: BlockRows,
  out: Float32Array,
): void {
  const { codes, scales, minimums } = blocks;
  for (let block = 0, i = 0; i < out.length; block++) {
    const scale = scales[block] as number;
    const minimum = minimums[block] as number;
    for (const end = i + size; i < end; i++) {
      out[i] = ((codes[i] as number) - zero) * scale + minimum;
    }
  }
}

/** How numbers that come in no blocks are rounded: 4-bit codes from a block's least number upwards. */
export const ROUNDED: Omit<BlockKind, 'size'> = { bits: 4, zero: 0, hasMinimum: true };

const LARGEST_CODE = 15;

/** Rounds numbers to the nearest of their block's codes; 0 is always within a block's range. */
export function roundToBlocks(size: number, values: Float32Array, out: BlockRows): void {
  const { codes, scales, minimums } = out;
  for (let block = 0, start = 0; start < values.length; block++, start += size) {
    let [least, greatest] = [0, 0];
    for (let i = start; i < start + size; i++) {
      least = Math.min(least, values[i] as number);
      greatest = Math.max(greatest, values[i] as number);
    }
    const scale = Math.fround((greatest - least) / LARGEST_CODE);
    scales[block] = scale;
    minimums[block] = least;
    for (let i = start; i < start + size; i++) {
      const code = scale === 0 ? 0 : Math.round(((values[i] as number) - least) / scale);
      codes[i] = Math.min(LARGEST_CODE, code);
    }
  }
}
