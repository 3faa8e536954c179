// A file on its way here: grows by appending, is hashed on the way, survives the process, and takes its
// name once its hash is right.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { modelFault, systemCode } from '../fault.js';
import type { Checksum, RemoteFile } from './repository.js';

export class PartialFile {
  /** That are there, and hashed. */
  bytes = 0;
  #hash: Hash;
  readonly #handle: FileHandle;

  private constructor(
    readonly path: string,
    readonly file: RemoteFile,
    handle: FileHandle,
  ) {
    this.#handle = handle;
    this.#hash = newHash(file);
  }

  /** What another run left of it is taken up. @throws ModelError WRITE_FAILED; the signal's reason */
  static async open(path: string, file: RemoteFile, signal: AbortSignal): Promise<PartialFile> {
    const handle = await writing(path, () => open(path, 'a'));
    const partial = new PartialFile(path, file, handle);
    try {
      await partial.#takeUp(signal);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return partial;
  }

  /** @throws ModelError WRITE_FAILED */
  async append(piece: Uint8Array): Promise<void> {
    await writing(this.path, async () => {
      for (let done = 0; done < piece.length; ) {
        done += (await this.#handle.write(piece, done)).bytesWritten;
      }
    });
    this.#hash.update(piece);
    this.bytes += piece.length;
  }

  /** Throws away what there is. @throws ModelError WRITE_FAILED */
  async restart(): Promise<void> {
    await writing(this.path, () => this.#handle.truncate(0));
    this.#hash = newHash(this.file);
    this.bytes = 0;
  }

  /** Whether all bytes are there and hash to what they must; nothing is appended afterwards. */
  isRight(): boolean {
    return this.#hash.copy().digest('hex') === this.file.checksum.digest;
  }

  /** Gives the file its name, flushed. @throws ModelError WRITE_FAILED */
  async moveTo(destination: string): Promise<void> {
    await writing(destination, async () => {
      await this.#handle.sync();
      await rename(this.path, destination);
    });
  }

  /** Keeps what came, if anything did. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (this.bytes === 0) await rm(this.path, { force: true });
  }

  async #takeUp(signal: AbortSignal): Promise<void> {
    for await (const piece of piecesOf(this.path, signal)) {
      this.#hash.update(piece);
      this.bytes += piece.length;
    }
  }
}

/** Whether a whole file is there and is the right one; one that is wrong is removed. */
export async function isThere(
  path: string,
  file: RemoteFile,
  signal: AbortSignal,
): Promise<boolean> {
  if (!existsSync(path)) return false;
  const hash = newHash(file);
  for await (const piece of piecesOf(path, signal)) hash.update(piece);
  if (hash.digest('hex') === file.checksum.digest) return true;
  await writing(path, () => rm(path));
  return false;
}

async function* piecesOf(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      signal.throwIfAborted();
      yield piece as Buffer;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : writeFault(path, error);
  }
}

/** Git hashes a blob with a head: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects. */
function newHash({
  checksum,
  bytes,
}: {
  readonly checksum: Checksum;
  readonly bytes: number;
}): Hash {
  if (checksum.kind === 'sha256') return createHash('sha256');
  return createHash('sha1').update(`blob ${bytes}\0`);
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw writeFault(path, error);
  }
}

function writeFault(path: string, error: unknown): Error {
  const found = systemCode(error) === 'ENOSPC' ? 'a full disk' : String(error);
  const remedy =
    'free some space, or name another place in ESPALIER_CACHE; then run it again: what is downloaded is kept';
  return modelFault('WRITE_FAILED', path, 'writable', found, remedy, error);
}
