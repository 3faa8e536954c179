// Scored paths against the search that samples and scores at once: the same bytes.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { espalier } from './command-line.js';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-score-'));
});
afterAll(() => rm(parent, { recursive: true }));

const at = (name: string) => join(parent, name);
const read = (out: string, file: string) => readFile(join(at(out), file), 'utf8');
const evaluation = (out: string, strategy: string, ...more: string[]) => [
  ...['eval', '--dataset', 'mini-500', '--limit', '12', '--repeats', '2', '--seed', '3'],
  ...['--policy', 'policy-0.4m', '--strategy', strategy, '--budget', '8', '--out', at(out)],
  ...more,
];
const score = (out: string, runs: readonly string[], ...more: string[]) =>
  espalier(['score', ...runs.map(at), '--reward', 'prm-3m', '--out', at(out), ...more]);

describe('espalier score', () => {
  it('gives the bytes of best-of-n, from majority and from best-of-n', async () => {
    const reward = ['--reward', 'prm-3m'];
    const best = await espalier(evaluation('best', 'best-of-n', ...reward));
    expect([best.code, best.stderr]).toEqual([0, '']);
    expect((await espalier(evaluation('majority', 'majority'))).code).toBe(0);
    const scored = await score('scored', ['majority'], '--concurrency', '7');
    expect([scored.code, scored.stderr]).toEqual([0, '']);
    expect((await score('again', ['best'], '--concurrency', '1', '--threads', '1')).code).toBe(0);
    for (const out of ['scored', 'again']) {
      expect(await read(out, 'results.jsonl')).toBe(await read('best', 'results.jsonl'));
      expect(await read(out, 'run.json')).toBe(await read('best', 'run.json'));
    }
    expect(await read('majority', 'results.jsonl')).not.toBe(await read('best', 'results.jsonl'));
    expect(scored.stdout).toContain('95% interval');
  });

  it('votes by another rule', async () => {
    const rule = ['--aggregation', 'min', '--vote', 'max'];
    const max = evaluation('max', 'best-of-n', '--reward', 'prm-3m', ...rule);
    expect((await espalier(max)).code).toBe(0);
    expect((await score('max-scored', ['majority'], ...rule)).code).toBe(0);
    expect(await read('max-scored', 'results.jsonl')).toBe(await read('max', 'results.jsonl'));
    expect(await read('max', 'results.jsonl')).not.toBe(await read('best', 'results.jsonl'));
  });

  it('goes on where it was stopped', async () => {
    await cp(at('scored'), at('half'), { recursive: true });
    const lines = (await read('half', 'results.jsonl')).split('\n');
    await writeFile(join(at('half'), 'results.jsonl'), `${lines.slice(0, 9).join('\n')}\n{"ind`);
    const { code, stdout } = await score('half', ['majority'], '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ problems: 24, isComplete: true });
    expect(await read('half', 'results.jsonl')).toBe(await read('best', 'results.jsonl'));
  });

  it('shows progress with the time left on a terminal', async () => {
    const args = ['score', at('majority'), '--reward', 'prm-3m', '--out', at('shown')];
    const { stderr } = await espalier(args, { columns: 120 });
    expect(stderr).toMatch(/ · \d+\/24 scored · \d+\.\d%, about .* left/);
  });

  it('is interrupted and goes on', async () => {
    const controller = new AbortController();
    controller.abort();
    const { code } = await espalier(
      ['score', at('majority'), '--reward', 'prm-3m', '--out', at('stopped')],
      { signal: controller.signal },
    );
    expect(code).toBe(130);
    expect((await score('stopped', ['majority'])).code).toBe(0);
    expect(await read('stopped', 'results.jsonl')).toBe(await read('best', 'results.jsonl'));
  });

  it('scores several runs with the model loaded once', async () => {
    await cp(at('majority'), at('twin'), { recursive: true });
    const { code, stdout } = await score('several', ['majority', 'twin'], '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect((await readdir(at('several'))).sort()).toEqual(['majority', 'twin']);
    for (const name of ['majority', 'twin']) {
      expect(await read(`several/${name}`, 'results.jsonl')).toBe(
        await read('best', 'results.jsonl'),
      );
    }
  });

  it('refuses trees, unfinished runs and runs that a limit cut, and writes nothing', async () => {
    const tree = evaluation('tree', 'dvts', '--reward', 'prm-3m', '--limit', '2');
    expect((await espalier(tree)).code).toBe(0);
    const cut = evaluation('cut', 'majority', '--limit-tokens', '60');
    expect((await espalier(cut)).code).toBe(0);
    await cp(at('majority'), at('torn'), { recursive: true });
    const lines = (await read('torn', 'results.jsonl')).split('\n');
    await writeFile(join(at('torn'), 'results.jsonl'), `${lines.slice(0, 5).join('\n')}\n`);
    for (const [runs, message] of [
      [['tree'], 'a run of majority or best-of-n'],
      [['cut'], 'without searches that a limit cut'],
      [['torn'], '19 of 24 searches are missing'],
      [['majority', 'torn'], '19 of 24 searches are missing'],
      [['nowhere'], 'a run directory'],
      [['majority', 'majority'], 'directories of different names'],
    ] as const) {
      const { code, stderr } = await score('refused', runs);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
      await expect(readdir(at('refused'))).rejects.toThrow();
    }
    const policy = ['--reward', 'policy-0.4m'];
    const { code, stderr } = await espalier(['score', at('majority'), ...policy, '--out', at('x')]);
    expect([code, stderr.includes('reward')]).toEqual([1, true]);
  });
});
