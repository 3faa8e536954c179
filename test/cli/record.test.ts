// `espalier record`: outputs of a real run, handed over as if they came from elsewhere, are that run
// again in all that votes and graders see; and what is not known stays null.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curvesOf } from '../../src/evaluation/curves.js';
import type { AnyRecord, ResultRecord } from '../../src/evaluation/result-record.js';
import { readRun } from '../../src/evaluation/run-directory.js';
import { espalier } from './command-line.js';

let parent: string;
const at = (name: string) => join(parent, name);
const run = async (...args: string[]) => {
  const outcome = await espalier(args);
  expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  return outcome;
};
const records = async <R extends AnyRecord>(name: string) => (await readRun<R>(at(name))).records;
const record = (name: string, ...more: string[]) => [
  ...['record', at('outputs.jsonl'), '--dataset', at('set.jsonl'), '--out', at(name)],
  ...more,
];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-record-'));
  const models = ['--policy', 'policy-0.4m', '--strategy', 'majority', '--budget', '6'];
  const set = ['--dataset', 'mini-500', '--limit', '12'];
  await run('eval', ...set, ...models, '--out', at('sampled'));
  await run('score', at('sampled'), '--reward', 'prm-3m', '--out', at('sampled-scored'));
  const all = await records<ResultRecord>('sampled-scored');
  const lines = (of: (record: ResultRecord) => object) =>
    `${all.map((each) => JSON.stringify(of(each))).join('\n')}\n`;
  const texts = ({ paths }: ResultRecord) =>
    paths.map(({ steps }) => steps.map(({ text }) => text).join(''));
  const scores = ({ paths }: ResultRecord) =>
    paths.map(({ steps }) => steps.map(({ score }) => score));
  const set12 = ({ id, problem, reference, level }: ResultRecord) => {
    return { id, problem, answer: reference, level };
  };
  await writeFile(at('set.jsonl'), lines(set12));
  await writeFile(
    at('outputs.jsonl'),
    lines((each) => ({ id: each.id, outputs: texts(each) })),
  );
  await writeFile(
    at('scored.jsonl'),
    lines((each) => ({ id: each.id, outputs: texts(each), scores: scores(each) })),
  );
});
afterAll(() => rm(parent, { recursive: true }));

/** What a record says of answers, votes and grades. */
const verdicts = ({ id, answer, correct, compat, chosen, votes, paths }: AnyRecord) => {
  const seen = paths.map(({ id: path, steps, answer: own, complete, value }) => {
    return { path, steps, own, complete, value };
  });
  return { id, answer, correct, compat, chosen, votes, seen };
};
/** Paths that a limit did not cut: outputs from elsewhere are taken to be whole. */
const isWhole = ({ paths }: AnyRecord) => paths.every(({ complete }) => complete);

