// Locks of the download cache: held by the living, free once their holder is gone.
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { FolderLock } from '../../src/model/hub/folder-lock.js';
import { Scratch } from './golden-llama.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

test('is held until it is released', async () => {
  const path = scratch.at('held');
  const lock = await FolderLock.take(path);
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid} ${hostname()}`);
  await expect(FolderLock.take(path)).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
  await lock.release();
  expect(existsSync(path)).toBe(false);
  const next = await FolderLock.take(path);
  await lock.release(); // again: not the next one's
  expect(existsSync(path)).toBe(true);
  await next.release();
});

test.each([
  ['a process that is gone', `999999999 ${hostname()}`, 0],
  ['one that had this one’s number', `${process.pid} ${hostname()}`, 0],
  ['a machine that is gone', '7 another-host', 61],
  ['nobody for long', '', 61],
])('is free where it was held by %s', async (_, text, ageSeconds) => {
  const path = scratch.at(`stale-${ageSeconds}-${text.length}`);
  writeFileSync(path, text);
  const then = Date.now() / 1000 - ageSeconds;
  utimesSync(path, then, then);
  await (await FolderLock.take(path)).release();
});

test.each([
  ['a process that lives', `${process.ppid} ${hostname()}`],
  ['another machine', '7 another-host'],
  ['somebody who is writing it', ''],
])('is held by %s', async (_, text) => {
  const path = scratch.at(`fresh-${text.length}`);
  writeFileSync(path, text);
  await expect(FolderLock.take(path)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  expect(readFileSync(path, 'utf8')).toBe(text);
});
