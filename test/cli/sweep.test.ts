// A sweep on the embedded models: its runs are those of `espalier eval`, its table is theirs.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Estimate } from '../../src/evaluation/estimates.js';
import { espalier } from './command-line.js';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-sweep-'));
});
afterAll(() => rm(parent, { recursive: true }));

const at = (name: string) => join(parent, name);
const read = (out: string, file: string) => readFile(join(at(out), file), 'utf8');
const problems = ['--dataset', 'mini-500', '--limit', '6', '--seed', '2'];
const sweep = (out: string, ...more: string[]) => [
  ...['sweep', ...problems, '--policies', 'policy-0.4m', '--rewards', 'prm-3m'],
  ...['--budgets', '2,4,8', '--difficulty-samples', '64', '--out', at(out), ...more],
];
const evaluation = (out: string, ...more: string[]) => [
  ...['eval', ...problems, '--policy', 'policy-0.4m', '--out', at(out), ...more],
];
const reward = ['--reward', 'prm-3m'];

/** Every run of a sweep, by its directory. */
const runs = [
  'policy-0.4m/difficulty-64',
  'policy-0.4m/greedy',
  'policy-0.4m/majority-8',
  'policy-0.4m/prm-3m/beam-search-4',
  'policy-0.4m/prm-3m/beam-search-8',
  'policy-0.4m/prm-3m/best-of-n-8',
  'policy-0.4m/prm-3m/dvts-8',
];

describe('espalier sweep', () => {
  let estimates: readonly Estimate[];

  it('runs what tells of every strategy and budget, and no more', async () => {
    const { code, stdout, stderr } = await espalier(sweep('sweep', '--json'));
    expect([code, stderr]).toEqual([0, '']);
    const files = await readdir(at('sweep'), { recursive: true });
    const found = files.filter((name) => name.endsWith('run.json'));
    expect(found.map((name) => name.replace('/run.json', '')).sort()).toEqual(runs);
    estimates = JSON.parse(stdout).estimates;
    expect(JSON.parse(await read('sweep', 'estimates.json'))).toEqual(estimates);
    const rows = estimates.map(({ strategy, budget }) => `${strategy.name} ${budget}`);
    expect(rows.sort()).toEqual([
      ...['beam-search 4', 'beam-search 8', 'best-of-n 2', 'best-of-n 4', 'best-of-n 8'],
      ...['dvts 4', 'dvts 8', 'greedy 1', 'majority 2', 'majority 4', 'majority 8'],
    ]);
  });

  it('has the runs of espalier eval, byte for byte', async () => {
    for (const [run, ...args] of [
      ['policy-0.4m/greedy', '--strategy', 'greedy'],
      ['policy-0.4m/majority-8', '--strategy', 'majority', '--budget', '8'],
      ['policy-0.4m/prm-3m/best-of-n-8', '--strategy', 'best-of-n', '--budget', '8', ...reward],
      ['policy-0.4m/prm-3m/beam-search-4', '--strategy', 'beam-search', '--budget', '4', ...reward],
      ['policy-0.4m/prm-3m/dvts-8', '--strategy', 'dvts', '--budget', '8', ...reward],
    ] as const) {
      const out = `eval-${run.replaceAll('/', '-')}`;
      expect((await espalier(evaluation(out, ...args))).code).toBe(0);
      for (const file of ['run.json', 'results.jsonl']) {
        expect(await read(`sweep/${run}`, file), run).toBe(await read(out, file));
      }
    }
  });

  it('estimates the recorded accuracy and cost where nothing is subsampled', async () => {
    for (const [name, budget] of [
      ['greedy', 1],
      ['majority', 8],
      ['best-of-n', 8],
      ['beam-search', 4],
      ['dvts', 8],
    ] as const) {
      const row = estimates.find((e) => e.strategy.name === name && e.budget === budget);
      const run = runs.find((run) => run.endsWith(name === 'greedy' ? name : `${name}-${budget}`));
      const records = (await read(`sweep/${run}`, 'results.jsonl'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const right = records.filter(({ correct }) => correct).length;
      expect(row?.accuracy.mean).toBeCloseTo(right / 6, 12);
      const flops = records.reduce((sum, { ledger }) => sum + ledger.flops, 0) / 6;
      expect((row?.flops ?? 0) / flops).toBeCloseTo(1, 12);
    }
  });

  it('keeps difficulty apart: another seed, another purpose', async () => {
    const run = JSON.parse(await read('sweep/policy-0.4m/difficulty-64', 'run.json'));
    expect([run.purpose, run.options.seed]).toEqual(['difficulty', 1_000_002]);
    const other = JSON.parse(await read('sweep/policy-0.4m/majority-8', 'run.json'));
    expect([other.purpose, other.options.seed]).toEqual(['evaluation', 2]);
  });

  it('goes on where it was stopped, and runs nothing twice', async () => {
    const controller = new AbortController();
    const done = espalier(sweep('stopped', '--concurrency', '2'), { signal: controller.signal });
    const poll = setInterval(() => {
      stat(at('stopped/policy-0.4m/prm-3m/best-of-n-8/results.jsonl')).then(
        () => controller.abort(),
        () => undefined,
      );
    }, 2);
    const { code, stderr } = await done.finally(() => clearInterval(poll));
    expect([code, stderr]).toEqual([130, 'Stopped; the same command goes on.\n']);
    const before = await stat(at('stopped/policy-0.4m/majority-8/results.jsonl'));
    expect((await espalier(sweep('stopped'))).code).toBe(0);
    const after = await stat(at('stopped/policy-0.4m/majority-8/results.jsonl'));
    expect(after.mtimeMs).toBe(before.mtimeMs);
    for (const run of runs) {
      expect(await read(`stopped/${run}`, 'results.jsonl')).toBe(
        await read(`sweep/${run}`, 'results.jsonl'),
      );
    }
    expect(await read('stopped', 'estimates.json')).toBe(await read('sweep', 'estimates.json'));
  });

  it('refuses another sweep in its directory, and what cannot be swept, before any work', async () => {
    for (const [args, message] of [
      [sweep('sweep', '--temperature', '0.5'), 'options.temperature is 0.7, not 0.5'],
      [sweep('new', '--budgets', '2,3'), 'a multiple of the width 4'],
      [sweep('new', '--budgets', '4,4'), 'Expected `budgets` to be all different'],
      [sweep('new', '--budgets', '4,,8'), 'a list with commas'],
      [sweep('new', '--strategies', 'majority,bem'), 'Expected `--strategies`'],
      [sweep('new', '--policies', 'policy-0.4m,policy-0.4m'), 'all different'],
      [sweep('new', '--difficulty-samples', '63'), 'an integer >= 64'],
    ] as const) {
      const { code, stderr } = await espalier(args);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    await expect(readdir(at('new'))).rejects.toThrow();
  });

  it('shows progress with the time left on a terminal', async () => {
    await rm(at('sweep/policy-0.4m/prm-3m/dvts-8'), { recursive: true });
    const { stderr, stdout } = await espalier(sweep('sweep'), { columns: 90 });
    expect(stderr).toMatch(/ of \d+ · \d+\.\d%/);
    expect(stdout).toContain('95% interval');
  });
});
