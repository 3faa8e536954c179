// A checkpoint's tensors by name, wherever they lie: in one safetensors file, in several, or in a
// GGUF file. Callers know nothing of files.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockKind, BlockMatrix, BlockRows } from './blocks.js';
import { modelFault, systemCode } from './fault.js';
import { Fields } from './fields.js';
import { isGguf } from './gguf-file.js';
import { GgufTensors } from './gguf-tensors.js';
import { SafetensorsFile } from './safetensors.js';

const SINGLE_FILE = 'model.safetensors';
const SHARD_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors$/;
const REMEDY = 'check that the checkpoint is complete and matches its config.json';

/** An open file of tensors by Hugging Face's names. */
export interface TensorFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** Rows from `first` on (of a vector: numbers), row-major, fp32. @throws ModelError INVALID_FILE */
  readRows(name: string, first: number, out: Float32Array): Promise<void>;
  /** How a tensor's numbers come in blocks, if they do. */
  blockKind?(name: string): BlockKind | undefined;
  /** As readRows, of a tensor that comes in blocks. */
  readBlocks?(name: string, first: number, out: BlockRows): Promise<void>;
  close(): Promise<void>;
}

/** Tensors by name, read on demand; close it. */
export class Checkpoint {
  readonly #fileOf: ReadonlyMap<string, TensorFile>; // tensor name -> its file
  readonly #files: readonly TensorFile[];

  private constructor(
    readonly source: string,
    files: readonly TensorFile[],
  ) {
    this.#files = files;
    this.#fileOf = new Map(files.flatMap((file) => [...file.entries.keys()].map((k) => [k, file])));
  }

  /**
   * @param source a GGUF file or a Hugging Face directory
   * @throws ModelError MISSING_MODEL, UNSUPPORTED_MODEL, INVALID_MODEL or INVALID_FILE
   */
  static async open(source: string): Promise<Checkpoint> {
    if (await isGguf(source)) return new Checkpoint(source, [await GgufTensors.open(source)]);
    if (!existsSync(join(source, `${SINGLE_FILE}.index.json`))) {
      return new Checkpoint(source, [await SafetensorsFile.open(join(source, SINGLE_FILE))]);
    }
    const files: SafetensorsFile[] = [];
    try {
      for (const [shard, names] of await shardsOf(source)) {
        const file = await SafetensorsFile.open(join(source, shard));
        files.push(file);
        checkShard(file, names);
      }
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
    return new Checkpoint(source, files);
  }

  has(name: string): boolean {
    return this.#fileOf.has(name);
  }

  /** @throws ModelError INVALID_MODEL unless the tensor is there in this shape */
  check(name: string, shape: readonly number[]): void {
    const found = this.#fileOf.get(name)?.entries.get(name)?.shape;
    if (found !== undefined && found.join() === shape.join()) return;
    const what = found === undefined ? 'no such tensor' : `[${found.join(', ')}]`;
    const expected = `a tensor [${shape.join(', ')}]`;
    throw modelFault('INVALID_MODEL', `${this.source}: ${name}`, expected, what, REMEDY);
  }

  /** [rows, ...], or [numbers] of a vector. */
  shape(name: string): readonly number[] {
    return this.#file(name).entries.get(name)?.shape ?? [];
  }

  /**
   * Reads a tensor, row-major.
   * @throws ModelError INVALID_FILE, or INVALID_MODEL if a value is not finite
   */
  async read(name: string): Promise<Float32Array> {
    const values = new Float32Array(this.#numbers(name));
    await this.readRows(name, 0, values);
    return values;
  }

  /**
   * Fills `out` with rows from `first` on (of a vector: numbers), row-major.
   * @throws ModelError as `read`
   */
  async readRows(name: string, first: number, out: Float32Array): Promise<void> {
    const file = this.#file(name);
    await file.readRows(name, first, out);
    const start = (first / (this.shape(name)[0] as number)) * this.#numbers(name);
    this.#checkFinite(name, out, start);
  }

  /** A matrix whose numbers the file keeps in blocks, as they are; undefined if it does not. */
  blocks(name: string): BlockMatrix | undefined {
    const file = this.#file(name);
    const kind = file.blockKind?.(name);
    const [rows = 1, inputs = 1] = this.shape(name);
    if (kind === undefined) return undefined;
    const read = async (first: number, out: BlockRows) => {
      await file.readBlocks?.(name, first, out);
      this.#checkFinite(name, out.scales, (first * inputs) / kind.size);
      this.#checkFinite(name, out.minimums, (first * inputs) / kind.size);
    };
    return { kind, rows, inputs, read };
  }

  #file(name: string): TensorFile {
    const file = this.#fileOf.get(name);
    if (file !== undefined) return file;
    throw modelFault('INVALID_MODEL', this.source, `a checkpoint with ${name}`, 'none', REMEDY);
  }

  #numbers(name: string): number {
    return this.shape(name).reduce((product, side) => product * side, 1);
  }

  #checkFinite(name: string, values: Float32Array, start: number): void {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      const found = `${values[i]} at ${start + i}`;
      const where = `${this.#file(name).path}: ${name}`;
      throw modelFault('INVALID_MODEL', where, 'finite numbers', found, REMEDY);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

/** Names of the shards, in order, each with the tensors that the index puts there. */
export async function shardsOf(directory: string): Promise<[string, string[]][]> {
  const path = join(directory, `${SINGLE_FILE}.index.json`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const code = systemCode(error) === undefined ? 'INVALID_MODEL' : 'MISSING_MODEL';
    throw modelFault(code, path, 'a readable JSON document', String(error), REMEDY, error);
  }
  const map = new Fields(json, path, REMEDY).object('weight_map');
  const shards = new Map<string, string[]>();
  for (const name of map.keys()) {
    const shard = map.string(name);
    // A name with a slash would reach outside the checkpoint.
    if (!SHARD_NAME.test(shard)) throw map.fault(name, 'the name of a safetensors file beside it');
    shards.set(shard, [...(shards.get(shard) ?? []), name]);
  }
  return [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A shard must hold what the index says, and nothing that the index does not know. */
function checkShard(file: SafetensorsFile, names: readonly string[]): void {
  const expected = new Set(names);
  const missing = names.find((name) => !file.entries.has(name));
  const extra = [...file.entries.keys()].find((name) => !expected.has(name));
  const [name, found] = missing === undefined ? [extra, 'one more'] : [missing, 'no such tensor'];
  if (name === undefined) return;
  const wanted = 'as the index of shards says';
  throw modelFault('INVALID_MODEL', `${file.path}: ${name}`, wanted, found, REMEDY);
}
