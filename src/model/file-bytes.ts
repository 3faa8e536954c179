// Opening checkpoint files and reading exactly so many bytes of them.
import { type FileHandle, open } from 'node:fs/promises';
import { modelFault, systemCode } from './fault.js';

/** How much of a tensor is read at a time, at most. */
export const CHUNK_BYTES = 4 * 1024 * 1024;
const REMEDY = 'download the checkpoint again';

/** @param kind what the file is to be, for the error. @throws ModelError MISSING_MODEL */
export async function openFile(path: string, kind: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const found = systemCode(error) === 'ENOENT' ? 'no such file' : String(error);
    throw modelFault('MISSING_MODEL', path, kind, found, REMEDY, error);
  }
}

/** Reads [offset, offset + length) into memory of its own. @throws ModelError INVALID_FILE */
export async function readExactly(
  handle: FileHandle,
  offset: number,
  length: number,
  path: string,
): Promise<DataView<ArrayBuffer>> {
  const buffer = new Uint8Array(length);
  await fillExactly(handle, offset, buffer, path);
  return new DataView(buffer.buffer);
}

/** Reads as many bytes as `buffer` has. @throws ModelError INVALID_FILE */
async function fillExactly(
  handle: FileHandle,
  offset: number,
  buffer: Uint8Array,
  path: string,
): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, offset + done);
    if (bytesRead === 0) {
      const found = `its end at byte ${offset + done}`;
      throw modelFault('INVALID_FILE', path, `${buffer.length} bytes at ${offset}`, found, REMEDY);
    }
    done += bytesRead;
  }
}

/** Reads bytes again and again into the same memory: one read at a time. */
export class ByteWindow {
  #buffer = new Uint8Array(0);

  /** Bytes [offset, offset + length); overwritten by the next call. @throws ModelError INVALID_FILE */
  async read(
    handle: FileHandle,
    offset: number,
    length: number,
    path: string,
  ): Promise<DataView<ArrayBuffer>> {
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(length);
    await fillExactly(handle, offset, this.#buffer.subarray(0, length), path);
    return new DataView(this.#buffer.buffer, 0, length);
  }
}
