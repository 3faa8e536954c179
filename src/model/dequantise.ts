// The block formats of GGUF tensors, to fp32. Layouts: ggml's `ggml-common.h` and `ggml-quants.c`
// (https://github.com/ggml-org/ggml). Codes and scales come out without loss, and a number's product is
// exact in double precision, so the one rounding to fp32 gives what ggml gives.
import {
  type BlockKind,
  type BlockRows,
  decodeBlocks,
  emptyBlockRows,
  firstRows,
} from './blocks.js';
import { FLOAT_CONVERSIONS, halfToNumber } from './floats.js';

/** How a type lays its numbers out. */
export interface BlockFormat {
  readonly name: string;
  /** Numbers of a block; rows are whole blocks. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Converts `out.length` numbers, whole blocks, from the start of `bytes`. */
  readonly decode: (bytes: DataView, out: Float32Array) => void;
  /** Absent in types that are no blocks. */
  readonly blocks?: BlockUnpacking;
}

/** How a block's codes are taken out without loss. A block of the file may be several of the kind. */
export interface BlockUnpacking {
  readonly kind: BlockKind;
  /** Fills `out` from the start of `bytes`. */
  readonly unpack: (bytes: DataView, out: BlockRows) => void;
}

/** Numbers that are decoded at a time, by way of their codes. */
const DECODED_AT_A_TIME = 1 << 16;

/** Formats by ggml's number of the type. */
export const BLOCK_FORMATS: ReadonlyMap<number, BlockFormat> = new Map([
  [0, { name: 'F32', elements: 1, bytes: 4, decode: FLOAT_CONVERSIONS.F32 }],
  [1, { name: 'F16', elements: 1, bytes: 2, decode: FLOAT_CONVERSIONS.F16 }],
  [2, blocks('Q4_0', 32, 18, kind(4, 32, 8), unpackQ4_0)],
  [3, blocks('Q4_1', 32, 20, kind(4, 32, 0), unpackQ4_1)],
  [8, blocks('Q8_0', 32, 34, kind(8, 32, 128), unpackQ8_0)],
  [12, blocks('Q4_K', 256, 144, kind(4, 32, 0), unpackQ4_K)],
  [13, blocks('Q5_K', 256, 176, kind(8, 32, 0), unpackQ5_K)],
  [14, blocks('Q6_K', 256, 210, kind(8, 16, 128), unpackQ6_K)],
  [30, { name: 'BF16', elements: 1, bytes: 2, decode: FLOAT_CONVERSIONS.BF16 }],
]);

/** Names of other types, for errors. */
const OTHER_TYPES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    6: 'Q5_0',
    7: 'Q5_1',
    9: 'Q8_1',
    10: 'Q2_K',
    11: 'Q3_K',
    15: 'Q8_K',
    16: 'IQ2_XXS',
    17: 'IQ2_XS',
    18: 'IQ3_XXS',
    19: 'IQ1_S',
    20: 'IQ4_NL',
    21: 'IQ3_S',
    22: 'IQ2_S',
    23: 'IQ4_XS',
    24: 'I8',
    25: 'I16',
    26: 'I32',
    27: 'I64',
    28: 'F64',
    29: 'IQ1_M',
    34: 'TQ1_0',
    35: 'TQ2_0',
    39: 'MXFP4',
  }).map(([type, name]) => [Number(type), name]),
);

/** What a type is called. */
export function typeName(type: number): string {
  return BLOCK_FORMATS.get(type)?.name ?? OTHER_TYPES.get(type) ?? `type ${type}`;
}

/** Blocks without a zero have a minimum instead. */
function kind(bits: 4 | 8, size: number, zero: number): BlockKind {
  return { bits, size, zero, hasMinimum: zero === 0 };
}

/** Unpacks one block of the file, which starts at byte `at`, to codes from `to` on. */
type UnpackBlock = (bytes: DataView, at: number, out: BlockRows, to: number) => void;

function blocks(
  name: string,
  elements: number,
  bytes: number,
  kind: BlockKind,
  unpackBlock: UnpackBlock,
): BlockFormat {
  const unpack = (view: DataView, out: BlockRows) => {
    for (let to = 0, at = 0; to < out.codes.length; to += elements, at += bytes) {
      unpackBlock(view, at, out, to);
    }
  };
  const scratch = emptyBlockRows(kind, 1, DECODED_AT_A_TIME);
  const decode = (view: DataView, out: Float32Array) => {
    for (let start = 0; start < out.length; start += DECODED_AT_A_TIME) {
      const part = out.subarray(start, start + DECODED_AT_A_TIME);
      const codes = firstRows(scratch, 1, part.length, kind.size);
      const from = view.byteOffset + (start / elements) * bytes;
      unpack(new DataView(view.buffer, from, (part.length / elements) * bytes), codes);
      decodeBlocks(kind, codes, part);
    }
  };
  return { name, elements, bytes, decode, blocks: { kind, unpack } };
}

