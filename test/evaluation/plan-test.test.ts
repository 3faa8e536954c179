// Plans from runs: what is refused, folds that never see their own problems, and tables in worlds
// whose best plan is known.
import { describe, expect, it } from 'vitest';
import { dealFolds } from '../../src/evaluation/folds.js';
import { collectPlanData, type PlanData } from '../../src/evaluation/plan-data.js';
import { makePlan } from '../../src/evaluation/plan-file.js';
import { crossFit, testPlan } from '../../src/evaluation/plan-test.js';
import { lineNames } from '../../src/evaluation/test-table.js';
import type { Arm } from '../../src/planning/arm.js';
import type { Bin } from '../../src/planning/difficulty.js';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/search/strategy.js';
import { cost } from '../search/fake-models.js';
import { fakeRun } from './fake-runs.js';

const questions = ['p', 'q', 'r', 's'];
const difficulty = (problems: readonly string[], seed = 1000, budget = 64) =>
  fakeRun(majority({ budget }), { problems, seed, purpose: 'difficulty' });
const runsOver = async (problems: readonly string[], seed = 0) => [
  await fakeRun(greedy(), { problems, seed }),
  await fakeRun(majority({ budget: 8 }), { problems, seed }),
  await fakeRun(bestOfN({ budget: 8 }), { problems, seed }),
  await fakeRun(dvts({ budget: 8 }), { problems, seed }),
  await fakeRun(beamSearch({ budget: 4 }), { problems, seed }),
  await fakeRun(beamSearch({ budget: 8 }), { problems, seed }),
];

describe('collectPlanData', () => {
  it('has every arm once, and bins from the difficulty samples', async () => {
    const samples = await difficulty(questions);
    const data = collectPlanData([...(await runsOver(questions)), samples]);
    expect(
      data.arms.map(
        ({ strategy }) => `${strategy.name} ${'budget' in strategy ? strategy.budget : 1}`,
      ),
    ).toEqual([
      'greedy 1',
      ...['majority 1', 'majority 2', 'majority 4', 'majority 8'],
      ...['best-of-n 1', 'best-of-n 2', 'best-of-n 4', 'best-of-n 8'],
      ...['dvts 4', 'dvts 8', 'beam-search 4', 'beam-search 8'],
    ]);
    for (const { problem, paths } of samples.records) {
      const rate = paths.filter(({ answer }) => answer === '1').length / 64;
      const bin = rate >= 0.5 ? 'easy' : rate >= 0.1 ? 'medium' : 'hard';
      expect(data.bins.get('fake policy')?.get(problem)).toBe(bin);
    }
  });

  it('refuses circular, missing and too few difficulty samples', async () => {
    const runs = await runsOver(questions);
    const refuse = (more: readonly Awaited<ReturnType<typeof fakeRun>>[]) =>
      expect(() => collectPlanData([...runs, ...more]));
    refuse([]).toThrow('difficulty samples');
    refuse([await difficulty(questions, 0)]).toThrow('under a seed that no other run uses');
    refuse([await difficulty(questions, 1000, 63)]).toThrow('at least 64 a problem, got 63');
    refuse([await difficulty(['p', 'q', 'r'])]).toThrow('over the same problems');
    const half = await difficulty(questions);
    refuse([{ ...half, records: half.records.slice(1) }]).toThrow('1 of 4 searches are missing');
    expect(() => collectPlanData([half])).toThrow('at least one evaluation');
    // Two halves under two seeds make 64.
    const two = [await difficulty(questions, 1000, 32), await difficulty(questions, 2000, 32)];
    expect(collectPlanData([...runs, ...two]).problems).toEqual(questions);
  });
});

describe('makePlan', () => {
  it('refuses splits that share a problem, whatever its spacing', async () => {
    const data = async (problems: readonly string[]) =>
      collectPlanData([...(await runsOver(problems)), await difficulty(problems)]);
    const calibration = await data(['a b', 'c', 'd']);
    expect(() => makePlan(calibration, calibration)).toThrow('3 of 3 are in both');
    const spaced = await data(['x', 'a  b ']);
    expect(() => makePlan(calibration, spaced)).toThrow('1 of 2 are in both');
    const apart = makePlan(calibration, await data(['x', 'y']));
    expect(apart.isCrossFitted).toBe(false);
    const [table] = apart.tables;
    const counted = Object.values(table?.confusion ?? {}).flatMap((row) => Object.values(row));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(table?.levels.map(({ budget }) => budget)).toEqual([1, 2, 4, 8]);
    for (const { lines } of table?.levels ?? []) {
      expect(lines.map(({ name }) => name)).toEqual(lineNames);
      const bounds = Object.fromEntries(lines.map(({ name, accuracy }) => [name, accuracy?.mean]));
      expect(bounds.auto).toBeDefined();
      expect(bounds['best per bin in hindsight']).toBeDefined();
    }
  });
});

