// A checkpoint's tensors by name, wherever they lie. Today they lie in one file; callers know nothing
// of files.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelFault } from './fault.js';
import { SafetensorsFile } from './safetensors.js';

const SINGLE_FILE = 'model.safetensors';
const REMEDY = 'check that the checkpoint is complete and matches its config.json';

/** Tensors by name, read on demand; close it. */
export class Checkpoint {
  readonly #fileOf: ReadonlyMap<string, SafetensorsFile>; // tensor name -> its file

  private constructor(
    readonly directory: string,
    fileOf: ReadonlyMap<string, SafetensorsFile>,
  ) {
    this.#fileOf = fileOf;
  }

  /** @throws ModelError MISSING_MODEL, UNSUPPORTED_MODEL or INVALID_FILE */
  static async open(directory: string): Promise<Checkpoint> {
    if (existsSync(join(directory, `${SINGLE_FILE}.index.json`))) {
      throw modelFault(
        'UNSUPPORTED_MODEL',
        directory,
        `a checkpoint in one file, ${SINGLE_FILE}`,
        'one split into shards',
        'save it again with a larger max_shard_size',
      );
    }
    const file = await SafetensorsFile.open(join(directory, SINGLE_FILE));
    return new Checkpoint(directory, new Map([...file.entries.keys()].map((name) => [name, file])));
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
    throw modelFault('INVALID_MODEL', `${this.directory}: ${name}`, expected, what, REMEDY);
  }

  /**
   * Reads a tensor, row-major.
   * @throws ModelError INVALID_FILE, or INVALID_MODEL if a value is not finite
   */
  async read(name: string): Promise<Float32Array> {
    const file = this.#fileOf.get(name);
    if (file === undefined) {
      throw modelFault(
        'INVALID_MODEL',
        this.directory,
        `a checkpoint with ${name}`,
        'none',
        REMEDY,
      );
    }
    const values = await file.read(name);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const found = `${values[bad]} at ${bad}`;
      throw modelFault('INVALID_MODEL', `${file.path}: ${name}`, 'finite numbers', found, REMEDY);
    }
    return values;
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.#fileOf.values())].map((file) => file.close()));
  }
}
