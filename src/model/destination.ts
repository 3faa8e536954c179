// Writing a package whole or not at all: everything goes to a temporary directory beside the
// destination, which is renamed at the end. Whatever fails, nothing half-written stays behind.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ModelError } from '../errors.js';
import { modelFault } from './fault.js';
import { HASHED_BELOW, MANIFEST_FILE, type PackageFile } from './manifest.js';

/** A new file that grows by appending, and is hashed on the way. */
export class WholeFile {
  bytes = 0;
  readonly #hash = createHash('sha256');

  readonly #handle: FileHandle;

  private constructor(
    readonly path: string,
    handle: FileHandle,
  ) {
    this.#handle = handle;
  }

  /** @throws ModelError WRITE_FAILED if it cannot be made, or is there already */
  static async create(path: string): Promise<WholeFile> {
    return new WholeFile(path, await writing(path, () => open(path, 'wx')));
  }

  /** Makes a file of these bytes alone. @throws ModelError WRITE_FAILED */
  static async write(path: string, bytes: Uint8Array | string): Promise<PackageFile> {
    const file = await WholeFile.create(path);
    try {
      await file.append(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      return await file.finish();
    } finally {
      await file.close();
    }
  }

  /** @throws ModelError WRITE_FAILED */
  async append(bytes: Uint8Array): Promise<void> {
    await writing(this.path, async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#handle.write(bytes, done)).bytesWritten;
      }
    });
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  /**
   * Nothing can be appended afterwards. A file that loading does not hash is flushed to the disk, so
   * that a power cut cannot damage it unseen.
   * @throws ModelError WRITE_FAILED
   */
  async finish(): Promise<PackageFile> {
    if (this.bytes >= HASHED_BELOW) await writing(this.path, () => this.#handle.sync());
    return { bytes: this.bytes, sha256: this.#hash.digest('hex') };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/**
 * Refuses a destination that is taken.
 * @param overwrite whether a model package there may be replaced (anything else never is)
 * @throws ModelError WRITE_FAILED
 */
export async function checkDestination(destination: string, overwrite: boolean): Promise<void> {
  if (!existsSync(destination)) return;
  if (overwrite && existsSync(join(destination, MANIFEST_FILE))) return;
  const entries = await readdir(destination).catch(() => undefined);
  if (entries?.length === 0) return;
  const found = entries === undefined ? 'a file' : `a directory of ${entries.length} entries`;
  const remedy = overwrite
    ? 'choose another place: only a model package is replaced'
    : 'choose another place, or ask for a package to be overwritten';
  throw modelFault('WRITE_FAILED', destination, 'a place that is free', found, remedy);
}

/**
 * Runs `write` on a fresh directory and moves it to `destination`, replacing a package that
 * `checkDestination` allowed. Whatever `write` throws is thrown again, after the directory is removed.
 */
export async function writeWhole<T>(
  destination: string,
  write: (directory: string) => Promise<T>,
): Promise<T> {
  const target = resolve(destination);
  const sibling = (kind: string) =>
    join(dirname(target), `.${basename(target)}.${kind}-${randomUUID().slice(0, 8)}`);
  const partial = sibling('partial');
  const replaced = sibling('replaced');
  await writing(dirname(target), () => mkdir(dirname(target), { recursive: true }));
  try {
    await writing(partial, () => mkdir(partial));
    const result = await write(partial);
    await writing(target, () => moveInto(partial, target, replaced));
    return result;
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(replaced, { recursive: true, force: true });
  }
}

/** Renames `partial` to `target`; what was there is put back if that fails. */
async function moveInto(partial: string, target: string, replaced: string): Promise<void> {
  if (!existsSync(target)) {
    await rename(partial, target);
    return;
  }
  await rename(target, replaced);
  try {
    await rename(partial, target);
  } catch (error) {
    await rename(replaced, target);
    throw error;
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelError) throw error;
    const remedy = 'check that the directory can be written and the disk has room';
    throw modelFault('WRITE_FAILED', path, 'writable', String(error), remedy, error);
  }
}
