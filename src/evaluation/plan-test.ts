// A plan on problems that it was not fitted to, against what it has to beat (DESIGN §7): on a set of
// its own, or fold by fold of one set.
import { OptionError } from '../errors.js';
import { pairName, pairsOf } from '../planning/plan.js';
import { dealFolds } from './folds.js';
import { knownOf, type PlanData } from './plan-data.js';
import { type Fold, Pair } from './plan-lines.js';
import type { TestTable } from './test-table.js';

/** The table of a plan fitted to one set and tested on another. */
export function testPlan(calibration: PlanData, test: PlanData): readonly TestTable[] {
  const fold = { calibration: calibration.problems, test: test.problems };
  return tablesOf(calibration, test, [fold]);
}

/** The table of one set alone: each fold is planned by the others. */
export function crossFit(data: PlanData, folds = 5): readonly TestTable[] {
  return pairsOf(data.arms).flatMap(({ policy }, i, pairs) => {
    if (pairs.findIndex((pair) => pair.policy === policy) < i) return [];
    const parts = dealFolds(data.problems, data.bins.get(policy) ?? new Map(), folds);
    const splits = parts.map((test) => {
      const held = new Set(test);
      return { calibration: data.problems.filter((problem) => !held.has(problem)), test };
    });
    const own = { ...data, arms: data.arms.filter((arm) => arm.policy === policy) };
    return tablesOf(own, own, splits);
  });
}

function tablesOf(
  calibration: PlanData,
  test: PlanData,
  folds: readonly Fold[],
): readonly TestTable[] {
  return pairsOf(calibration.arms).map(({ policy, reward, arms }) => {
    const testArms = pairsOf(test.arms).find(
      (pair) => pair.policy === policy && pair.reward === reward,
    )?.arms;
    const cost = calibration.costs.get(policy);
    if (testArms === undefined || cost === undefined) {
      throw new OptionError(`Expected \`test\` to have runs of ${policy} with ${reward}, got none`);
    }
    const pair = new Pair({
      ...{ policy, reward, arms, testArms, cost, folds },
      known: knownOf(calibration, policy),
      testBins: test.bins.get(policy) ?? new Map(),
      auto: calibration.auto.get(pairName({ policy, reward })),
      testAuto: test.auto.get(pairName({ policy, reward })),
    });
    return pair.table();
  });
}
