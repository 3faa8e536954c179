// `--strategy auto` on the embedded models: from sweep to plan to search, in every command that
// searches; resumed, sharded and merged runs are the run of one process.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { autoDataOf, unitId } from '../../src/evaluation/auto-replay.js';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { readRun } from '../../src/evaluation/run-directory.js';
import { type PlanDocument, parsePlan } from '../../src/planning/plan-document.js';
import { espalier } from './command-line.js';

let parent: string;
const at = (name: string) => join(parent, name);
const models = ['--policy', 'policy-0.4m', '--reward', 'prm-3m'];
const planned = () => [...models, '--strategy', 'auto', '--plan', at('plan.json')];
const evaluation = (out: string, ...more: string[]) => [
  ...['eval', '--dataset', 'mini-500', '--limit', '24', '--seed', '1', '--out', at(out)],
  ...planned(),
  ...more,
];
const read = (out: string, file: string) => readFile(join(at(out), file), 'utf8');
const records = async (out: string): Promise<ResultRecord[]> => {
  const lines = (await read(out, 'results.jsonl')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ResultRecord);
};

/** The fitted plan, but that its probes pay at every budget that has room for them, or at none. */
async function probeIn(file: string, pays: boolean): Promise<void> {
  const document = JSON.parse(await readFile(at('fitted.json'), 'utf8')) as PlanDocument;
  const plans = document.plans.map((pair) => {
    if (pair.auto === null || pair.auto === undefined) return pair;
    const [byFlops, byTokens, byBudget] = [1, 1, pair.auto.probes].map((from) => {
      return [{ from, pays, probed: null, unprobed: null }];
    });
    return { ...pair, auto: { ...pair.auto, probing: { byFlops, byTokens, byBudget } } };
  });
  await writeFile(at(file), `${JSON.stringify({ ...document, plans }, null, 2)}\n`);
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-auto-'));
  for (const [dataset, limit] of [
    ['calibration', '48'],
    ['mini-500', '24'],
  ] as const) {
    const { code, stderr } = await espalier([
      ...['sweep', '--dataset', dataset, '--limit', limit, '--budgets', '4,8', '--seed', '1'],
      ...['--policies', 'policy-0.4m', '--difficulty-samples', '64', '--out', at(dataset)],
    ]);
    expect([code, stderr]).toEqual([0, '']);
  }
  const { code, stdout } = await espalier([
    ...['plan', '--calibration', at('calibration'), '--test', at('mini-500')],
    ...['--out', at('fitted.json')],
  ]);
  expect(stdout).toContain('auto, by what 4 probe paths predict');
  expect(stdout).toContain('predicted bins on these problems');
  expect(stdout).toMatch(/auto \((probes|does not probe)\)/);
  expect(stdout).toMatch(/from FLOP {2}auto +with probes +spent +without +spent/);
  expect(code).toBe(0);
  await probeIn('plan.json', true);
  await probeIn('unprobed.json', false);
}, 600_000);
afterAll(() => rm(parent, { recursive: true }));

