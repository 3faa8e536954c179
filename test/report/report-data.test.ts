// A report's figures against those of eval, sweep and plan on the same runs.
import { describe, expect, it } from 'vitest';
import { armOf } from '../../src/evaluation/arms.js';
import { curvesOf } from '../../src/evaluation/curves.js';
import { estimateArm } from '../../src/evaluation/estimates.js';
import { summarise } from '../../src/evaluation/summary.js';
import { binOf } from '../../src/planning/difficulty.js';
import { collectReport } from '../../src/report/report-data.js';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/search/strategy.js';
import { type FakeRunOptions, fakeRun } from '../evaluation/fake-runs.js';

const problems = ['p', 'q', 'r', 's', 't', 'u'];
const run = (strategy: Parameters<typeof fakeRun>[0], options: FakeRunOptions = {}) =>
  fakeRun(strategy, { problems, ...options });

const runs = await Promise.all([
  run(greedy()),
  run(majority({ budget: 8 })),
  run(bestOfN({ budget: 8 })),
  run(beamSearch({ budget: 8, width: 4 })),
  run(dvts({ budget: 8, width: 4 })),
]);
const difficulty = await run(majority({ budget: 64 }), { seed: 99, purpose: 'difficulty' });

const { data, problems: viewed } = await collectReport([...runs, difficulty]);

