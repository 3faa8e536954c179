// An append-only file of JSON lines that survives a kill: one write and one flush a line, and a
// last line without its newline is dropped on opening, because that write did not finish.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedMessage, ModelError } from '../errors.js';

/** One open JSON-lines file. Appends queue, in call order; close it when done. */
export class JsonLines {
  readonly #path: string;
  readonly #handle: FileHandle;
  #length: number;
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, handle: FileHandle, length: number) {
    this.#path = path;
    this.#handle = handle;
    this.#length = length;
  }

  /** Opens for appending, creating the file; cuts a torn last line off. */
  static async open(path: string): Promise<JsonLines> {
    let handle: FileHandle | undefined;
    try {
      const bytes = await readIfExists(path);
      const whole = completeLength(bytes);
      handle = await open(path, 'a');
      if (whole < bytes.length) await handle.truncate(whole);
      return new JsonLines(path, handle, whole);
    } catch (cause) {
      await handle?.close();
      throw writeFailed(path, cause);
    }
  }

  /**
   * Writes one line and flushes it to the disk.
   * @throws ModelError WRITE_FAILED; what was written of the line is cut off again
   */
  append(value: unknown): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    const written = this.#queue.then(() => this.#write(bytes));
    this.#queue = written.catch(() => undefined);
    return written;
  }

  /** Waits for what was appended; closing again does nothing. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#handle.close();
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      await this.#handle.appendFile(bytes);
      await this.#handle.datasync();
      this.#length += bytes.length;
    } catch (cause) {
      // A failed truncation leaves a torn line, which the next opening drops.
      await this.#handle.truncate(this.#length).catch(() => undefined);
      throw writeFailed(this.#path, cause);
    }
  }
}

/**
 * The values of a JSON-lines file, a torn last line left out; empty if there is no file.
 * @throws ModelError INVALID_FILE with the number of a line that is complete but no JSON
 */
export async function readJsonLines(path: string): Promise<readonly unknown[]> {
  let bytes: Buffer;
  try {
    bytes = await readIfExists(path);
  } catch (cause) {
    throw new ModelError(expectedMessage('file', 'readable', path), 'INVALID_FILE', { cause });
  }
  const lines = bytes.subarray(0, completeLength(bytes)).toString('utf8').split('\n');
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (cause) {
      const place = `${basename(path)}:${index + 1}`;
      const message = expectedMessage(place, 'one JSON value', line);
      throw new ModelError(message, 'INVALID_FILE', { cause });
    }
  });
}

/** The error of every failed write: what, where, why. */
export function writeFailed(path: string, cause: unknown): ModelError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${expectedMessage('output', 'writable', path)}: ${why}`;
  return new ModelError(message, 'WRITE_FAILED', { cause });
}

/** Bytes up to and including the last newline. */
function completeLength(bytes: Buffer): number {
  return bytes.lastIndexOf(0x0a) + 1;
}

async function readIfExists(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
