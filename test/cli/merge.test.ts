// Shards on the embedded models: killed, resumed and merged, they are the run of one process.
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { espalier, startEspalier } from './command-line.js';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-merge-'));
});
afterAll(() => rm(parent, { recursive: true }));

const at = (name: string) => join(parent, name);
const read = (out: string, file: string) => readFile(join(at(out), file), 'utf8');
const evaluation = (out: string, ...more: string[]) => [
  ...['eval', '--dataset', 'mini-500', '--limit', '60', '--repeats', '2', '--seed', '5'],
  ...['--policy', 'policy-0.4m', '--strategy', 'majority', '--budget', '4'],
  ...['--out', at(out), ...more],
];
const shards = [1, 2, 3, 4];
const merge = (out: string, ...runs: string[]) =>
  espalier(['merge', ...runs.map(at), '--out', at(out)]);

describe('espalier merge', () => {
  it('gives the bytes of one process, at concurrency 1 and 16', async () => {
    const whole = await espalier(evaluation('whole', '--concurrency', '16'));
    expect([whole.code, whole.stderr]).toEqual([0, '']);
    expect((await espalier(evaluation('slow', '--concurrency', '1'))).code).toBe(0);
    for (const i of shards) {
      const concurrency = i % 2 === 0 ? '1' : '16';
      const more = ['--shard', `${i}/4`, '--concurrency', concurrency];
      expect((await espalier(evaluation(`shard-${i}`, ...more))).code).toBe(0);
    }
    const { code, stdout } = await merge('merged', 'shard-3', 'shard-1', 'shard-4', 'shard-2');
    expect(code).toBe(0);
    expect(stdout).toContain('120 searches of 4 shards');
    for (const file of ['run.json', 'results.jsonl']) {
      expect(await read('slow', file)).toBe(await read('whole', file));
      expect(await read('merged', file)).toBe(await read('whole', file));
    }
    expect((await readdir(at('merged'))).sort()).toEqual(await readdir(at('whole')));
    // What was merged is a finished run: the same command finds nothing left to do.
    expect((await espalier(evaluation('merged'))).code).toBe(0);
    expect(await read('merged', 'results.jsonl')).toBe(await read('whole', 'results.jsonl'));
  });

  it('repeats every problem under seeds of its own', async () => {
    const lines = (await read('whole', 'results.jsonl')).trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as ResultRecord);
    expect(records).toHaveLength(120);
    expect(records.map(({ seed }) => seed)).toEqual(records.map(({ repeat }) => 5 + repeat));
    const pairs = records
      .filter(({ repeat }) => repeat === 0)
      .map((r, i) => [r, records[2 * i + 1]]);
    for (const [first, second] of pairs) {
      expect([second?.index, second?.repeat]).toEqual([first?.index, 1]);
    }
    expect(
      pairs.some(([a, b]) => a?.paths[0]?.steps[0]?.text !== b?.paths[0]?.steps[0]?.text),
    ).toBe(true);
    // The second repeat is the run under the next seed.
    const next = ['--repeats', '1', '--seed', '6'];
    expect((await espalier(evaluation('next', ...next))).code).toBe(0);
    const alone = (await read('next', 'results.jsonl')).trimEnd().split('\n');
    expect(alone.map((line) => ({ ...JSON.parse(line), repeat: 1 }))).toEqual(
      records.filter(({ repeat }) => repeat === 1),
    );
  });

  it('gives the same bytes after kill -9 at 20 random moments', async () => {
    const stream = new RandomStream(20);
    let [kills, round, halfway] = [0, 0, 0];
    // Each kill comes some lines and some milliseconds after the start; a shard that gets done starts
    // over.
    while (kills < 20) {
      const i = shards[round++ % 4] ?? 1;
      const name = `killed-${i}`;
      const lines = async () =>
        (await read(name, 'results.jsonl').catch(() => '')).split('\n').length - 1;
      const target = (await lines()) + stream.below(6);
      const child = startEspalier(evaluation(name, '--shard', `${i}/4`));
      let hasEnded = false;
      child.done.then(() => {
        hasEnded = true;
      });
      while (!hasEnded && (await lines()) <= target) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await new Promise((resolve) => setTimeout(resolve, stream.below(20)));
      child.kill('SIGKILL');
      const { code } = await child.done;
      const done = await lines();
      if (done > 0 && done < 30) halfway++;
      if (code === null) kills++;
      if (done < 30) continue;
      expect((await espalier(evaluation(name, '--shard', `${i}/4`))).code).toBe(0);
      expect(await read(name, 'results.jsonl')).toBe(await read(`shard-${i}`, 'results.jsonl'));
      await rm(at(name), { recursive: true });
    }
    expect(halfway).toBeGreaterThan(3);
    for (const i of shards) {
      const resumed = await espalier(evaluation(`killed-${i}`, '--shard', `${i}/4`));
      expect(resumed.code).toBe(0);
    }
    expect((await merge('mended', ...shards.map((i) => `killed-${i}`))).code).toBe(0);
    for (const file of ['run.json', 'results.jsonl']) {
      expect(await read('mended', file)).toBe(await read('whole', file));
    }
  }, 240_000);

  it('finishes a merge that was killed between its files', async () => {
    for (const kept of [['run.json'], ['run.json', 'timings.jsonl']]) {
      await cp(at('merged'), at('half'), { recursive: true });
      for (const file of await readdir(at('half'))) {
        if (!kept.includes(file)) await rm(join(at('half'), file));
      }
      await writeFile(join(at('half'), 'results.jsonl.partial'), '{"index":0');
      expect((await merge('half', ...shards.map((i) => `shard-${i}`))).code).toBe(0);
      expect(await read('half', 'results.jsonl')).toBe(await read('whole', 'results.jsonl'));
      expect(await readdir(at('half'))).toHaveLength(3);
      await rm(at('half'), { recursive: true });
    }
  });

  it('refuses what is not all of one run, and writes nothing', async () => {
    await espalier(evaluation('other', '--shard', '4/4', '--seed', '9'));
    await espalier(evaluation('halves', '--shard', '1/2'));
    await cp(at('shard-4'), at('torn'), { recursive: true });
    const lines = (await read('torn', 'results.jsonl')).trimEnd().split('\n');
    await writeFile(join(at('torn'), 'results.jsonl'), `${lines.slice(0, -2).join('\n')}\n`);
    await cp(at('shard-4'), at('doubled'), { recursive: true });
    await appendFile(join(at('doubled'), 'results.jsonl'), `${lines[0]}\n`);
    const three = ['shard-1', 'shard-2', 'shard-3'];
    for (const [runs, message] of [
      [three, 'all 4 shards (4/4 is missing)'],
      [[...three, 'shard-3'], 'another shard than'],
      [[...three, 'other'], 'options.seed is 5 there, 9 here'],
      [['shard-1', 'halves'], 'Expected `run` to be'],
      [[...three, 'whole'], 'a shard, made with --shard'],
      [[...three, 'torn'], '2 of 30 searches are missing'],
      [[...three, 'doubled'], 'one line a search'],
      [[...three, 'nowhere'], 'a run directory'],
    ] as const) {
      const { code, stderr } = await merge('refused', ...runs);
      expect(stderr).toContain(message);
      expect(code).toBeGreaterThan(0);
      await expect(readdir(at('refused'))).rejects.toThrow();
    }
    const { stderr } = await merge('next', ...shards.map((i) => `shard-${i}`));
    expect(stderr).toContain('a run of the same configuration');
  });

  it('refuses flags of shards that do not exist', async () => {
    for (const shard of ['0/4', '5/4', '4', '1/', 'a/b', '1.5/4', '-1/4', '1/0']) {
      const { code, stderr } = await espalier(evaluation('bad', `--shard=${shard}`));
      expect([code, stderr.includes('Expected `--shard`')]).toEqual([2, true]);
    }
  });
});
