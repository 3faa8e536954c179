// A run on disk: resumes after a kill at any byte, ends in dataset order, refuses other runs.
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRunDirectory, RunDirectory } from '../../src/evaluation/run-directory.js';

const configuration = { format: 1, options: { budget: 4, strategy: 'dvts' }, seed: 7 };
const record = (index: number) => ({ index, id: `p${index}`, answer: `${index * index}` });

let parent: string;
let out: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-run-'));
  out = join(parent, 'deep', 'run');
});
afterEach(() => rm(parent, { recursive: true }));

async function writeRun(order: readonly number[]): Promise<void> {
  const run = await RunDirectory.open(out, configuration);
  try {
    await Promise.all(
      order
        .filter((index) => !run.has({ index }))
        .map((index) => run.append(record(index), { index, seconds: Math.random() })),
    );
    await run.finish();
  } finally {
    await run.close();
  }
}

const results = () => readFile(join(out, 'results.jsonl'), 'utf8');

describe('RunDirectory', () => {
  it('ends in dataset order, whatever the order of completion', async () => {
    await writeRun([3, 0, 4, 1, 2]);
    const expected = [0, 1, 2, 3, 4].map((index) => `${JSON.stringify(record(index))}\n`).join('');
    expect(await results()).toBe(expected);
    expect(JSON.parse(await readFile(join(out, 'run.json'), 'utf8'))).toEqual(configuration);
    expect((await readdir(out)).sort()).toEqual(['results.jsonl', 'run.json', 'timings.jsonl']);
  });

  it('resumes to the same bytes after a cut at every byte', async () => {
    await writeRun([2, 0, 1]);
    const whole = await results();
    for (let length = 0; length <= whole.length; length++) {
      await truncate(join(out, 'results.jsonl'), length);
      await writeRun([1, 2, 0]);
      expect(await results()).toBe(whole);
    }
  });

  it('keeps a finished run as it is, and its clocks apart', async () => {
    await writeRun([0, 1]);
    const before = await results();
    const timings = await readFile(join(out, 'timings.jsonl'), 'utf8');
    await writeRun([0, 1]);
    expect(await results()).toBe(before);
    expect(await readFile(join(out, 'timings.jsonl'), 'utf8')).toBe(timings);
    expect(before).not.toContain('seconds');
  });

  it('puts in order what a kill left complete but unordered', async () => {
    const run = await RunDirectory.open(out, configuration);
    for (const index of [1, 2, 0, 2]) await run.append(record(index), null);
    await run.close();
    expect((await results()).startsWith('{"index":1')).toBe(true);
    await writeRun([0, 1, 2]);
    expect((await results()).startsWith('{"index":0')).toBe(true);
    expect((await results()).split('\n')).toHaveLength(4);
  });

  it('keeps one line of a problem that two processes finished', async () => {
    const run = await RunDirectory.open(out, configuration);
    for (const index of [0, 1, 1, 2]) await run.append(record(index), null);
    await run.close();
    await writeRun([0, 1, 2]);
    expect((await results()).split('\n')).toHaveLength(4);
  });

  it('names the first difference of another configuration, and changes nothing', async () => {
    await writeRun([0]);
    const before = await results();
    const other = { ...configuration, options: { budget: 16, strategy: 'dvts' } };
    await expect(RunDirectory.open(out, other)).rejects.toMatchObject({
      name: 'OptionError',
      message: expect.stringContaining('its options.budget is 4, not 16'),
    });
    const more = { ...configuration, threads: 2 };
    await expect(checkRunDirectory(out, more)).rejects.toThrow('its threads is not given, not 2');
    expect(await results()).toBe(before);
  });

  it('refuses a directory of other things, and a file', async () => {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'thesis.tex'), 'x');
    await expect(RunDirectory.open(out, configuration)).rejects.toThrow('it holds thesis.tex');
    expect(await readdir(out)).toEqual(['thesis.tex']);
    const file = join(out, 'thesis.tex');
    await expect(RunDirectory.open(file, configuration)).rejects.toThrow('to be a directory');
  });

  it('starts over what a kill left before the first line', async () => {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'run.json.partial'), '{"for');
    await writeRun([0]);
    expect(await readdir(out)).not.toContain('run.json.partial');
  });

  it('names a line that is complete but wrong', async () => {
    await writeRun([0, 1]);
    await writeFile(join(out, 'results.jsonl'), `${JSON.stringify(record(0))}\n{"index":}\n`);
    await expect(RunDirectory.open(out, configuration)).rejects.toThrow('`results.jsonl:2`');
    await writeFile(join(out, 'results.jsonl'), '{"id":"p0"}\n');
    await expect(RunDirectory.open(out, configuration)).rejects.toThrow('`results.jsonl:1`');
    await writeFile(join(out, 'run.json'), '{');
    await expect(RunDirectory.open(out, configuration)).rejects.toThrow('`run.json`');
  });

  it.skipIf(process.getuid?.() === 0)('says when it may not write', async () => {
    await chmod(parent, 0o500);
    await expect(RunDirectory.open(out, configuration)).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    });
    await chmod(parent, 0o700);
  });
});
