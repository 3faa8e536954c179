// The block formats of GGUF tensors, to fp32. Layouts: ggml's `ggml-common.h` and `ggml-quants.c`
// (https://github.com/ggml-org/ggml). Every product below is exact in double precision, so the one
// rounding to fp32 gives what ggml gives.
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
}

/** Formats by ggml's number of the type. */
export const BLOCK_FORMATS: ReadonlyMap<number, BlockFormat> = new Map([
  [0, { name: 'F32', elements: 1, bytes: 4, decode: FLOAT_CONVERSIONS.F32 }],
  [1, { name: 'F16', elements: 1, bytes: 2, decode: FLOAT_CONVERSIONS.F16 }],
  [2, blocks('Q4_0', 32, 18, decodeQ4_0)],
  [3, blocks('Q4_1', 32, 20, decodeQ4_1)],
  [8, blocks('Q8_0', 32, 34, decodeQ8_0)],
  [12, blocks('Q4_K', 256, 144, decodeQ4_K)],
  [13, blocks('Q5_K', 256, 176, decodeQ5_K)],
  [14, blocks('Q6_K', 256, 210, decodeQ6_K)],
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

/** Decodes one block, which starts at byte `at`, to `out` from `to` on. */
type DecodeBlock = (bytes: DataView, at: number, out: Float32Array, to: number) => void;

function blocks(name: string, elements: number, bytes: number, decode: DecodeBlock): BlockFormat {
  return {
    name,
    elements,
    bytes,
    decode: (view, out) => {
      for (let to = 0, at = 0; to < out.length; to += elements, at += bytes) {
        decode(view, at, out, to);
      }
    },
  };
}

const half = (bytes: DataView, at: number): number => halfToNumber(bytes.getUint16(at, true));

/** scale f16, 16 bytes: low halves are numbers 0..15, high halves 16..31. */
function decodeQ4_0(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 2 + i);
    out[to + i] = ((pair & 15) - 8) * scale;
    out[to + 16 + i] = ((pair >> 4) - 8) * scale;
  }
}

/** scale f16, minimum f16, 16 bytes as in Q4_0. */
function decodeQ4_1(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const minimum = half(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 4 + i);
    out[to + i] = (pair & 15) * scale + minimum;
    out[to + 16 + i] = (pair >> 4) * scale + minimum;
  }
}

/** scale f16, 32 signed bytes. */
function decodeQ8_0(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(bytes, at);
  for (let i = 0; i < 32; i++) out[to + i] = bytes.getInt8(at + 2 + i) * scale;
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

/** scale f16, scale of minimums f16, 12 bytes of scales and minimums, 128 bytes: 8 x 32 numbers. */
function decodeQ4_K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const [scale, minimum] = [half(bytes, at), half(bytes, at + 2)];
  for (let j = 0; j < 8; j++) {
    const [factor, offset] = scaleAndMinimum(bytes, at + 4, j);
    const [times, minus] = [scale * factor, minimum * offset];
    const from = at + 16 + 32 * (j >> 1);
    const shift = 4 * (j & 1);
    for (let i = 0; i < 32; i++) {
      const value = (bytes.getUint8(from + i) >> shift) & 15;
      out[to + 32 * j + i] = value * times - minus;
    }
  }
}

/** As Q4_K, with 32 bytes of fifth bits (bit j for sub-block j) before the 128. */
function decodeQ5_K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const [scale, minimum] = [half(bytes, at), half(bytes, at + 2)];
  for (let j = 0; j < 8; j++) {
    const [factor, offset] = scaleAndMinimum(bytes, at + 4, j);
    const [times, minus] = [scale * factor, minimum * offset];
    const from = at + 48 + 32 * (j >> 1);
    const shift = 4 * (j & 1);
    for (let i = 0; i < 32; i++) {
      const low = (bytes.getUint8(from + i) >> shift) & 15;
      const high = (bytes.getUint8(at + 16 + i) >> j) & 1;
      out[to + 32 * j + i] = (low + 16 * high) * times - minus;
    }
  }
}

/** 128 bytes of low halves, 64 bytes of high pairs, 16 signed scales, scale f16: 16 x 16 numbers. */
function decodeQ6_K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(bytes, at + 208);
  for (let part = 0; part < 8; part++) {
    // Parts of 32 numbers; four share 64 bytes of low halves and 32 bytes of high pairs.
    const [group, quarter] = [part >> 2, part & 3];
    const low = at + 64 * group + 32 * (quarter & 1);
    const high = at + 128 + 32 * group;
    for (let i = 0; i < 32; i++) {
      const four = (bytes.getUint8(low + i) >> (4 * (quarter >> 1))) & 15;
      const two = (bytes.getUint8(high + i) >> (2 * quarter)) & 3;
      const factor = bytes.getInt8(at + 192 + 2 * part + (i >> 4));
      out[to + 32 * part + i] = (four + 16 * two - 32) * (scale * factor);
    }
  }
}
