// Whether probing pays: in worlds where it must and must not, and against a naive twin that plays the
// whole policy at every budget.
import { describe, expect, it } from 'vitest';
import { type AdviserParts, makeAdviser } from '../../src/planning/adviser.js';
import { type Arm, budgetOf } from '../../src/planning/arm.js';
import { type AutoData, type AutoUnit, advice, fitAuto } from '../../src/planning/auto-fit.js';
import { binOf } from '../../src/planning/difficulty.js';
import { fitPlan } from '../../src/planning/plan.js';
import { bestOfN, dvts, greedy, majority, type Strategy } from '../../src/search/strategy.js';
import { armOver, problemsUpTo } from './arms.js';

const pair = { policy: 'policy', reward: 'prm' };
const count = 180;
const problems = problemsUpTo(count);
const kindOf = (i: number) => i % 3;
const rate = (i: number) => [0.9, 0.3, 0.02][kindOf(i)] ?? 0;
const noise = (i: number) => (((i * 7919) % 101) / 101 - 0.5) * 0.3;
const known = {
  passAt1: new Map(problems.map((problem, i) => [problem, rate(i)])),
  bins: new Map(problems.map((problem, i) => [problem, binOf(rate(i))])),
};
const folds = Array.from({ length: 5 }, (_, fold) =>
  problems.filter((_, i) => Math.floor(i / 3) % 5 === fold),
);

/** Accuracy of a strategy on a problem, under a seed. */
type World = (strategy: Strategy, i: number, seed: number) => number;
/** A deterministic coin, another for every salt. */
const coin = (chance: number, i: number, salt: number) =>
  (i * 7919 + salt * 104729) % 1000 < chance * 1000 ? 1 : 0;
const probesCost = 40;
const costs = new Map<Strategy, number>([
  [greedy(), 10],
  [majority({ budget: 4 }), 40],
  [bestOfN({ budget: 4 }), 60],
  [majority({ budget: 8 }), 80],
  [bestOfN({ budget: 8 }), 120],
  [dvts({ budget: 8 }), 200],
]);

/** Two searches a problem. After probes a tree has them on top; the others go on from them. */
function fitIn(world: World) {
  const seeds = [0, 1];
  const units = problems.flatMap((problem, i) =>
    seeds.map((seed): AutoUnit => {
      const agreement = Math.min(1, Math.max(0, rate(i) + noise(2 * i + seed)));
      return { id: `${seed} ${problem}`, problem, features: { agreement, score: 0.5 } };
    }),
  );
  const rewardOf = ({ name }: Strategy) =>
    name === 'greedy' || name === 'majority' ? null : 'prm';
  const wholeArms = [...costs].map(([strategy, flops]) => {
    const accuracy = (i: number) => (world(strategy, i, 0) + world(strategy, i, 1)) / 2;
    return armOver(count, strategy, accuracy, () => flops, rewardOf(strategy));
  });
  const arms = wholeArms.slice(1).map((arm): Arm => {
    const { strategy } = arm;
    const flops = (costs.get(strategy) ?? 0) + (strategy.name === 'dvts' ? probesCost : 10);
    const outcomes = units.map(({ id, problem }) => {
      const accuracy = world(strategy, problems.indexOf(problem), Number(id[0]));
      return [id, { accuracy, flops }] as const;
    });
    const tokens = new Map(units.map(({ id }) => [id, flops / 10]));
    return { ...arm, outcomes: new Map(outcomes), tokens };
  });
  const data: AutoData = { probes: 4, units, arms };
  const whole = fitPlan(pair, wholeArms, problems, known.bins);
  const fitted = fitAuto(whole, data, known, folds);
  return { ...{ fitted, whole, wholeArms, data }, adviser: makeAdviser(advice(fitted, whole)) };
}

const split: World = ({ name }, i, seed) => {
  const good = { majority: 0, 'best-of-n': 1, dvts: 2, greedy: 0, 'beam-search': 2 }[name];
  return coin(kindOf(i) === good ? 0.9 : 0.2, i, seed + 10 * good);
};
const same: World = (_, i, seed) => coin(rate(i), i, seed);
/** As split, but trees are right everywhere, at their price. */
const treesWin: World = (strategy, i, seed) =>
  strategy.name === 'dvts' ? coin(0.95, i, seed) : split(strategy, i, seed);
const noisy: World = (strategy, i, seed) =>
  coin((rate(i) + budgetOf(strategy) / 8) / 2, i, seed + 10 * strategy.name.length);

const lists = { flops: 'byFlops', tokens: 'byTokens', paths: 'byBudget' } as const;
const amounts = { flops: 260, tokens: 26, paths: 10 } as const;
const units = ['flops', 'tokens', 'paths'] as const;

