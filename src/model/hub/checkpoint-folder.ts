// Where a checkpoint lies between the hub and its import: in the cache, one directory a commit, and
// beside it what is still coming. What an interrupted pull leaves there, the next one goes on with.
import { mkdir, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { basename } from 'node:path/posix';
import { ModelError } from '../../errors.js';
import { modelFault } from '../fault.js';
import { FolderLock } from './folder-lock.js';
import type { RemoteFile, Repository } from './repository.js';

/** Room beside the files themselves. */
const SPARE_BYTES = 16 * 1024 * 1024;
const ELSEWHERE = 'or name another place in ESPALIER_CACHE';

/** `ESPALIER_CACHE`, else `espalier` where the system keeps caches. */
export function defaultCache(): string {
  const { ESPALIER_CACHE, XDG_CACHE_HOME } = process.env;
  return ESPALIER_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier');
}

export class CheckpointFolder {
  /** What of the path is the cache's own, and stays. */
  readonly #root: string;
  readonly #lock: FolderLock;
  readonly #files: RemoteFile[] = [];

  private constructor(
    readonly path: string,
    root: string,
    lock: FolderLock,
  ) {
    this.#root = root;
    this.#lock = lock;
  }

  /** Makes it where it is not there, and locks it; close it. @throws ModelError WRITE_FAILED, DOWNLOAD_FAILED */
  static async open(
    cache: string,
    endpoint: string,
    { id, commit }: Repository,
  ): Promise<CheckpointFolder> {
    const root = join(cache, 'hub');
    const host = new URL(endpoint).host.replaceAll(':', '_');
    const path = join(root, host, ...id.split('/'), commit);
    try {
      await mkdir(path, { recursive: true });
      return new CheckpointFolder(path, root, await FolderLock.take(join(dirname(path), '.lock')));
    } catch (error) {
      if (error instanceof ModelError) throw error;
      const remedy = `check that it can be written, ${ELSEWHERE}`;
      throw modelFault('WRITE_FAILED', path, 'writable', String(error), remedy, error);
    }
  }

  /** Where a file of the repository lies, without the folders it has there. */
  at(file: RemoteFile): string {
    return join(this.path, basename(file.path));
  }

  /** Where a file lies while it comes. Named by its content: it may be that of other commits too. */
  partialOf({ checksum }: RemoteFile): string {
    return join(dirname(this.path), `${checksum.digest}.partial`);
  }

  /** Names files that are to come. @throws ModelError WRITE_FAILED if the disk has no room for them */
  async expect(files: readonly RemoteFile[]): Promise<void> {
    this.#files.push(...files);
    const missing = await Promise.all(files.map((file) => this.#missing(file)));
    const needed = missing.reduce((sum, bytes) => sum + bytes, 0);
    const { bavail, bsize } = await statfs(this.path);
    if (needed === 0 || bavail * bsize >= needed + SPARE_BYTES) return;
    const expected = `a place with ${needed + SPARE_BYTES} bytes free`;
    const remedy = `free some space, ${ELSEWHERE}; then run it again: what is downloaded is kept`;
    throw modelFault('WRITE_FAILED', this.path, expected, `${bavail * bsize}`, remedy);
  }

  /** Removes the expected files. */
  async empty(): Promise<void> {
    for (const file of this.#files) await rm(this.at(file), { force: true });
  }

  /** Lets others in, and removes the directories that are empty. */
  async close(): Promise<void> {
    await this.#lock.release();
    for (let path = this.path; path !== this.#root; path = dirname(path)) {
      const isGone = await rmdir(path).then(
        () => true,
        () => false, // not empty: a file, another commit or repository is kept
      );
      if (!isGone) return;
    }
  }

  async #missing(file: RemoteFile): Promise<number> {
    const sizeOf = (path: string) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      );
    const whole = await sizeOf(this.at(file));
    if (whole === file.bytes) return 0;
    return Math.max(0, file.bytes - (await sizeOf(this.partialOf(file))));
  }
}