describe('espalier eval --strategy auto', () => {
  it('does what the recorded runs tell, path by path', async () => {
    expect((await espalier(evaluation('eight', '--budget', '8'))).code).toBe(0);
    const own = [
      'prm-3m/best-of-n-8',
      'prm-3m/dvts-8',
      'prm-3m/beam-search-4',
      'prm-3m/beam-search-8',
    ];
    const runs = await Promise.all(
      own.map((run) => readRun<ResultRecord>(at(`mini-500/policy-0.4m/${run}`))),
    );
    const data = autoDataOf(runs);
    const [bestOfN] = runs;
    let inPath = 0;
    for (const record of await records('eight')) {
      const { chosen, prediction, stoppedAt } = record.auto ?? {};
      expect(prediction?.bin).toBeDefined();
      const arm = data?.arms.find(({ strategy }) => {
        return JSON.stringify(strategy) === JSON.stringify(chosen);
      });
      const outcome = arm?.outcomes.get(unitId(record));
      expect(outcome?.accuracy).toBe(record.correct ? 1 : 0);
      expect(Math.abs((outcome?.flops ?? 0) / record.ledger.flops - 1)).toBeLessThan(0.02);
      if (chosen?.name === 'best-of-n') {
        const same = bestOfN?.records.find(({ index }) => index === record.index);
        const count = stoppedAt ?? chosen.budget;
        expect(record.paths).toEqual(same?.paths.slice(0, count));
        inPath++;
      }
    }
    expect(inPath).toBeGreaterThan(0);
  });

  it('has the paths and the ledger of the whole set’s choice where probes do not pay', async () => {
    const more = ['--plan', at('unprobed.json'), '--budget', '8'];
    expect((await espalier(evaluation('unprobed', ...more))).code).toBe(0);
    const { plans } = JSON.parse(await readFile(at('fitted.json'), 'utf8')) as PlanDocument;
    const { strategy } = plans[0]?.all.byBudget.find(({ from }) => from === 8) ?? {};
    const { name = '' } = strategy ?? {};
    const run = name === 'majority' ? 'majority-8' : `prm-3m/${name}-8`;
    const alone = await readRun<ResultRecord>(at(`mini-500/policy-0.4m/${run}`));
    const own = await records('unprobed');
    expect(own).toHaveLength(24);
    for (const { auto, ...record } of own) {
      expect(auto).toEqual({ prediction: null, chosen: strategy, stoppedAt: null });
      const same = alone.records.find((other) => unitId(other) === unitId(record));
      expect(record.paths).toEqual(same?.paths);
      expect(record.ledger).toEqual(same?.ledger);
    }
  });

  it('says in run.json which plan, and resumes and merges to the same bytes', async () => {
    const text = await readFile(at('plan.json'), 'utf8');
    const { sha256 } = parsePlan(text);
    const configuration = JSON.parse(await read('eight', 'run.json'));
    expect(configuration.options.strategy).toEqual({
      name: 'auto',
      budget: 8,
      stop: 'certain',
      plan: { sha256 },
    });
    const shards = ['1/2', '2/2'];
    for (const [i, shard] of shards.entries()) {
      const more = ['--budget', '8', '--shard', shard, '--concurrency', i === 0 ? '1' : '16'];
      expect((await espalier(evaluation(`shard-${i}`, ...more))).code).toBe(0);
    }
    const merged = ['merge', at('shard-1'), at('shard-0'), '--out', at('merged')];
    expect((await espalier(merged)).code).toBe(0);
    const whole = await read('eight', 'results.jsonl');
    await writeFile(join(at('eight'), 'results.jsonl'), whole.slice(0, whole.length / 2));
    expect((await espalier(evaluation('eight', '--budget', '8'))).code).toBe(0);
    for (const file of ['run.json', 'results.jsonl']) {
      expect(await read('merged', file)).toBe(await read('eight', file));
    }
    expect(await read('eight', 'results.jsonl')).toBe(whole);
    // Another plan is another run.
    await writeFile(at('other.json'), `${text}\n`);
    const other = [...evaluation('eight', '--budget', '8'), '--plan', at('other.json')];
    const { code, stderr } = await espalier(other);
    expect([code, stderr.includes('options.strategy.plan.sha256')]).toEqual([2, true]);
  });

  it('takes every budget', async () => {
    for (const [flags, strategy] of [
      [['--mean-flops', '3e9'], { meanFlops: 3e9 }],
      [['--limit-flops', '3e9'], {}],
      [['--limit-tokens', '600'], {}],
      [['--budget', '2'], { budget: 2 }],
      [[], { budget: 16 }],
      [['--budget', '8', '--stop', '0.9'], { budget: 8, stop: { probability: 0.9 } }],
      [['--budget', '8', '--stop', 'never'], { budget: 8, stop: 'never' }],
    ] as const) {
      const out = `budget${flags.join('')}`;
      const { code, stderr } = await espalier(evaluation(out, ...flags, '--limit', '5'));
      expect([code, stderr]).toEqual([0, '']);
      const configuration = JSON.parse(await read(out, 'run.json'));
      expect(configuration.options.strategy).toMatchObject({ stop: 'certain', ...strategy });
      for (const record of await records(out)) {
        expect(record.reproducible).toBe(true);
        if (flags[0] === '--limit-flops') expect(record.ledger.flops).toBeLessThanOrEqual(3e9);
        if (flags[0] === '--limit-tokens') {
          expect(record.ledger.policy.sampledTokens).toBeLessThanOrEqual(600);
        }
        if (flags[1] === '2') expect(record.auto?.prediction).toBeNull();
      }
    }
  });
});

