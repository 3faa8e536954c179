// `espalier plan` on sweeps of the embedded models: apart, cross-fitted, and refused.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { espalier } from './command-line.js';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-plan-'));
  for (const dataset of ['calibration', 'mini-500']) {
    const { code, stderr } = await espalier([
      ...['sweep', '--dataset', dataset, '--limit', '10', '--budgets', '4,8', '--seed', '1'],
      ...['--policies', 'policy-0.4m', '--difficulty-samples', '64', '--out', at(dataset)],
    ]);
    expect([code, stderr]).toEqual([0, '']);
  }
});
afterAll(() => rm(parent, { recursive: true }));

const at = (name: string) => join(parent, name);
const plan = (...args: string[]) => espalier(['plan', ...args]);

describe('espalier plan', () => {
  it('fits to one set, tests on another, and writes both down', async () => {
    const out = at('plan.json');
    const args = ['--calibration', at('calibration'), '--test', at('mini-500'), '--out', out];
    const { code, stdout, stderr } = await plan(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('on the test problems');
    expect(stdout).toContain('best per bin in hindsight *');
    const document = JSON.parse(await readFile(out, 'utf8'));
    expect(document).toMatchObject({
      format: 1,
      crossFitted: false,
      calibration: { problems: 10, datasets: [{ name: 'calibration' }] },
      test: { problems: 10, datasets: [{ name: 'mini-500' }] },
    });
    const [fitted] = document.plans;
    expect([fitted.policy, fitted.reward]).toEqual(['policy-0.4m', 'prm-3m']);
    // Ten problems are too few for any bin.
    for (const bin of ['easy', 'medium', 'hard']) {
      expect(fitted.bins[bin].chosenOn).toBe('all');
      expect(fitted.bins[bin].byFlops).toEqual(fitted.all.byFlops);
    }
    expect(fitted.all.byBudget.map(({ from }: { from: number }) => from)).toEqual([1, 2, 4, 8]);
    expect(document.tables[0].levels.map((level: { budget: number }) => level.budget)).toEqual([
      1, 2, 4, 8,
    ]);
    const again = at('again.json');
    expect((await plan(...args.slice(0, -1), again, '--json')).code).toBe(0);
    expect(await readFile(again, 'utf8')).toBe(await readFile(out, 'utf8'));
  });

  it('cross-fits one set and says so', async () => {
    const out = at('crossed.json');
    const { code, stdout } = await plan('--calibration', at('calibration'), '--out', out);
    expect(code).toBe(0);
    expect(stdout).toContain('cross-fitted in five folds of one set');
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({
      crossFitted: true,
      test: null,
    });
  });

  it('takes single runs as well as sweeps', async () => {
    const runs = ['greedy', 'majority-8', 'prm-3m/best-of-n-8', 'difficulty-64'];
    const paths = runs.map((run) => at(`calibration/policy-0.4m/${run}`));
    const { code, stdout } = await plan(
      '--calibration',
      ...paths,
      '--out',
      at('some.json'),
      '--json',
    );
    expect(code).toBe(0);
    const strategies = JSON.stringify(JSON.parse(stdout).plans);
    expect(strategies.includes('beam-search')).toBe(false);
  });

  it('refuses shared problems, missing difficulty and what is no run, and writes nothing', async () => {
    await writeFile(at('stray.txt'), 'x');
    const greedy = at('calibration/policy-0.4m/greedy');
    const difficulty = at('calibration/policy-0.4m/difficulty-64');
    for (const [args, message] of [
      [['--calibration', at('calibration'), '--test', at('calibration')], '10 of 10 are in both'],
      [['--calibration', greedy], 'difficulty samples'],
      [['--calibration', difficulty], 'at least one evaluation'],
      [['--calibration', greedy, difficulty], 'with at least one reward model'],
      [['--calibration', at('calibration'), at('mini-500')], 'over the same problems'],
      [['--calibration', at('nowhere')], 'a run directory, or one that holds runs'],
      [['--calibration', at('stray.txt')], 'a run directory, or one that holds runs'],
    ] as const) {
      const { code, stderr } = await plan(...args, '--out', at('refused.json'));
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect(await readdir(parent)).not.toContain('refused.json');
  });
});
