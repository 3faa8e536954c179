// `espalier eval` over the embedded models: the same bytes whatever the concurrency, and after kills.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/evaluation/dataset.js';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { summarise } from '../../src/evaluation/summary.js';
import { answersEquivalent, normaliseAnswer } from '../../src/search/answer.js';
import { espalier, startEspalier } from './command-line.js';

const models = ['--policy', 'policy-0.4m', '--reward', 'prm-3m'];
const search = [...models, '--strategy', 'dvts', '--budget', '8', '--seed', '3'];

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-eval-'));
});
afterAll(() => rm(parent, { recursive: true }));

const evaluation = (out: string, ...more: string[]) => [
  ...['eval', '--dataset', 'mini-500', '--limit', '15', '--out', join(parent, out)],
  ...search,
  ...more,
];
const read = (out: string, file: string) => readFile(join(parent, out, file), 'utf8');
const recordsOf = async (out: string) =>
  (await read(out, 'results.jsonl'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultRecord);

describe('espalier eval', () => {
  it('gives the same bytes at concurrency 1 and 8, on 1 and 2 threads', async () => {
    const one = await espalier(evaluation('one', '--concurrency', '1', '--threads', '1'));
    const eight = await espalier(evaluation('eight', '--concurrency', '8', '--threads', '2'));
    expect([one.code, eight.code, one.stderr]).toEqual([0, 0, '']);
    expect(await read('eight', 'results.jsonl')).toBe(await read('one', 'results.jsonl'));
    expect(await read('eight', 'run.json')).toBe(await read('one', 'run.json'));
    expect(await readdir(join(parent, 'one'))).toHaveLength(3);
  });

  it('records every problem in dataset order, graded by the equivalence of the votes', async () => {
    const { problems } = await openDataset('mini-500');
    const records = await recordsOf('one');
    expect(records).toHaveLength(15);
    records.forEach((record, i) => {
      const problem = problems[record.index];
      expect(record.index).toBe(Math.floor((i * 500) / 15));
      expect(record.id).toBe(problem?.id);
      expect(record.reference).toBe(problem?.answer);
      const isSame = answersEquivalent(record.answer ?? '', normaliseAnswer(record.reference));
      expect(record.correct).toBe(isSame);
      expect(record.paths.length).toBeGreaterThan(0);
      // Every token is in some branch, pruned ones too.
      const branches = record.branches ?? [];
      const tokens = branches.reduce((sum, one) => sum + one.tokens * one.multiplicity, 0);
      expect(tokens).toBe(record.ledger.policy.sampledTokens);
    });
    const fates = records.flatMap(({ branches }) => branches ?? []).map(({ fate }) => fate);
    expect(new Set(fates)).toEqual(new Set(['kept', 'pruned', 'ended']));
    expect(new Set(records.map(({ level }) => level)).size).toBe(5);
  });

  it('writes down what is needed to repeat it, and no clock', async () => {
    const run = JSON.parse(await read('one', 'run.json'));
    const { sha256 } = await openDataset('mini-500');
    expect(run.dataset).toMatchObject({ name: 'mini-500', sha256, limit: 15 });
    expect(run.policy.sha256['model.onnx.data']).toMatch(/^[0-9a-f]{64}$/);
    expect(run.reward.sha256['model.onnx']).toMatch(/^[0-9a-f]{64}$/);
    expect(run.options).toMatchObject({
      strategy: { name: 'dvts', budget: 8, width: 4, aggregation: 'last', vote: 'weighted' },
      seed: 3,
      temperature: 0.7,
    });
    expect(run.versions.espalier).toBe('0.1.0');
    const text = (await read('one', 'run.json')) + (await read('one', 'results.jsonl'));
    expect(/"(seconds|elapsed|started|concurrency|computed)"/.test(text)).toBe(false);
  });

  it('adds up to its records', async () => {
    const { stdout } = await espalier(evaluation('one', '--json'));
    const records = await recordsOf('one');
    const printed = JSON.parse(stdout);
    const { accuracy, levels, sampledTokens } = summarise(records);
    expect(printed).toMatchObject({ isComplete: true, problems: 15, accuracy, sampledTokens });
    expect(accuracy.successes).toBe(records.filter(({ correct }) => correct).length);
    expect(levels.reduce((sum, { accuracy: a }) => sum + a.total, 0)).toBe(15);
    expect(printed.seconds).toBeGreaterThan(0);
  });

  it('does not search again what is finished', async () => {
    const before = await stat(join(parent, 'one', 'results.jsonl'));
    const timings = await read('one', 'timings.jsonl');
    const { code, stdout } = await espalier(evaluation('one'));
    expect(code).toBe(0);
    expect(stdout).toContain('95% interval');
    expect((await stat(join(parent, 'one', 'results.jsonl'))).mtimeMs).toBe(before.mtimeMs);
    expect(await read('one', 'timings.jsonl')).toBe(timings);
  });

  it('resumes after kill -9 to the same bytes', async () => {
    const args = evaluation('killed', '--concurrency', '3');
    let kills = 0;
    for (const lines of [1, 6, 11]) {
      const child = startEspalier(args);
      let hasEnded = false;
      child.done.then(() => {
        hasEnded = true;
      });
      while (!hasEnded) {
        const text = await read('killed', 'results.jsonl').catch(() => '');
        if (text.split('\n').length > lines) break;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      if (hasEnded) break;
      child.kill('SIGKILL');
      await child.done;
      kills++;
      // What a write that was cut leaves behind.
      if (lines === 6) {
        const text = await read('killed', 'results.jsonl');
        await writeFile(join(parent, 'killed', 'results.jsonl'), text.slice(0, -20));
      }
    }
    expect(kills).toBeGreaterThan(0);
    const { code } = await espalier(args);
    expect(code).toBe(0);
    expect(await read('killed', 'results.jsonl')).toBe(await read('one', 'results.jsonl'));
  });

  it('keeps what was finished when it is interrupted, and goes on from there', async () => {
    const controller = new AbortController();
    const out = join(parent, 'stopped');
    const done = espalier(evaluation('stopped', '--concurrency', '2'), {
      signal: controller.signal,
    });
    const poll = setInterval(() => {
      readFile(join(out, 'results.jsonl'), 'utf8').then(
        (text) => text.split('\n').length > 3 && controller.abort(),
        () => undefined,
      );
    }, 2);
    const { code, stdout } = await done.finally(() => clearInterval(poll));
    expect(code).toBe(130);
    expect(stdout).toContain('the same command goes on');
    const kept = (await recordsOf('stopped')).length;
    expect(kept).toBeGreaterThan(2);
    expect(kept).toBeLessThan(15);
    expect((await espalier(evaluation('stopped'))).code).toBe(0);
    expect(await read('stopped', 'results.jsonl')).toBe(await read('one', 'results.jsonl'));
  });

  it('refuses the directory of another run, which stays as it was', async () => {
    const before = await read('one', 'results.jsonl');
    for (const [more, where] of [
      [['--seed', '4'], 'options.seed is 3, not 4'],
      [['--temperature', '0.5'], 'options.temperature is 0.7, not 0.5'],
      [['--limit', '16'], 'dataset.limit is 15, not 16'],
      [['--policy', 'policy-2m'], 'policy.name is "policy-0.4m", not "policy-2m"'],
      [['--limit-tokens', '99'], 'options.limits.tokens is null, not 99'],
    ] as const) {
      const { code, stderr } = await espalier(evaluation('one', ...more));
      expect(stderr).toContain(where);
      expect(code).toBe(2);
    }
    expect(await read('one', 'results.jsonl')).toBe(before);
  });

  it('names the problem that cannot be searched, and keeps the others', async () => {
    const file = join(parent, 'long.jsonl');
    const good = { problem: 'Ann has 3 pens. How many pens does Ann have?', answer: '3' };
    const lines = [good, { ...good, problem: 'Ann has 3 pens. '.repeat(400), id: 'endless' }];
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const out = join(parent, 'long');
    const args = ['eval', '--dataset', file, '--out', out, ...search, '--concurrency', '1'];
    const { code, stderr } = await espalier(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: Expected `question` .*\(problem endless\)$/m);
    expect(await recordsOf('long')).toHaveLength(1);
  });
});
