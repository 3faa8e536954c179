// Smaller budgets from recorded runs, against the searches themselves: a search with N samples is the
// first N of one with more, so every subset's vote and cost can be had from the search's own code.
import { describe, expect, it } from 'vitest';
import { armOf, armsOf, budgetsOf } from '../../src/evaluation/arms.js';
import { isCorrect, type ResultRecord } from '../../src/evaluation/result-record.js';
import { pathsFlops, policyFlops, subtreesFlops } from '../../src/evaluation/run-cost.js';
import type { Strategy } from '../../src/search/strategy.js';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/search/strategy.js';
import { tally } from '../../src/search/vote.js';
import { cost } from '../search/fake-models.js';
import { fakeRun } from './fake-runs.js';

const problems = ['p', 'q', 'r', 's', 't'];
const costs = { policy: cost, reward: cost };

/** Mean over all subsets of `count` paths of what `of` gives. */
function meanOverSubsets(
  record: ResultRecord,
  count: number,
  of: (paths: ResultRecord['paths']) => number,
): number {
  let [total, sum] = [0, 0];
  for (let bits = 0; bits < 2 ** record.paths.length; bits++) {
    const paths = record.paths.filter((_, i) => (bits >> i) & 1);
    if (paths.length !== count) continue;
    total++;
    sum += of(paths);
  }
  return sum / total;
}

describe('armOf', () => {
  it.each<[string, Strategy & { readonly budget: number }]>([
    ['majority', majority({ budget: 6 })],
    ['best-of-n, weighted', bestOfN({ budget: 6 })],
    ['best-of-n, max of min', bestOfN({ budget: 6, aggregation: 'min', vote: 'max' })],
  ])('is the mean over all subsets of the search’s vote: %s', async (_, strategy) => {
    const run = await fakeRun(strategy, { problems });
    const rule =
      strategy.name === 'best-of-n' ? strategy : { aggregation: 'last', vote: 'majority' };
    const { aggregation, vote } = rule as ReturnType<typeof bestOfN>;
    let partial = 0;
    for (const budget of [1, 2, 3, 5, 6]) {
      const { outcomes, tokens, isExact } = armOf(run, budget);
      expect(isExact).toBe(true);
      for (const record of run.records) {
        const expected = meanOverSubsets(record, budget, (paths) =>
          isCorrect(tally(paths, aggregation, vote).answer, record.reference) ? 1 : 0,
        );
        expect(outcomes.get(record.problem)?.accuracy).toBeCloseTo(expected, 12);
        const sampled = meanOverSubsets(record, budget, (paths) =>
          paths.reduce((sum, path) => sum + path.tokens, 0),
        );
        expect(tokens.get(record.problem)).toBeCloseTo(sampled, 9);
        if (expected > 0 && expected < 1) partial++;
      }
    }
    expect(partial).toBeGreaterThan(2);
  });

  it('takes whole subtrees of DVTS', async () => {
    const run = await fakeRun(dvts({ budget: 12, width: 2, answers: 'siblings' }), { problems });
    expect(budgetsOf(run)).toEqual([2, 4, 8, 12]);
    const arm = armOf(run, 4);
    for (const record of run.records) {
      let [total, right] = [0, 0];
      for (let a = 0; a < 6; a++) {
        for (let b = 0; b < a; b++) {
          total++;
          const paths = record.paths.filter(({ id }) =>
            [a, b].includes(Math.floor(Number.parseInt(id, 10) / 2)),
          );
          if (isCorrect(tally(paths, 'last', 'weighted').answer, '1')) right++;
        }
      }
      expect(arm.outcomes.get(record.problem)?.accuracy).toBeCloseTo(right / total, 12);
    }
  });

  it('has the recorded results themselves at the largest budget', async () => {
    for (const strategy of [
      greedy(),
      majority({ budget: 5 }),
      bestOfN({ budget: 4 }),
      beamSearch({ budget: 4, width: 2 }),
      dvts({ budget: 4, width: 2 }),
    ]) {
      const run = await fakeRun(strategy, { problems });
      const arm = armsOf(run).at(-1);
      expect(arm?.strategy).toEqual(strategy);
      for (const { problem, correct, ledger } of run.records) {
        expect(arm?.outcomes.get(problem)).toMatchObject({
          accuracy: correct ? 1 : 0,
          flops: ledger.flops,
        });
        expect(arm?.tokens.get(problem)).toBe(ledger.policy.sampledTokens);
      }
    }
  });

  it('averages the repeats of a problem', async () => {
    const run = await fakeRun(majority({ budget: 3 }), { problems, repeats: 4 });
    const { outcomes } = armOf(run, 3);
    expect(outcomes.size).toBe(problems.length);
    for (const problem of problems) {
      const repeats = run.records.filter((record) => record.problem === problem);
      const rate = repeats.filter(({ correct }) => correct).length / 4;
      expect(outcomes.get(problem)?.accuracy).toBeCloseTo(rate, 12);
    }
  });

  it('refuses to subsample beam search, greedy and searches that a limit cut', async () => {
    const beam = await fakeRun(beamSearch({ budget: 8, width: 2 }));
    expect(budgetsOf(beam)).toEqual([8]);
    for (const budget of [2, 4, 16]) {
      expect(() => armOf(beam, budget)).toThrow('another search and not a part of this one');
    }
    expect(() => armOf({ ...beam, records: [] }, 4)).toThrow('beam-search');
    const cut = await fakeRun(majority({ budget: 8 }), { limits: { tokens: 20 } });
    expect(cut.records.some(({ stopReason }) => stopReason === 'tokens')).toBe(true);
    expect(budgetsOf(cut)).toEqual([8]);
    expect(() => armOf(cut, 4)).toThrow('a limit cut searches of this run');
    const trees = await fakeRun(dvts({ budget: 8, width: 4 }));
    for (const budget of [2, 6, 0, 12]) expect(() => armOf(trees, budget)).toThrow('multiple of 4');
    const paths = await fakeRun(majority({ budget: 8 }));
    for (const budget of [0, 9, 1.5]) expect(() => armOf(paths, budget)).toThrow('from 1 to 8');
  });
});