/** A world of 300 problems in three bins, where arms are good at what the functions say. */
function world(
  prefix: string,
  accuracyOf: { readonly [name: string]: (bin: Bin, i: number) => number },
): PlanData {
  const names = ['easy', 'medium', 'hard'] as const;
  const problems = Array.from({ length: 300 }, (_, i) => `${prefix}${i}`);
  const binAt = (i: number): Bin => names[i % 3] ?? 'hard';
  const strategies = {
    majority: majority({ budget: 8 }),
    'beam-search': beamSearch({ budget: 8 }),
  };
  const arms = Object.entries(strategies).map(([name, strategy]): Arm => {
    const outcomes = problems.map((problem, i) => {
      return [problem, { accuracy: accuracyOf[name]?.(binAt(i), i) ?? 0, flops: 100 }] as const;
    });
    const reward = name === 'majority' ? null : 'prm';
    const tokens = new Map(problems.map((problem) => [problem, 10]));
    return {
      policy: 'policy',
      reward,
      strategy,
      outcomes: new Map(outcomes),
      tokens,
      isExact: true,
    };
  });
  return {
    problems,
    arms,
    bins: new Map([['policy', new Map(problems.map((problem, i) => [problem, binAt(i)]))]]),
    passAt1: new Map(),
    auto: new Map(),
    costs: new Map([['policy', cost]]),
    models: new Map(),
    datasets: [],
  };
}
/** A deterministic coin, the same for all arms that share its salt. */
const coin = (rate: number, i: number, salt: number) =>
  (i * 7919 + salt * 104729) % 1000 < rate * 1000 ? 1 : 0;

describe('testPlan and crossFit', () => {
  const split = {
    majority: (bin: Bin, i: number) => coin(bin === 'easy' ? 0.9 : 0.1, i, 1),
    'beam-search': (bin: Bin, i: number) => coin(bin === 'easy' ? 0.4 : 0.5, i, 2),
  };

  it('beats every fixed strategy where bins need different ones', () => {
    for (const [table] of [
      testPlan(world('a', split), world('b', split)),
      crossFit(world('a', split)),
    ]) {
      const level = table?.levels[0];
      const line = (name: string) =>
        level?.lines.find((one) => one.name === name)?.accuracy?.mean ?? 0;
      expect(line('plan, true bins')).toBeCloseTo(line('best per bin in hindsight'), 12);
      expect(line('plan, true bins')).toBeGreaterThan(line('best fixed in hindsight') + 0.1);
      expect(line('best fixed in hindsight')).toBeGreaterThanOrEqual(
        line('fixed, chosen on calibration'),
      );
      expect(line("authors' table")).toBeLessThan(line('plan, true bins'));
      expect(level?.leads.map(({ isBeaten }) => isBeaten)).toEqual([true, true]);
      for (const { low, high, mean } of level?.leads ?? []) {
        expect(low).toBeLessThanOrEqual(mean);
        expect(mean).toBeLessThanOrEqual(high);
      }
      expect(table?.problems).toEqual({ easy: 100, medium: 100, hard: 100 });
    }
  });

  it('claims nothing where bins make no difference', () => {
    const same = {
      majority: (_: Bin, i: number) => coin(0.5, i, 1),
      'beam-search': (_: Bin, i: number) => coin(0.5, i, 1),
    };
    const [table] = crossFit(world('a', same));
    for (const lead of table?.levels[0]?.leads ?? []) {
      expect([lead.mean, lead.isBeaten]).toEqual([0, false]);
    }
  });

  it('never fits a fold to its own problems', () => {
    // Beam search looks right on every problem but those of one fold, where it is wrong. A plan that
    // had seen the fold would still choose it; one that is shown it alone would not.
    const data = world('a', split);
    const binOfProblem = data.bins.get('policy') ?? new Map();
    const folds = dealFolds(data.problems, binOfProblem, 5);
    expect(folds.flat().sort()).toEqual([...data.problems].sort());
    for (const fold of folds) {
      expect(fold).toHaveLength(60);
      for (const bin of ['easy', 'medium', 'hard']) {
        expect(fold.filter((problem) => binOfProblem.get(problem) === bin)).toHaveLength(20);
      }
    }
    const [held = []] = folds;
    const poisoned = new Set(held);
    const arms = data.arms.map((arm): Arm => {
      const isBeam = arm.strategy.name === 'beam-search';
      const outcomes = data.problems.map((problem) => {
        const accuracy = poisoned.has(problem) === isBeam ? 0.2 : 0.8;
        return [problem, { accuracy, flops: 100 }] as const;
      });
      return { ...arm, outcomes: new Map(outcomes) };
    });
    const [table] = crossFit({ ...data, arms });
    const plan = table?.levels[0]?.lines[0]?.accuracy;
    // Beam search everywhere: right by 0.8 on four folds, by 0.2 on the poisoned one.
    expect(plan?.mean).toBeCloseTo((4 * 0.8 + 0.2) / 5, 12);
    const best = table?.levels[0]?.lines.find(({ name }) => name === 'best fixed in hindsight');
    expect(best?.accuracy?.mean).toBeCloseTo((4 * 0.8 + 0.2) / 5, 12);
  });

  it('says which lines know the answers', () => {
    const [table] = crossFit(world('a', split));
    const lines = table?.levels[0]?.lines ?? [];
    expect(lines.filter(({ usesLabels }) => usesLabels).map(({ name }) => name)).toEqual([
      'plan, true bins',
      'best fixed in hindsight',
      'best per bin in hindsight',
    ]);
    expect(lines.find(({ name }) => name === 'auto')).toMatchObject({
      accuracy: null,
      flops: null,
    });
  });

  it('refuses test runs that lack what the plan chose', () => {
    const calibration = world('a', split);
    const test = world('b', split);
    const none = { ...test, arms: test.arms.filter(({ reward }) => reward === null) };
    expect(() => testPlan(calibration, none)).toThrow(
      'Expected `test` to have runs of policy with prm',
    );
    const fewer = {
      ...test,
      arms: test.arms.filter(({ strategy }) => strategy.name !== 'majority'),
    };
    expect(() => testPlan(calibration, fewer)).toThrow('majority with budget 8');
  });
});
