// Little-endian floating-point numbers of checkpoint files, converted to fp32.

/** Converts `out.length` numbers from the start of `bytes`. */
export type Conversion = (bytes: DataView, out: Float32Array) => void;

export const FLOAT_CONVERSIONS: Readonly<Record<'F32' | 'F16' | 'BF16', Conversion>> = {
  F32: (bytes, out) => {
    for (let i = 0; i < out.length; i++) out[i] = bytes.getFloat32(4 * i, true);
  },
  BF16: (bytes, out) => {
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = bytes.getUint16(2 * i, true) << 16;
  },
  F16: (bytes, out) => {
    for (let i = 0; i < out.length; i++) out[i] = halfToNumber(bytes.getUint16(2 * i, true));
  },
};

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * (POWERS[exponent] as number);
}

/** 2^(exponent - 25) for the exponents of binary16. */
const POWERS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25));

/** What the largest binary16 rounds from, and no more: numbers from here on would be infinite. */
const BEYOND_HALF = 0x477f_f000; // 65,520
const LEAST_NORMAL = 0x3880_0000; // 2^-14
const EXPONENT_SHIFT = 0x3800_0000; // 112 << 23: between the two formats' exponents

/**
 * Converts fp32 to the nearest binary16, ties to even.
 * @returns the index of a number that is too large for binary16, or undefined
 */
export function toHalves(values: Float32Array, out: Uint16Array): number | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = ((bits[i] as number) >>> 16) & 0x8000;
    const size = (bits[i] as number) & 0x7fff_ffff;
    if (size >= BEYOND_HALF) return i;
    if (size < LEAST_NORMAL) {
      out[i] = sign | roundToEven(Math.abs(values[i] as number) * 2 ** 24);
    } else {
      out[i] = sign | ((size - EXPONENT_SHIFT + 0xfff + ((size >>> 13) & 1)) >>> 13);
    }
  }
  return undefined;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
