// What auto would have done, told from recorded runs, against auto really run: the same answers under
// the same seeds, whatever it chooses; the same cost where nothing has to be taken apart.
import { describe, expect, it } from 'vitest';
import { autoDataOf, measureStop, unitId } from '../../src/evaluation/auto-replay.js';
import { collectPlanData } from '../../src/evaluation/plan-data.js';
import { formatPlan, makePlan } from '../../src/evaluation/plan-file.js';
import { parsePlan } from '../../src/planning/plan-document.js';
import { type AutoPlan, auto, type EarlyStop } from '../../src/search/auto-strategy.js';
import {
  beamSearch,
  bestOfN,
  dvts,
  greedy,
  majority,
  type Strategy,
} from '../../src/search/strategy.js';
import { fakeRun } from './fake-runs.js';

const problems = ['p', 'q', 'r', 's', 't', 'u'];
const options = { problems, repeats: 2 };
const recorded = [
  bestOfN({ budget: 8 }),
  beamSearch({ budget: 8, width: 4 }),
  dvts({ budget: 12, width: 4 }),
];
const prediction = { bin: 'easy', passAt1: 0.6, agreement: 1, score: 1 } as const;
const always = (chosen: Strategy): AutoPlan => ({
  sha256: 'x',
  adviserFor: () => ({
    probes: 4,
    unprobed: () => undefined,
    predict: () => prediction,
    choose: () => chosen,
  }),
});

describe('autoDataOf', () => {
  it.each([
    'certain',
    'never',
    { probability: 0.75 },
  ] as const)('is what auto does, stopping %o', async (stop) => {
    const runs = await Promise.all(recorded.map((strategy) => fakeRun(strategy, options)));
    const data = autoDataOf(runs, 4, stop);
    expect(data?.arms.map(({ strategy }) => strategy)).toEqual([
      ...[majority({ budget: 4 }), bestOfN({ budget: 4 })],
      ...[majority({ budget: 8 }), bestOfN({ budget: 8 })],
      beamSearch({ budget: 8 }),
      ...[dvts({ budget: 4 }), dvts({ budget: 8 }), dvts({ budget: 12 })],
    ]);
    let stopped = 0;
    for (const arm of data?.arms ?? []) {
      const { strategy } = arm;
      const run = await fakeRun(auto({ plan: always(strategy), budget: 8, stop }), options);
      for (const record of run.records) {
        const outcome = arm.outcomes.get(unitId(record));
        const [correct, early] = [record.correct ? 1 : 0, record.auto?.stoppedAt !== null];
        expect(outcome?.accuracy, `${strategy.name} ${unitId(record)}`).toBe(correct);
        if (early) stopped++;
        const { flops, policy } = record.ledger;
        // Taken apart where scores of some paths alone, or of some subtrees, are in it.
        const isWhole =
          strategy.name === 'best-of-n' && 'budget' in strategy && strategy.budget === 8;
        if (isWhole && !early) expect(outcome?.flops).toBeCloseTo(flops, 3);
        const isPart = strategy.name === 'dvts' && strategy.budget < 12;
        if (!isPart) {
          expect(arm.tokens.get(unitId(record))).toBe(policy.sampledTokens);
          // These models ramble, and no reward model reads blank steps: real ones are within 2%.
          expect(Math.abs((outcome?.flops ?? 0) / flops - 1)).toBeLessThan(0.3);
        }
      }
    }
    if (stop === 'never') expect(stopped).toBe(0);
    if (typeof stop === 'object') expect(stopped).toBeGreaterThan(0);
  });

  it('sees the probes that auto saw', async () => {
    const run = await fakeRun(bestOfN({ budget: 8 }), options);
    const few = await fakeRun(bestOfN({ budget: 4 }), options);
    expect(autoDataOf([run])?.units).toEqual(autoDataOf([few])?.units);
    expect(autoDataOf([run])?.units.map(({ id }) => id)).toEqual(run.records.map(unitId));
  });

  it('is told by runs of the same seeds alone, that no limit cut', async () => {
    const run = await fakeRun(bestOfN({ budget: 8 }), options);
    const tree = await fakeRun(beamSearch({ budget: 8 }), { ...options, seed: 5 });
    const names = autoDataOf([run, tree])?.arms.map(({ strategy }) => strategy.name);
    expect(new Set(names)).toEqual(new Set(['majority', 'best-of-n']));
    expect(autoDataOf([tree])).toBeUndefined();
    expect(autoDataOf([await fakeRun(bestOfN({ budget: 2 }), options)])).toBeUndefined();
    const cut = await fakeRun(bestOfN({ budget: 8 }), { ...options, limits: { tokens: 20 } });
    expect(autoDataOf([cut])).toBeUndefined();
  });
});

