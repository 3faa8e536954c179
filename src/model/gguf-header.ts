// Walking through the header of a GGUF file: its primitive values, one after another, from a window
// of its first bytes. Counts are checked against the whole file before anything is made of them.
import { modelFault } from './fault.js';

/** A metadata value; 64-bit integers that JavaScript cannot hold exactly arrive rounded. */
export type GgufValue = number | boolean | string | readonly (number | boolean | string)[];

/** The window ended inside the header. */
export class NeedsMoreBytes extends Error {}

const MAGIC = 0x46554747; // "GGUF"
const VERSIONS = [2, 3];
const STRING = 8;
const ARRAY = 9;
const MAX_DIMENSIONS = 4;
const REMEDY = 'download the file again';

interface Primitive {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number | boolean;
}

/** By the format's number of the type. */
const PRIMITIVES: Readonly<Record<number, Primitive>> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  10: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class GgufHeaderReader {
  /** The next byte to be read, from the start of the file. */
  position = 0;

  /**
   * @param view the file's first bytes
   * @param size bytes of the whole file
   */
  constructor(
    readonly view: DataView<ArrayBuffer>,
    readonly path: string,
    readonly size: number,
  ) {}

  /** Magic, version and counts. @throws ModelError INVALID_FILE or UNSUPPORTED_MODEL */
  start(): { readonly tensorCount: number; readonly valueCount: number } {
    if (this.size < 24) throw this.fault('a GGUF file', `${this.size} bytes`);
    if (this.unsigned32() !== MAGIC) throw this.fault('a GGUF file', 'other first bytes');
    const version = this.unsigned32();
    if (!VERSIONS.includes(version)) {
      const found = version % 0x10000 === 0 ? 'one for big-endian machines' : `version ${version}`;
      const expected = `a GGUF file of version ${VERSIONS.join(' or ')}`;
      const remedy = 'convert it again with a newer tool';
      throw modelFault('UNSUPPORTED_MODEL', this.path, expected, found, remedy);
    }
    // At least 32 bytes a tensor (name, dimension, type, offset), 13 a value (key, type, byte).
    return { tensorCount: this.#count(32, 'tensors'), valueCount: this.#count(13, 'values') };
  }

  unsigned32(): number {
    return this.view.getUint32(this.#advance(4), true);
  }

  /** One that is too large for a file is refused. */
  unsigned64(): number {
    const value = this.view.getBigUint64(this.#advance(8), true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.fault('a GGUF file of sizes below 2^53', String(value));
  }

  text(): string {
    const length = this.#count(1, 'bytes of text');
    const at = this.#advance(length);
    try {
      return decoder.decode(new Uint8Array(this.view.buffer, at, length));
    } catch {
      throw this.fault('a GGUF file of UTF-8 text', `other bytes at ${at}`);
    }
  }

  /** A typed value of the metadata. */
  value(): GgufValue {
    const type = this.unsigned32();
    if (type === STRING) return this.text();
    if (type === ARRAY) return this.#array();
    return this.#primitive(this.#primitiveOf(type));
  }

  /** A tensor's dimensions as they are stored: the contiguous one first. */
  dimensions(name: string): number[] {
    const count = this.unsigned32();
    if (count < 1 || count > MAX_DIMENSIONS) {
      const expected = `a tensor ${name} of 1 to ${MAX_DIMENSIONS} dimensions`;
      throw this.fault(expected, `${count}`);
    }
    const sides = Array.from({ length: count }, () => this.unsigned64());
    const elements = sides.reduce((product, side) => product * side, 1);
    // No format needs less than a sixteenth of a byte for a number.
    if (!(elements >= 1 && elements <= 16 * this.size)) {
      throw this.fault(`a tensor ${name} that fits the file`, `[${sides.reverse().join(', ')}]`);
    }
    return sides;
  }

  /** An INVALID_FILE error about this file. */
  fault(expected: string, found: string) {
    return modelFault('INVALID_FILE', this.path, expected, found, REMEDY);
  }

  #array(): readonly (number | boolean | string)[] {
    const type = this.unsigned32();
    if (type === STRING) {
      const count = this.#count(8, 'texts');
      const texts: string[] = [];
      for (let i = 0; i < count; i++) texts.push(this.text());
      return texts;
    }
    if (type === ARRAY) throw this.fault('a GGUF file without nested arrays', 'one');
    const primitive = this.#primitiveOf(type);
    const count = this.#count(primitive.bytes, 'numbers');
    this.#require(count * primitive.bytes);
    const values: (number | boolean)[] = [];
    for (let i = 0; i < count; i++) values.push(this.#primitive(primitive));
    return values;
  }

  #primitiveOf(type: number): Primitive {
    const primitive = PRIMITIVES[type];
    if (primitive === undefined) throw this.fault('a GGUF file of known values', `type ${type}`);
    return primitive;
  }

  #primitive({ bytes, read }: Primitive): number | boolean {
    return read(this.view, this.#advance(bytes));
  }

  /** A count of things that take at least `bytes` bytes each. */
  #count(bytes: number, of: string): number {
    const count = this.unsigned64();
    const most = Math.floor((this.size - this.position) / bytes);
    if (count > most) throw this.fault(`a GGUF file of at most ${most} ${of} here`, `${count}`);
    return count;
  }

  #require(bytes: number): void {
    if (this.position + bytes > this.view.byteLength) throw new NeedsMoreBytes();
  }

  /** The position before a step of so many bytes. */
  #advance(bytes: number): number {
    this.#require(bytes);
    const at = this.position;
    this.position += bytes;
    return at;
  }
}
