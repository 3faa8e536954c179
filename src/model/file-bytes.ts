// Opening checkpoint files and reading exactly so many bytes of them.
import { type FileHandle, open } from 'node:fs/promises';
import { modelFault, systemCode } from './fault.js';

/** How much of a tensor is read at a time, at most. */
export const CHUNK_BYTES = 16 * 1024 * 1024;
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
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) {
      const found = `its end at byte ${offset + done}`;
      throw modelFault('INVALID_FILE', path, `${length} bytes at ${offset}`, found, REMEDY);
    }
    done += bytesRead;
  }
  return new DataView(buffer.buffer);
}
