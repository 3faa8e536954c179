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
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
