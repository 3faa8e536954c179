// `espalier report`: its page holds the figures of `sweep` and `plan`; what is no run is refused.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Estimate } from '../../src/evaluation/estimates.js';
import { percent } from '../../src/figures.js';
import type { ReportData } from '../../src/report/report-data.js';
import { espalier } from './command-line.js';

let parent: string;
const at = (name: string) => join(parent, name);
const problems = ['--dataset', 'mini-500', '--limit', '6', '--seed', '2'];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-report-'));
  const { code, stderr } = await espalier([
    ...['sweep', ...problems, '--budgets', '4,8', '--policies', 'policy-0.4m'],
    ...['--difficulty-samples', '64', '--out', at('sweep')],
  ]);
  expect([code, stderr]).toEqual([0, '']);
});
afterAll(() => rm(parent, { recursive: true }));

async function report(...args: string[]) {
  const outcome = await espalier(['report', ...args, '--out', at('report.html')]);
  const html = await readFile(at('report.html'), 'utf8').catch(() => '');
  const [, json] = html.match(/id="report-data">(.*?)<\/script>/) ?? [];
  return { ...outcome, html, data: JSON.parse(json ?? 'null') as ReportData };
}

describe('espalier report', () => {
  it('holds the figures of sweep and plan, and prints them', async () => {
    const plan = at('plan.json');
    expect((await espalier(['plan', '--calibration', at('sweep'), '--out', plan])).code).toBe(0);
    const { code, stderr, stdout, html, data } = await report(at('sweep'), '--plan', plan);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^6 runs over 6 problems, trees of 6\nreport: .*\(\d.* [KM]iB\)\n$/);
    const estimates = JSON.parse(
      await readFile(at('sweep/estimates.json'), 'utf8'),
    ) as readonly Estimate[];
    expect(estimates).toHaveLength(1 + 2 + 2 + 2 + 2);
    for (const estimate of estimates) {
      expect(data.estimates).toContainEqual(estimate);
      expect(html).toContain(percent(estimate.accuracy.mean));
    }
    expect(data.plan).toEqual(JSON.parse(await readFile(plan, 'utf8')));
    expect(data.dataset).toMatchObject({ name: 'mini-500', problems: 6, of: 500 });
    // What auto goes by is shown where the plan holds it.
    expect(html).toContain('by the difficulty that 4 probes predict');
    expect(html).toMatch(/By calibration auto (does not probe|probes) from [\d.]+ [MG]FLOP on/);
    const [pair] = data.plan?.plans ?? [];
    const { auto, ...rest } = { ...pair };
    const reportWith = async (changed: object) => {
      await writeFile(at('other.json'), JSON.stringify({ ...data.plan, plans: [changed] }));
      return report(at('sweep'), '--plan', at('other.json'));
    };
    for (const less of [rest, { ...rest, auto: null }]) {
      const shown = await reportWith(less);
      expect(shown.code).toBe(0);
      expect(shown.html).not.toContain('probes predict');
    }
    for (const fault of [{ all: 1 }, { auto: { ...auto, probing: {} } }]) {
      const refused = await reportWith({ ...pair, ...fault });
      expect(refused.stderr).toContain('other.json: plans');
    }
    // Nothing is fetched, whatever a browser would do.
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:,)/);
    expect(html).not.toMatch(/url\(|@import|https?:\/\/(?!www\.w3\.org\/)/);
  });

  it('has what eval prints of a run, under both graders', async () => {
    const args = ['eval', ...problems, '--policy', 'policy-0.4m', '--strategy', 'dvts'];
    const { stdout } = await espalier([...args, '--budget', '8', '--out', at('eval'), '--json']);
    const { accuracy, compat, levels, flops } = JSON.parse(stdout);
    const { data, html } = await report(at('eval'));
    expect(data.runs[0]?.summary).toMatchObject({ accuracy, compat, levels, flops });
    expect([data.plan, data.difficulty, data.reliability]).toEqual([null, [], []]);
    expect(html).toContain('No run holds difficulty samples');
  });

  it('gives the same page for the same runs, and as many trees as asked for', async () => {
    const { html } = await report(at('sweep'), '--trees', '2');
    expect((await report(at('sweep'), '--trees', '2')).html).toBe(html);
    const { stdout } = await report(at('sweep'), '--trees', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ runs: 6, problems: 6, trees: 2 });
    expect(html).toContain('2 of 6 problems are in this page');
  });

  it('refuses what is no finished run or no plan, and writes nothing', async () => {
    await rm(at('report.html'));
    await writeFile(at('stray.json'), '{"format":1}');
    const shard = ['eval', ...problems, '--policy', 'policy-0.4m', '--strategy', 'greedy'];
    await espalier([...shard, '--shard', '1/2', '--out', at('shard')]);
    const other = [...shard, '--dataset', 'calibration', '--out', at('other')];
    expect((await espalier(other)).code).toBe(0);
    const cut = at('sweep/policy-0.4m/greedy/results.jsonl');
    const whole = await readFile(cut, 'utf8');
    for (const [args, message, exit] of [
      [[at('nowhere')], 'a run directory, or one that holds runs', 2],
      [[at('stray.json')], 'a run directory, or one that holds runs', 2],
      [[at('shard')], 'shard 1/2; espalier merge joins shards', 2],
      [[at('sweep'), at('other')], 'over the same problems', 2],
      [[at('sweep'), '--plan', at('stray.json')], 'as espalier plan writes it', 1],
      [[at('sweep'), '--plan', at('nowhere')], 'a file that espalier plan wrote', 1],
      [[at('sweep'), '--trees', '0'], 'an integer >= 1', 2],
      [[], 'given to espalier report', 2],
    ] as const) {
      const { code, stderr, html } = await report(...args);
      expect(stderr).toContain(message);
      expect([code, html]).toEqual([exit, '']);
    }
    await writeFile(cut, whole.split('\n').slice(1).join('\n'));
    expect((await report(at('sweep'))).stderr).toContain('1 of 6 searches are missing');
    await writeFile(cut, whole);
    expect(await readdir(parent)).not.toContain('report.html');
  });
});
