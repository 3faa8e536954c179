// Writes a search's events to a file, one JSON object a line; the file appears once it is whole.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { expectedMessage, ModelError } from '../errors.js';
import type { TraceEvent } from '../search/trace.js';

export class TraceFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #lines: string[] = [];
  #isFinished = false;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens a file beside `path`, so that a place that cannot be written is known before any work. */
  static async open(path: string): Promise<TraceFile> {
    try {
      return new TraceFile(path, await open(partial(path), 'w'));
    } catch (cause) {
      throw failed(path, cause);
    }
  }

  add(event: TraceEvent): void {
    this.#lines.push(`${JSON.stringify(event)}\n`);
  }

  /** Writes what was added and puts the file in its place. @throws ModelError WRITE_FAILED */
  async finish(): Promise<void> {
    try {
      await this.#handle.writeFile(this.#lines.join(''));
      await this.#handle.close();
      await rename(partial(this.#path), this.#path);
      this.#isFinished = true;
    } catch (cause) {
      throw failed(this.#path, cause);
    }
  }

  /** Leaves nothing behind of a trace that was not finished. */
  async close(): Promise<void> {
    if (this.#isFinished) return;
    await this.#handle.close();
    await rm(partial(this.#path), { force: true });
  }
}

function partial(path: string): string {
  return `${path}.partial`;
}

function failed(path: string, cause: unknown): ModelError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${expectedMessage('--trace', 'a file that can be written', path)}: ${why}`;
  return new ModelError(message, 'WRITE_FAILED', { cause });
}
