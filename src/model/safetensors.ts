// Reading one safetensors file: https://github.com/huggingface/safetensors#format. The header is
// untrusted: nothing is allocated or read before its numbers have been checked against the file.
import type { FileHandle } from 'node:fs/promises';
import { modelFault } from './fault.js';
import { Fields } from './fields.js';
import { ByteWindow, CHUNK_BYTES, openFile, readExactly } from './file-bytes.js';
import { type Conversion, FLOAT_CONVERSIONS } from './floats.js';

/** Bytes per element. Only the floating types that weights come in can be read. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};
/** The format's own limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;
const REMEDY = 'download the checkpoint again';

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** An open safetensors file; close it. */
export class SafetensorsFile {
  readonly #handle: FileHandle;
  readonly #window = new ByteWindow();

  private constructor(
    readonly path: string,
    readonly entries: ReadonlyMap<string, TensorEntry>,
    handle: FileHandle,
  ) {
    this.#handle = handle;
  }

  /** @throws ModelError MISSING_MODEL or INVALID_FILE */
  static async open(path: string): Promise<SafetensorsFile> {
    const handle = await openFile(path, 'a safetensors file');
    try {
      return new SafetensorsFile(path, await readHeader(handle, path), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Reads a tensor, row-major, as fp32.
   * @throws ModelError INVALID_FILE if it is not there, or of a type that is no weight
   */
  async read(name: string): Promise<Float32Array> {
    const { bytes, dtype } = this.#entry(name);
    const values = new Float32Array(bytes / (ELEMENT_BYTES[dtype] as number));
    await this.readRows(name, 0, values);
    return values;
  }

  /**
   * Reads rows from `first` on (of a vector: numbers), row-major, as fp32.
   * @throws ModelError as `read`
   */
  async readRows(name: string, first: number, out: Float32Array): Promise<void> {
    const { dtype, offset, shape } = this.#entry(name);
    const convert = (FLOAT_CONVERSIONS as Readonly<Record<string, Conversion>>)[dtype];
    if (convert === undefined) {
      const found = `${dtype} for ${name}`;
      throw modelFault('INVALID_FILE', this.path, 'tensors of F32, F16 or BF16', found, REMEDY);
    }
    const width = ELEMENT_BYTES[dtype] as number;
    const start = first * shape.slice(1).reduce((product, side) => product * side, 1);
    const step = CHUNK_BYTES / width;
    for (let done = 0; done < out.length; done += step) {
      const part = out.subarray(done, done + step);
      const from = offset + (start + done) * width;
      const bytes = await this.#window.read(this.#handle, from, part.length * width, this.path);
      convert(bytes, part);
    }
  }

  #entry(name: string): TensorEntry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    throw modelFault('INVALID_FILE', this.path, `a file with tensor ${name}`, 'none', REMEDY);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function readHeader(
  handle: FileHandle,
  path: string,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const { size } = await handle.stat();
  const invalid = (expected: string, found: string) =>
    modelFault('INVALID_FILE', path, expected, found, REMEDY);
  if (size < 8) throw invalid('a safetensors file', `${size} bytes`);
  const length = (await readExactly(handle, 0, 8, path)).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, size - 8))) {
    throw invalid('a safetensors file whose header fits', `a header of ${length} of ${size} bytes`);
  }
  const start = 8 + Number(length);
  const view = await readExactly(handle, 8, Number(length), path);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(view));
  } catch (error) {
    throw invalid('a safetensors file with a JSON header', String(error));
  }
  const header = new Fields(json, `${path}: header`, REMEDY, 'INVALID_FILE');
  const entries = new Map<string, TensorEntry>();
  for (const name of header.keys()) {
    if (name === '__metadata__') continue;
    entries.set(name, parseEntry(header.object(name), start, size));
  }
  checkLayout(entries, start, size, path);
  return entries;
}

function parseEntry(fields: Fields, start: number, size: number): TensorEntry {
  const dtype = fields.oneOf('dtype', Object.keys(ELEMENT_BYTES));
  const shape = fields.integers('shape');
  const offsets = fields.integers('data_offsets', 0, size - start);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw fields.fault('data_offsets', 'two ascending offsets');
  }
  // Dimensions are safe integers; a product that is not exact cannot equal the length of a file.
  const bytes = shape.reduce((product, side) => product * side, ELEMENT_BYTES[dtype] as number);
  if (bytes !== end - begin) {
    throw fields.fault('shape', `one of ${end - begin} bytes of ${dtype}`);
  }
  return { dtype, shape, offset: start + begin, bytes };
}

/** Tensors must cover the data without overlap, hole or rest, as the format demands. */
function checkLayout(
  entries: ReadonlyMap<string, TensorEntry>,
  start: number,
  size: number,
  path: string,
): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let position = start;
  for (const [name, entry] of sorted) {
    if (entry.offset !== position) {
      const found = `${name} at byte ${entry.offset} (${entry.offset < position ? 'overlap' : 'hole'})`;
      throw modelFault('INVALID_FILE', path, `a tensor at byte ${position}`, found, REMEDY);
    }
    position += entry.bytes;
  }
  if (position !== size) {
    throw modelFault('INVALID_FILE', path, `a file of ${position} bytes`, `${size}`, REMEDY);
  }
}
