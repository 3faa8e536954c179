// Reading one GGUF file: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Everything in it
// is untrusted: no count is believed and nothing allocated before it has been held against the bytes
// that are there. Knows nothing of models.
import { type FileHandle, stat } from 'node:fs/promises';
import { BLOCK_FORMATS, type BlockFormat, typeName } from './dequantise.js';
import { modelFault } from './fault.js';
import { ByteWindow, CHUNK_BYTES, openFile, readExactly } from './file-bytes.js';
import { GgufHeaderReader, type GgufValue, NeedsMoreBytes } from './gguf-header.js';

/** The header is read from a window that doubles from the first to the second of these. */
const FIRST_WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_HEADER_BYTES = 256 * 1024 * 1024;
const REMEDY = 'download the file again';

/** Where a tensor lies in its file. */
export interface GgufTensor {
  readonly format: BlockFormat;
  /** Row-major: the last dimension is contiguous. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** Whether a source is a file: that can only be GGUF, for other checkpoints are directories. */
export async function isGguf(source: string): Promise<boolean> {
  return stat(source).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** An open GGUF file; close it. */
export class GgufFile {
  readonly #handle: FileHandle;
  readonly #window = new ByteWindow();

  private constructor(
    readonly path: string,
    readonly metadata: ReadonlyMap<string, GgufValue>,
    readonly tensors: ReadonlyMap<string, GgufTensor>,
    handle: FileHandle,
  ) {
    this.#handle = handle;
  }

  /** @throws ModelError MISSING_MODEL, INVALID_FILE, or UNSUPPORTED_MODEL for a tensor's type */
  static async open(path: string): Promise<GgufFile> {
    const handle = await openFile(path, 'a GGUF file');
    try {
      const { metadata, tensors } = await readHeader(handle, path);
      return new GgufFile(path, metadata, tensors, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Reads a tensor, row-major, as fp32. @throws ModelError INVALID_FILE if it is not there */
  async read(name: string): Promise<Float32Array> {
    const { format, bytes } = this.tensor(name);
    const values = new Float32Array((bytes / format.bytes) * format.elements);
    const step = Math.floor(CHUNK_BYTES / format.bytes) * format.bytes;
    for (let done = 0; done < bytes; done += step) {
      const length = Math.min(step, bytes - done);
      const start = (done / format.bytes) * format.elements;
      const end = start + (length / format.bytes) * format.elements;
      format.decode(await this.readBytes(name, done, length), values.subarray(start, end));
    }
    return values;
  }

  /** @throws ModelError INVALID_FILE if it is not there */
  tensor(name: string): GgufTensor {
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw modelFault('INVALID_FILE', this.path, `a file with tensor ${name}`, 'none', REMEDY);
  }

  /** Bytes [start, start + length) of a tensor, until the next call. @throws ModelError INVALID_FILE */
  async readBytes(name: string, start: number, length: number): Promise<DataView<ArrayBuffer>> {
    const { offset } = this.tensor(name);
    return this.#window.read(this.#handle, offset + start, length, this.path);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

interface Header {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

async function readHeader(handle: FileHandle, path: string): Promise<Header> {
  const { size } = await handle.stat();
  const most = Math.min(size, MAX_HEADER_BYTES);
  for (let window = FIRST_WINDOW_BYTES; ; window *= 2) {
    const length = Math.min(window, most);
    const view = await readExactly(handle, 0, length, path);
    try {
      return parseHeader(new GgufHeaderReader(view, path, size), size, path);
    } catch (error) {
      if (!(error instanceof NeedsMoreBytes)) throw error;
      if (length < most) continue;
      const found = size === most ? `its end at byte ${size}` : `one of over ${most} bytes`;
      throw modelFault('INVALID_FILE', path, 'a GGUF file with a whole header', found, REMEDY);
    }
  }
}

function parseHeader(reader: GgufHeaderReader, size: number, path: string): Header {
  const { tensorCount, valueCount } = reader.start();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < valueCount; i++) {
    const key = reader.text();
    if (metadata.has(key)) throw reader.fault('keys that differ', `${JSON.stringify(key)} twice`);
    metadata.set(key, reader.value());
  }
  const infos = new Map<string, TensorInfo>();
  for (let i = 0; i < tensorCount; i++) {
    const name = reader.text();
    if (infos.has(name)) throw reader.fault('tensors that differ', `${JSON.stringify(name)} twice`);
    infos.set(name, tensorInfo(reader, name));
  }
  const alignment = metadata.get('general.alignment') ?? 32;
  const isAlignment = Number.isSafeInteger(alignment) && Number(alignment) > 0;
  if (!isAlignment) {
    throw reader.fault('a general.alignment above 0', JSON.stringify(alignment));
  }
  const start = Math.ceil(reader.position / Number(alignment)) * Number(alignment);
  const tensors = new Map<string, GgufTensor>();
  for (const [name, { offset, ...info }] of infos) {
    tensors.set(name, { ...info, offset: start + offset });
  }
  checkLayout(tensors, size, path);
  return { metadata, tensors };
}

type TensorInfo = GgufTensor; // its offset counts from the start of the data

function tensorInfo(reader: GgufHeaderReader, name: string): TensorInfo {
  const shape = reader.dimensions(name).reverse(); // stored with the contiguous one first
  const type = reader.unsigned32();
  const offset = reader.unsigned64();
  const format = BLOCK_FORMATS.get(type);
  if (format === undefined) {
    const known = [...BLOCK_FORMATS.values()].map((each) => each.name).join(', ');
    throw modelFault(
      'UNSUPPORTED_MODEL',
      `${reader.path}: ${name}`,
      `a tensor of ${known}`,
      typeName(type),
      'use a file of one of these quantisations',
    );
  }
  const row = shape.at(-1) as number;
  const elements = shape.reduce((product, side) => product * side, 1);
  if (row % format.elements !== 0) {
    const expected = `a tensor ${name} of rows of whole blocks (${format.elements})`;
    throw reader.fault(expected, `rows of ${row}`);
  }
  return { format, shape, offset, bytes: (elements / format.elements) * format.bytes };
}

/** Tensors must lie inside the file, without overlap. */
function checkLayout(tensors: ReadonlyMap<string, GgufTensor>, size: number, path: string): void {
  let position = 0;
  for (const [name, { offset, bytes }] of [...tensors].sort(
    ([, a], [, b]) => a.offset - b.offset,
  )) {
    const end = offset + bytes;
    if (!(Number.isSafeInteger(end) && end <= size)) {
      const expected = `a file of at least ${end} bytes, for ${name}`;
      throw modelFault('INVALID_FILE', path, expected, `${size} bytes`, REMEDY);
    }
    if (offset < position) {
      const expected = `tensors that do not overlap`;
      throw modelFault('INVALID_FILE', path, expected, `${name} at byte ${offset}`, REMEDY);
    }
    position = end;
  }
}