describe('espalier record', () => {
  it('gives what the search that wrote the outputs gave', async () => {
    const { stdout } = await run(...record('recorded', '--policy-name', 'theirs'));
    expect(stdout).toContain('outputs from elsewhere: what sampling them took is not known\n');
    const [recorded, sampled] = [await records('recorded'), await records('sampled')];
    const whole = recorded.filter((_, i) => isWhole(sampled[i] as AnyRecord));
    expect(whole.length).toBeGreaterThan(6);
    expect(whole.map(verdicts)).toEqual(sampled.filter(isWhole).map(verdicts));
    expect((await readdir(at('recorded'))).sort()).toEqual((await readdir(at('sampled'))).sort());
  });

  it('knows nothing of costs, and says so by null', async () => {
    for (const { ledger, paths } of await records('recorded')) {
      expect(ledger).toBeNull();
      expect(paths.every(({ tokens, logProb }) => tokens === null && logProb === null)).toBe(true);
    }
    const { configuration, timings } = await readRun(at('recorded'));
    expect(configuration).toMatchObject({
      policy: { name: 'theirs', cost: null },
      reward: null,
      outputs: { file: 'outputs.jsonl', delimiter: '\n\n' },
      options: { strategy: { name: 'majority', budget: 6 } },
    });
    expect(timings).toEqual([]);
    const { stdout } = await run(...record('recorded', '--policy-name', 'theirs', '--json'));
    const { sampledTokens, tokensPerProblem, rewardTokens, flops, unsharedFlops } =
      JSON.parse(stdout);
    const all = [sampledTokens, tokensPerProblem, rewardTokens, flops, unsharedFlops];
    expect(all).toEqual([null, null, null, null, null]);
    const out = at('plan.json');
    const plan = await espalier(['plan', '--calibration', at('recorded'), '--out', out]);
    expect(plan.code).toBe(2);
    expect(plan.stderr).toContain("sampled here, or recorded with a policy's package");
  });

  it('is scored as the sampled run is', async () => {
    const reward = ['--reward', 'prm-3m', '--out', at('recorded-scored')];
    const { stdout } = await run('score', at('recorded'), ...reward);
    expect(stdout).toMatch(/is not known; [\d,]+ tokens read by the reward model/);
    const [ours, theirs] = [await records('recorded-scored'), await records('sampled-scored')];
    const isSame = theirs.map(isWhole);
    expect(ours.filter((_, i) => isSame[i]).map(verdicts)).toEqual(
      theirs.filter((_, i) => isSame[i]).map(verdicts),
    );
    ours.forEach(({ ledger }, i) => {
      expect(ledger).toEqual({
        policy: null,
        reward: theirs[i]?.ledger?.reward,
        flops: null,
        unshared: null,
      });
    });
  });

  it('has curves for every N', async () => {
    const [own, sampled] = [
      await readRun<AnyRecord>(at('recorded-scored')),
      await readRun<AnyRecord>(at('sampled-scored')),
    ];
    const whole = sampled.records.filter(isWhole).map(({ id }) => id);
    const only = (from: typeof own) => {
      return { ...from, records: from.records.filter(({ id }) => whole.includes(id)) };
    };
    expect(await curvesOf(only(own))).toEqual(await curvesOf(only(sampled)));
  });

  it('takes the scores of others, by step or by output', async () => {
    const args = record('with-scores', '--reward-name', 'their model');
    args[1] = at('scored.jsonl');
    await run(...args);
    const [own, scored] = [await records('with-scores'), await records('sampled-scored')];
    const values = (of: readonly AnyRecord[]) =>
      of
        .filter((_, i) => isWhole(scored[i] as AnyRecord))
        .map(({ answer, correct, votes, paths }) => {
          return { answer, correct, votes, values: paths.map(({ value }) => value) };
        });
    expect(values(own)).toEqual(values(scored));
    const { configuration } = await readRun(at('with-scores'));
    expect(configuration).toMatchObject({ reward: { name: 'their model', cost: null } });

    const line = { id: 1, outputs: ['so\n\n1', '2'], scores: [0.9, 0.1] };
    await writeFile(at('two.jsonl'), JSON.stringify(line));
    await writeFile(at('one.jsonl'), '{"id":1,"problem":"?","answer":"1"}');
    await run('record', at('two.jsonl'), '--dataset', at('one.jsonl'), '--out', at('two'));
    const [only] = await records('two');
    expect(only).toMatchObject({ answer: '1', correct: true, chosen: '0' });
    expect(only?.paths.map(({ value }) => value)).toEqual([0.9, 0.1]);
    expect(only?.paths[0]?.steps.map(({ score }) => score)).toEqual([null, 0.9]);
    const lines = ['--delimiter', '\\n', '--out', at('by-lines')];
    await run('record', at('two.jsonl'), '--dataset', at('one.jsonl'), ...lines);
    const [path] = (await records('by-lines'))[0]?.paths ?? [];
    expect(path?.steps.map(({ text }) => text)).toEqual(['so\n', '\n1']);
  });

  it('counts tokens and FLOPs with the package of what wrote them', async () => {
    await run(...record('counted', '--policy', 'policy-0.4m'));
    const [counted, sampled] = [
      await records<ResultRecord>('counted'),
      await records<ResultRecord>('sampled'),
    ];
    counted.forEach((own, i) => {
      const theirs = sampled[i] as ResultRecord;
      if (!isWhole(theirs)) return;
      expect(own.paths.map(({ tokens }) => tokens)).toEqual(
        theirs.paths.map(({ tokens }) => tokens),
      );
      // The prompt is filled once in both, and every path runs below it.
      expect(own.ledger).toEqual(theirs.ledger);
      expect(own.paths.every(({ logProb }) => logProb === null)).toBe(true);
    });
  });

  it('is reported once its costs are known', async () => {
    await run('report', at('counted'), '--out', at('counted.html'));
    const { code, stderr } = await espalier(['report', at('recorded'), '--out', at('x.html')]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("recorded with a policy's package"),
    ]);
  });

  it('refuses what it cannot record, and writes nothing', async () => {
    await writeFile(at('bad.jsonl'), `${JSON.stringify({ id: 'nobody', outputs: ['1'] })}\n`);
    const uneven = { id: 1, outputs: ['a\n\nb'], scores: [[0.5]] };
    await writeFile(at('uneven.jsonl'), JSON.stringify(uneven));
    const cases: readonly (readonly [string[], 1 | 2, string])[] = [
      [['record', at('bad.jsonl')], 1, 'Expected `bad.jsonl:1 id` to be the id of a problem'],
      [['record', at('none.jsonl')], 2, 'Expected `file` to be readable'],
      [['record', at('outputs.jsonl'), '--vote', 'max'], 2, 'Expected `scores` to be in the file'],
      [
        ['record', at('outputs.jsonl'), '--reward-name', 'x'],
        2,
        'Expected `scores` to be in the file',
      ],
      [['record', at('outputs.jsonl'), '--output-field', 'x'], 2, '`--output-field` to be <role>='],
      [
        ['record', at('outputs.jsonl'), '--policy', 'policy-0.4m', '--policy-name', 'x'],
        2,
        '`--policy-name` to be left out with --policy',
      ],
      [['record', at('outputs.jsonl'), '--policy', 'prm-3m'], 1, 'to be a policy, got a reward'],
    ];
    for (const [args, code, message] of cases) {
      const out = ['--dataset', at('set.jsonl'), '--out', at('refused')];
      const outcome = await espalier([...args, ...out]);
      expect(outcome.stderr).toContain(message);
      expect(outcome.code).toBe(code);
    }
    const one = [
      'record',
      at('uneven.jsonl'),
      '--dataset',
      at('one.jsonl'),
      '--out',
      at('refused'),
    ];
    const { stderr } = await espalier(one);
    expect(stderr).toContain(
      '`uneven.jsonl:1 scores[0]` to be one number for each of 2 steps, got 1',
    );
    await expect(readdir(at('refused'))).rejects.toThrow();
    const other = await espalier(record('recorded', '--policy-name', 'others'));
    expect(other.stderr).toContain('its policy.name is "theirs", not "others"');
  });
});