describe('espalier solve --strategy auto', () => {
  const question = 'Mia has 3 boxes with 4 pens each. How many pens does Mia have?';

  it('says that it takes no probes where they do not pay', async () => {
    const flags = [...planned(), '--plan', at('unprobed.json'), '--budget', '8'];
    const { code, stdout } = await espalier(['solve', question, ...flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Plan {6}no probes: \S+ 8\n/);
  });

  it('says what it predicted and chose', async () => {
    const { code, stdout } = await espalier(['solve', question, ...planned(), '--budget', '8']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Plan {6}looks (easy|medium|hard) after 4 paths \(pass@1 about/);
    const json = ['solve', question, ...planned(), '--limit-ms', '60000', '--json'];
    const document = JSON.parse((await espalier(json)).stdout);
    expect(document.reproducible).toBe(false);
    expect(document.strategy).toMatchObject({ name: 'auto', plan: { sha256: expect.any(String) } });
    expect(document.auto.probes).toHaveLength(4);
    expect(document.auto.chosen.name).toBeDefined();
  });

  it('refuses what cannot be', async () => {
    const text = await readFile(at('plan.json'), 'utf8');
    await writeFile(
      at('changed.json'),
      text.replace(/"model.onnx.data": "..../, '"model.onnx.data": "0000'),
    );
    await writeFile(at('old.json'), text.replace('"format": 1', '"format": 2'));
    const solve = (...more: string[]) => ['solve', question, ...more];
    for (const [args, message, exit] of [
      [solve('--strategy', 'dvts', '--plan', 'x'), 'it belongs to auto', 2],
      [solve('--strategy', 'majority', '--stop', '0.9'), 'it belongs to auto', 2],
      [solve(...planned(), '--width', '2'), 'left out with auto', 2],
      [solve(...planned(), '--stop', 'soon'), 'certain, never or a probability', 2],
      [solve(...planned(), '--budget', '4', '--mean-flops', '1e9'), 'left out beside `budget`', 2],
      [solve(...planned(), '--policy', 'policy-2m'), 'fitted to this policy-2m', 2],
      [solve(...planned(), '--plan', at('changed.json')), 'model.onnx.data was another', 2],
      [solve(...planned(), '--plan', at('old.json')), 'Expected `format` to be 1', 1],
      [solve(...planned(), '--plan', at('none.json')), 'a file that can be read', 2],
    ] as const) {
      const { code, stderr, stdout } = await espalier(args);
      expect(stderr).toContain(message);
      expect([code, stdout]).toEqual([exit, '']);
    }
  });
});

describe('espalier sweep --strategies auto', () => {
  it('has the run of espalier eval, and does not disturb a plan', async () => {
    const args = [
      ...['sweep', '--dataset', 'mini-500', '--limit', '24', '--seed', '1', '--budgets', '8'],
      ...['--policies', 'policy-0.4m', '--strategies', 'auto', '--plan', at('plan.json')],
      ...['--out', at('mini-500'), '--json'],
    ];
    const { code, stdout, stderr } = await espalier(args);
    expect([code, stderr]).toEqual([0, '']);
    const [estimate] = JSON.parse(stdout).estimates;
    expect(estimate).toMatchObject({ budget: 8, problems: 24, strategy: { name: 'auto' } });
    const correct = (await records('eight')).filter((record) => record.correct).length;
    expect(estimate.accuracy.mean).toBeCloseTo(correct / 24, 12);
    const run = 'mini-500/policy-0.4m/prm-3m/auto-8';
    for (const file of ['run.json', 'results.jsonl']) {
      expect(await read(run, file)).toBe(await read('eight', file));
    }
    const again = ['plan', '--calibration', at('calibration'), '--test', at('mini-500')];
    expect((await espalier([...again, '--out', at('again.json')])).code).toBe(0);
    const [fitted, refitted] = await Promise.all(
      ['fitted.json', 'again.json'].map((file) => readFile(at(file), 'utf8')),
    );
    expect(refitted).toBe(fitted);
    for (const command of [
      ['score', at(run), '--reward', 'prm-3m', '--out', at('scored')],
      ['plan', '--calibration', at(run), '--out', at('none.json')],
    ]) {
      const refused = await espalier(command);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('Expected');
    }
  });
});