describe('in a world where every bin wants another strategy', () => {
  const { fitted, whole, adviser } = fitIn(split);

  it('probes once the choices have room, and gains by it', () => {
    for (const unit of units) {
      expect(adviser.unprobed({ unit, amount: amounts[unit] })).toBeUndefined();
      const step = fitted.probing[lists[unit]].findLast(({ pays }) => pays);
      expect(step?.probed?.accuracy).toBeGreaterThan((step?.unprobed?.accuracy ?? 1) + 0.1);
    }
    expect(adviser.unprobed({ unit: 'flops', amount: 49 })).toEqual(
      whole.all.byFlops.findLast(({ from }) => from <= 49)?.arm.strategy,
    );
    expect(adviser.unprobed({ unit: 'paths', amount: 3 })).toEqual(greedy());
  });
});

describe('in a world where all strategies are right on the same problems', () => {
  const { fitted, whole, adviser } = fitIn(same);

  it('never probes, and runs exactly what is chosen for the whole set', () => {
    for (const unit of units) {
      const list = lists[unit];
      expect(fitted.probing[list].map(({ pays }) => pays)).toEqual([false]);
      for (let amount = 1; amount <= 2 * amounts[unit]; amount++) {
        const step = whole.all[list].findLast(({ from }) => from <= amount);
        if (step === undefined) continue;
        expect(adviser.unprobed({ unit, amount })).toEqual(step.arm.strategy);
      }
    }
  });
});

describe('in a world where one strategy is best everywhere, at a high price', () => {
  it('probes below that price and stops there', () => {
    const { fitted, adviser } = fitIn(treesWin);
    expect(fitted.probing.byFlops.map(({ pays }) => pays)).toEqual([false, true, false]);
    expect(fitted.probing.byFlops.at(-1)).toMatchObject({ from: 200, unprobed: { cost: 200 } });
    expect(adviser.unprobed({ unit: 'flops', amount: 199 })).toBeUndefined();
    for (const amount of [200, 239, 240, 1e9]) {
      expect(adviser.unprobed({ unit: 'flops', amount })).toEqual(dvts({ budget: 8 }));
    }
  });
});

describe.each([
  ['split', split],
  ['treesWin', treesWin],
  ['same', same],
  ['noisy', noisy],
] as const)('in the %s world', (_, world) => {
  const { fitted, wholeArms, data, adviser, whole } = fitIn(world);
  const always: AdviserParts = {
    ...advice(fitted, whole),
    probing: { byFlops: [], byTokens: [], byBudget: [] },
  };
  const unprobedAdviser = makeAdviser(always);

  it.each(units)('decides as one who plays both ways at every budget in %s', (unit) => {
    const cost = (arm: Arm | undefined, id: string) =>
      (unit === 'tokens' ? arm?.tokens.get(id) : arm?.outcomes.get(id)?.flops) ?? Number.NaN;
    const armOf = (arms: readonly Arm[], strategy: Strategy | undefined) =>
      arms.find((arm) => JSON.stringify(arm.strategy) === JSON.stringify(strategy));
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    for (let amount = 1; amount <= amounts[unit]; amount++) {
      const budget = { unit, amount };
      const unprobed = armOf(wholeArms, unprobedAdviser.unprobed(budget));
      const rows = problems.map((problem) => {
        const own = data.units.filter((one) => one.problem === problem);
        const played = own.map(({ id }) => {
          const bin = fitted.predicted.get(id) ?? 'hard';
          const arm = armOf(data.arms, adviser.choose(bin, budget));
          return { right: arm?.outcomes.get(id)?.accuracy ?? Number.NaN, spent: cost(arm, id) };
        });
        return {
          probed: mean(played.map(({ right }) => right)),
          probedCost: mean(played.map(({ spent }) => spent)),
          unprobed: unprobed?.outcomes.get(problem)?.accuracy ?? Number.NaN,
          unprobedCost: cost(unprobed, problem),
        };
      });
      const probedCost = mean(rows.map((row) => row.probedCost));
      const unprobedCost = mean(rows.map((row) => row.unprobedCost));
      const differences = rows.map((row) => row.probed - row.unprobed);
      const lead = mean(differences);
      const squares = differences.map((difference) => (difference - lead) ** 2);
      const error = Math.sqrt((mean(squares) * count) / (count - 1) / count);
      const fits = unit === 'paths' ? amount >= 4 : probedCost <= amount;
      const isWithin = Math.abs(lead) <= error * (1 + 1e-9);
      const isCheaper = probedCost < unprobedCost;
      const pays = fits && (isWithin ? isCheaper : lead > 0);
      // Below the whole set's cheapest nothing is known to fit.
      if (Number.isNaN(unprobedCost)) continue;
      expect(adviser.unprobed(budget) === undefined, `${amount} ${unit}`).toBe(pays);
    }
  });
});