const half = (bytes: DataView, at: number): number => halfToNumber(bytes.getUint16(at, true));

/** 16 bytes: low halves are numbers 0..15, high halves 16..31. */
function unpackHalves(bytes: DataView, at: number, codes: Uint8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + i);
    codes[to + i] = pair & 15;
    codes[to + 16 + i] = pair >> 4;
  }
}

/** scale f16, 16 bytes of halves. */
function unpackQ4_0(bytes: DataView, at: number, out: BlockRows, to: number): void {
  out.scales[to / 32] = half(bytes, at);
  unpackHalves(bytes, at + 2, out.codes, to);
}

/** scale f16, minimum f16, 16 bytes of halves. */
function unpackQ4_1(bytes: DataView, at: number, out: BlockRows, to: number): void {
  out.scales[to / 32] = half(bytes, at);
  out.minimums[to / 32] = half(bytes, at + 2);
  unpackHalves(bytes, at + 4, out.codes, to);
}

/** scale f16, 32 signed bytes. */
function unpackQ8_0(bytes: DataView, at: number, out: BlockRows, to: number): void {
  out.scales[to / 32] = half(bytes, at);
  for (let i = 0; i < 32; i++) out.codes[to + i] = bytes.getUint8(at + 2 + i) ^ 128; // + 128
}

/** The scale and the minimum, six bits each, of sub-block `j` of 8, packed in 12 bytes. */
function scaleAndMinimum(bytes: DataView, at: number, j: number): readonly [number, number] {
  const byte = (i: number): number => bytes.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [
    (byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4),
    (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4),
  ];
}

/** scale f16, scale of minimums f16, 12 bytes of scales and minimums: for 8 x 32 numbers. */
function unpackScales(bytes: DataView, at: number, out: BlockRows, to: number): void {
  const [scale, minimum] = [half(bytes, at), half(bytes, at + 2)];
  for (let j = 0; j < 8; j++) {
    const [factor, offset] = scaleAndMinimum(bytes, at + 4, j);
    out.scales[to / 32 + j] = scale * factor; // 17 bits: exact
    out.minimums[to / 32 + j] = -(minimum * offset);
  }
}

/** Scales, then 128 bytes: 8 x 32 numbers. */
function unpackQ4_K(bytes: DataView, at: number, out: BlockRows, to: number): void {
  unpackScales(bytes, at, out, to);
  for (let j = 0; j < 8; j++) {
    const from = at + 16 + 32 * (j >> 1);
    const shift = 4 * (j & 1);
    for (let i = 0; i < 32; i++) {
      out.codes[to + 32 * j + i] = (bytes.getUint8(from + i) >> shift) & 15;
    }
  }
}

/** As Q4_K, with 32 bytes of fifth bits (bit j for sub-block j) before the 128. */
function unpackQ5_K(bytes: DataView, at: number, out: BlockRows, to: number): void {
  unpackScales(bytes, at, out, to);
  for (let j = 0; j < 8; j++) {
    const from = at + 48 + 32 * (j >> 1);
    const shift = 4 * (j & 1);
    for (let i = 0; i < 32; i++) {
      const low = (bytes.getUint8(from + i) >> shift) & 15;
      const high = (bytes.getUint8(at + 16 + i) >> j) & 1;
      out.codes[to + 32 * j + i] = low + 16 * high;
    }
  }
}

/** 128 bytes of low halves, 64 bytes of high pairs, 16 signed scales, scale f16: 16 x 16 numbers. */
function unpackQ6_K(bytes: DataView, at: number, out: BlockRows, to: number): void {
  const scale = half(bytes, at + 208);
  for (let j = 0; j < 16; j++) out.scales[to / 16 + j] = scale * bytes.getInt8(at + 192 + j); // exact
  for (let part = 0; part < 8; part++) {
    // Parts of 32 numbers; four share 64 bytes of low halves and 32 bytes of high pairs.
    const [group, quarter] = [part >> 2, part & 3];
    const low = at + 64 * group + 32 * (quarter & 1);
    const high = at + 128 + 32 * group;
    for (let i = 0; i < 32; i++) {
      const four = (bytes.getUint8(low + i) >> (4 * (quarter >> 1))) & 15;
      const two = (bytes.getUint8(high + i) >> (2 * quarter)) & 3;
      out.codes[to + 32 * part + i] = four + 16 * two - 32 + 128;
    }
  }
}
