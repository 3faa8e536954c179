// Files and directories that appear whole or not at all.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFailed } from './json-lines.js';

/** With its parents. Node's own recursive mkdir never returns where a file system refuses (/proc). */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeDirectory(dirname(path));
    await mkdir(path);
  }
}

/** Writes beside the file and renames over it. @throws ModelError WRITE_FAILED */
export async function replaceFile(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.partial`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(contents);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw writeFailed(path, cause);
  }
}