describe('collectReport', () => {
  it('has the summaries of eval', () => {
    expect(data.runs.map(({ strategy }) => strategy.name)).toEqual([
      ...['greedy', 'majority', 'best-of-n', 'beam-search', 'dvts'],
    ]);
    data.runs.forEach(({ summary }, i) => {
      expect(summary).toEqual(summarise(runs[i]?.records ?? []));
    });
  });

  it('has the estimates of sweep, at every N that a run tells of', () => {
    const budgets = (name: string) =>
      data.estimates.filter(({ strategy }) => strategy.name === name).map(({ budget }) => budget);
    expect(budgets('best-of-n')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(budgets('dvts')).toEqual([4, 8]);
    expect(budgets('beam-search')).toEqual([8]);
    expect(budgets('greedy')).toEqual([1]);
    for (const estimate of data.estimates) {
      const source = runs.find(({ configuration }) => {
        const { strategy } = configuration.options as { strategy: { name: string } };
        return strategy.name === estimate.strategy.name;
      });
      expect(estimate).toEqual(source && estimateArm(armOf(source, estimate.budget)));
    }
  });

  it('names the best, the cheapest near it and the lead over one path', () => {
    const { estimate, cheapest, lead } = data.best;
    const highest = Math.max(...data.estimates.map(({ accuracy }) => accuracy.mean));
    expect(estimate.accuracy.mean).toBe(highest);
    expect(cheapest.flops).toBeLessThanOrEqual(estimate.flops);
    const single = data.estimates.find(({ strategy }) => strategy.name === 'greedy');
    expect(lead?.mean).toBeCloseTo(highest - (single?.accuracy.mean ?? 0), 12);
  });

  it('has the curves of the scored paths', async () => {
    const [, , scored] = runs;
    expect(data.votes).toHaveLength(1);
    expect(data.votes[0]?.curves).toEqual(scored && (await curvesOf(scored)));
  });

  it('deals problems to bins by their own samples', () => {
    const counts = { easy: 0, medium: 0, hard: 0 };
    const binOfProblem = new Map<string, string>();
    for (const { problem, paths, reference } of difficulty.records) {
      const bin = binOf(paths.filter(({ answer }) => answer === reference).length / paths.length);
      counts[bin]++;
      binOfProblem.set(problem, bin);
    }
    const [table] = data.difficulty;
    expect(table?.problems).toEqual(counts);
    for (const { strategy, budget, bins } of table?.rows ?? []) {
      const source = runs.find((one) => {
        const { options } = one.configuration as { options: { strategy: { name: string } } };
        return options.strategy.name === strategy.name;
      });
      if (source === undefined) throw new Error('no run');
      const { outcomes } = armOf(source, budget);
      for (const bin of ['easy', 'medium', 'hard'] as const) {
        const own = problems.filter((problem) => binOfProblem.get(problem) === bin);
        const sum = own.reduce((total, p) => total + (outcomes.get(p)?.accuracy ?? 0), 0);
        if (own.length === 0) expect(bins[bin]).toBeNull();
        else expect(bins[bin]?.mean).toBeCloseTo(sum / own.length, 12);
      }
    }
  });

  it('shows each search as it was recorded', () => {
    expect(viewed.map(({ problem }) => problem)).toEqual(problems);
    viewed.forEach(({ searches }, i) => {
      expect(searches.map((search) => search.run)).toEqual([0, 1, 2, 3, 4]);
      for (const { run: at, branches, votes, answer, strict, isWhole } of searches) {
        const record = runs[at]?.records[i];
        expect([answer, strict]).toEqual([record?.answer, record?.correct]);
        expect(votes.map((vote) => [vote.answer, vote.weight, vote.paths])).toEqual(
          record?.votes.map((vote) => [vote.answer, vote.weight, vote.members.length]),
        );
        expect(isWhole).toBe(true);
        // The chosen branches are the chosen path, step by step.
        const path = record?.paths.find(({ id }) => id === record.chosen);
        const chosen = branches.filter((branch) => branch.chosen);
        expect(chosen.map(({ text }) => text).join('')).toBe(
          path?.steps.map(({ text }) => text).join(''),
        );
        chosen.forEach(({ parent }, depth) => {
          expect(branches[parent]).toBe(chosen[depth - 1]);
        });
        const ends = branches.filter(({ ending }) => ending !== null);
        for (const { leadsTo, parent, fate } of branches) {
          if (leadsTo !== null) expect([parent, fate]).toEqual([-1, null]);
        }
        expect(ends).toHaveLength(record?.paths.length ?? 0);
      }
    });
  });

  it('spaces the problems of the viewer evenly', async () => {
    const { problems: some } = await collectReport(runs, { trees: 2 });
    expect(some.map(({ problem }) => problem)).toEqual(['p', 's']);
  });

  it('says where a run holds no pruned branches, and shows what ended', async () => {
    const [, , , , trees] = runs;
    if (trees === undefined) throw new Error('no run');
    const records = trees.records.map(({ branches: _, ...record }) => record);
    const old = { ...trees, records: records as unknown as typeof trees.records };
    const [first] = (await collectReport([old])).problems;
    const [search] = first?.searches ?? [];
    expect(search?.isWhole).toBe(false);
    const ends = search?.branches.filter(({ ending }) => ending !== null);
    expect(ends).toHaveLength(trees.records[0]?.paths.length ?? 0);
  });

  it('says which of two equal runs it shows, and what a limit cut', async () => {
    const again = await run(greedy(), { seed: 5 });
    const cut = await run(majority({ budget: 4 }), { limits: { tokens: 30 } });
    const { notes } = (await collectReport([...runs, again, cut])).data;
    expect(notes.join('\n')).toContain('the one with seed 0 is shown, the one with seed 5 is not');
    expect(notes.join('\n')).toMatch(/A limit cut \d of 6 searches of majority/);
  });

  it('refuses what cannot be one report', async () => {
    const [first] = runs;
    if (first === undefined) throw new Error('no run');
    const other = await fakeRun(greedy(), { problems: ['p', 'x'] });
    await expect(collectReport([first, other])).rejects.toThrow('over the same problems');
    const unfinished = { ...first, records: first.records.slice(1) };
    await expect(collectReport([unfinished])).rejects.toThrow('1 of 6 searches are missing');
    const shard = { index: 1, count: 2 };
    const part = { ...first, configuration: { ...first.configuration, shard } };
    await expect(collectReport([part])).rejects.toThrow('shard 1/2; espalier merge joins shards');
    await expect(collectReport([difficulty])).rejects.toThrow('at least one evaluation');
    const policy = { ...(first.configuration.policy as object), sha256: { 'model.onnx': 'other' } };
    const strange = { ...first, configuration: { ...first.configuration, policy } };
    await expect(collectReport([first, strange])).rejects.toThrow(
      'with the same policy fake policy',
    );
  });
});