describe('costs of fewer samples', () => {
  it('prices recorded paths as the ledger of a search for exactly them', async () => {
    const many = await fakeRun(majority({ budget: 8 }), { problems });
    for (const budget of [1, 3, 8]) {
      const few = await fakeRun(majority({ budget }), { problems });
      few.records.forEach((record, i) => {
        const source = many.records[i] as ResultRecord;
        expect(source.paths.slice(0, budget)).toEqual(record.paths);
        const first = { ...source, paths: record.paths };
        expect(policyFlops(first, cost)).toBe(record.ledger.flops);
      });
    }
  });

  it('is the mean cost of all subsets of the paths', async () => {
    const run = await fakeRun(majority({ budget: 6 }), { problems });
    for (const record of run.records) {
      for (const count of [1, 2, 5, 6]) {
        const mean = meanOverSubsets(record, count, (paths) =>
          policyFlops({ ...record, paths }, cost),
        );
        const found = pathsFlops(record, count, { ...costs, reward: undefined });
        expect(found / mean).toBeCloseTo(1, 12);
      }
    }
  });

  it('scores identical paths once, and adds up to the ledger', async () => {
    const run = await fakeRun(bestOfN({ budget: 6 }), { problems });
    for (const record of run.records) {
      expect(pathsFlops(record, 6, costs) / record.ledger.flops).toBeCloseTo(1, 12);
      const path = record.paths[0] as ResultRecord['paths'][number];
      const same = { ...record, paths: Array.from({ length: 6 }, () => path) };
      const sampling = pathsFlops(same, 1, { ...costs, reward: undefined });
      const scoring = record.ledger.flops - policyFlops(same, cost);
      // All six are one path to the reward model: one of them costs as much as all.
      expect((pathsFlops(same, 1, costs) - sampling) / scoring).toBeCloseTo(1, 9);
    }
  });

  it('adds subtrees up to the ledger, each above the prompts', async () => {
    const width = 2;
    const all = await fakeRun(dvts({ budget: 6, width }), { problems });
    const one = await fakeRun(dvts({ budget: 2, width }), { problems });
    for (const [i, record] of all.records.entries()) {
      expect(subtreesFlops(record, 3, 3, costs)).toBeCloseTo(record.ledger.flops, 3);
      // The first subtree is the search with one.
      const first = one.records[i] as ResultRecord;
      const own = record.paths.filter(({ id }) => Number.parseInt(id, 10) < width);
      expect(own).toEqual(first.paths);
      const prompts = subtreesFlops(record, 3, 0, costs);
      expect(prompts).toBeLessThan(first.ledger.flops);
      expect(first.ledger.flops).toBeLessThanOrEqual(record.ledger.flops);
    }
  });
});
