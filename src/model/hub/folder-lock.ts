// One process at a time in a folder. A lock names its process and is touched while it is held, so that
// one left behind by a killed process, here or in a container that is gone, holds nobody up.
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { modelFault, systemCode } from '../fault.js';

const TOUCHED_EVERY_MS = 5000;
const STALE_AFTER_MS = 60_000;

/** Paths that this process holds: its own number may be that of one that is gone. */
const held = new Set<string>();

export class FolderLock {
  #isHeld = true;
  readonly #touching: NodeJS.Timeout;

  private constructor(readonly path: string) {
    held.add(path);
    this.#touching = setInterval(() => {
      const now = new Date();
      // Whoever removed it takes the folder for free; nothing to be done about it here.
      utimes(path, now, now).catch(() => undefined);
    }, TOUCHED_EVERY_MS).unref();
  }

  /** @throws ModelError DOWNLOAD_FAILED if somebody holds it; system errors */
  static async take(path: string): Promise<FolderLock> {
    if (!(await write(path))) {
      const holder = await holderOf(path);
      if (holder !== undefined) throw taken(path, holder);
      await rm(path, { force: true });
      if (!(await write(path))) throw taken(path, 'another process');
    }
    return new FolderLock(path);
  }

  /** May be called again: by then the path may be another's. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    held.delete(this.path);
    clearInterval(this.#touching);
    await rm(this.path, { force: true });
  }
}

/** False if it is there. */
async function write(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid} ${hostname()}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds a lock, in words; undefined if nobody does any more. */
async function holderOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (age > STALE_AFTER_MS) return undefined;
  const [, pid, host] = /^(\d+) (.*)$/.exec(text) ?? [];
  if (host === hostname() && !isAlive(Number(pid), path)) return undefined;
  return pid === undefined ? 'another process' : `process ${pid} on ${host}`;
}

function isAlive(pid: number, path: string): boolean {
  if (pid === process.pid) return held.has(path);
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    return systemCode(error) !== 'ESRCH';
  }
}

function taken(path: string, holder: string): Error {
  const found = `one that ${holder} is filling`;
  const remedy = `wait for it, or remove ${path} if it is gone`;
  return modelFault('DOWNLOAD_FAILED', path, 'a free folder', found, remedy);
}
