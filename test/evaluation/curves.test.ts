// Curves for every N against all subsets, each voted on by the search's own vote.
import { describe, expect, it } from 'vitest';
import { curvesOf } from '../../src/evaluation/curves.js';
import { isCorrect, type ResultRecord } from '../../src/evaluation/result-record.js';
import { beamSearch, bestOfN, majority, type Vote } from '../../src/search/strategy.js';
import { tally } from '../../src/search/vote.js';
import { fakeRun } from './fake-runs.js';

const problems = ['p', 'q', 'r', 's', 't', 'u'];
const budget = 7;

/** Mean over problems of the share of subsets of `count` paths that `isRight`. */
function overSubsets(
  records: readonly ResultRecord[],
  count: number,
  isRight: (paths: ResultRecord['paths'], record: ResultRecord) => boolean,
): number {
  const shares = records.map((record) => {
    let [total, right] = [0, 0];
    for (let bits = 0; bits < 2 ** budget; bits++) {
      const paths = record.paths.filter((_, i) => (bits >> i) & 1);
      if (paths.length !== count) continue;
      total++;
      if (isRight(paths, record)) right++;
    }
    return right / total;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe('curvesOf', () => {
  it('has every N, exactly, for every quantity', async () => {
    const run = await fakeRun(bestOfN({ budget, aggregation: 'mean' }), { problems });
    const curves = await curvesOf(run, { resamples: 50 });
    expect(curves.isExact).toBe(true);
    const vote = (rule: Vote) => (paths: ResultRecord['paths'], record: ResultRecord) =>
      isCorrect(tally(paths, 'mean', rule).answer, record.reference);
    for (let count = 1; count <= budget; count++) {
      const at = (curve: readonly { readonly mean: number }[] | null) => curve?.[count - 1]?.mean;
      const any = overSubsets(run.records, count, (paths, { reference }) =>
        paths.some(({ answer }) => isCorrect(answer, reference)),
      );
      expect(at(curves.passAtK)).toBeCloseTo(any, 12);
      expect(at(curves.majority)).toBeCloseTo(
        overSubsets(run.records, count, vote('majority')),
        12,
      );
      expect(at(curves.bestOfN)).toBeCloseTo(overSubsets(run.records, count, vote('max')), 12);
      expect(at(curves.weighted)).toBeCloseTo(
        overSubsets(run.records, count, vote('weighted')),
        12,
      );
    }
    const { passAtK } = curves;
    expect(passAtK).toHaveLength(budget);
    expect(passAtK.at(-1)?.mean).toBeGreaterThan(passAtK[0]?.mean ?? 1);
    for (const { low, mean, high } of passAtK) {
      expect(low).toBeLessThanOrEqual(mean);
      expect(mean).toBeLessThanOrEqual(high);
    }
  });

  it('counts repeats of a problem as one problem', async () => {
    const run = await fakeRun(majority({ budget: 4 }), { problems, repeats: 3 });
    const { passAtK, bestOfN: best } = await curvesOf(run, { resamples: 50 });
    const right = run.records.flatMap(({ paths }) => paths).filter(({ answer }) => answer === '1');
    expect(passAtK[0]?.mean).toBeCloseTo(right.length / (6 * 3 * 4), 12);
    expect(best).toBeNull();
  });

  it('says where it resampled', async () => {
    const run = await fakeRun(bestOfN({ budget: 16 }), { problems: ['p', 'q'] });
    const curves = await curvesOf(run, { draws: 20, resamples: 20 });
    expect(curves.isExact).toBe(false);
    expect(curves.weighted?.[15]?.mean).toBe(
      run.records.filter(({ correct }) => correct).length / 2,
    );
  });

  it('refuses trees and searches that a limit cut', async () => {
    const tree = await fakeRun(beamSearch({ budget: 8 }));
    await expect(curvesOf(tree)).rejects.toThrow('whose paths are independent');
    const cut = await fakeRun(majority({ budget: 8 }), { limits: { tokens: 20 } });
    await expect(curvesOf(cut)).rejects.toThrow('without searches that a limit cut');
  });
});