describe('measureStop', () => {
  it('counts what auto does', async () => {
    const run = await fakeRun(bestOfN({ budget: 8 }), options);
    for (const stop of ['certain', 'never', { probability: 0.7 }] as readonly EarlyStop[]) {
      const plan = always(bestOfN({ budget: 8 }));
      const early = await fakeRun(auto({ plan, budget: 8, stop }), options);
      const outcome = measureStop(run, stop, 4);
      const differ = early.records.filter(({ answer }, i) => answer !== run.records[i]?.answer);
      const stopped = early.records.filter((record) => record.auto?.stoppedAt !== null);
      const paths = early.records.map((record) => record.auto?.stoppedAt ?? 8);
      expect(outcome).toMatchObject({
        searches: 12,
        stopped: stopped.length,
        disagreements: differ.length,
        accuracy: early.records.filter(({ correct }) => correct).length / 12,
        fullAccuracy: run.records.filter(({ correct }) => correct).length / 12,
      });
      expect(outcome.paths).toBeCloseTo(paths.reduce((sum, n) => sum + n, 0) / 12, 12);
      if (stop === 'certain') expect(outcome.disagreements).toBe(0);
    }
  });
});

describe('a plan that was written and read', () => {
  it.each([
    ['probes pay from some budget on', [], ['probed', 'unprobed']],
    // All of a fake policy's answers are alike, so greedy's are as good, and cheaper.
    ['they never pay', [greedy()], ['unprobed', 'unprobed, exactly']],
  ])('lets auto do what its table says, where %s', async (_, more, expected) => {
    const difficulty = await fakeRun(majority({ budget: 64 }), {
      problems,
      seed: 1000,
      purpose: 'difficulty',
    });
    const others = problems.map((problem) => `${problem}!`);
    const otherDifficulty = await fakeRun(majority({ budget: 64 }), {
      problems: others,
      seed: 1000,
      purpose: 'difficulty',
    });
    const runsOf = [majority({ budget: 8 }), ...recorded, ...more];
    const runsOver = (own: readonly string[]) =>
      Promise.all(runsOf.map((one) => fakeRun(one, { problems: own, repeats: 2 })));
    const calibration = collectPlanData([...(await runsOver(problems)), difficulty]);
    const test = collectPlanData([...(await runsOver(others)), otherDifficulty]);
    const tested = makePlan(calibration, test);
    const plan = parsePlan(JSON.stringify(formatPlan(tested, calibration, test)));
    const levels = tested.tables[0]?.levels ?? [];
    expect(levels.length).toBeGreaterThan(3);
    const whole = new Set(runsOf.map((strategy) => JSON.stringify(strategy)));
    const ways = new Set<string>();
    for (const level of levels) {
      const line = level.lines.find(({ name }) => name === 'auto');
      const strategy = auto({ plan, meanFlops: level.flops });
      const run = await fakeRun(strategy, { problems: others, repeats: 2 });
      const unprobed = run.records.every(({ auto: outcome }) => outcome?.prediction === null);
      const right = run.records.filter(({ correct }) => correct).length / run.records.length;
      expect(level.autoProbes).toBe(unprobed ? 0 : 1);
      ways.add(unprobed ? 'unprobed' : 'probed');
      const chosen = JSON.stringify(run.records[0]?.auto?.chosen);
      // Without probes it is an arm like any other, and may be a mean over subsets.
      if (!unprobed || whole.has(chosen)) expect(line?.accuracy?.mean).toBeCloseTo(right, 12);
      if (!unprobed || !whole.has(chosen)) continue;
      const spent = run.records.reduce((sum, { ledger }) => sum + ledger.flops, 0);
      expect(line?.flops).toBeCloseTo(spent / run.records.length, 3);
      ways.add('unprobed, exactly');
    }
    expect([...ways].sort()).toEqual(expected);
    expect(levels.some(({ budget }) => budget > 4)).toBe(true);
  });
});
