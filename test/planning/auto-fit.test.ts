// What auto is fitted to: predictions that never saw their own problem, tables in a world whose best
// choice per predicted bin is known, and the advice that comes of them.
import { describe, expect, it } from 'vitest';
import { makeAdviser } from '../../src/planning/adviser.js';
import type { Arm } from '../../src/planning/arm.js';
import { type AutoData, advice, fitAuto } from '../../src/planning/auto-fit.js';
import { type Bin, binOf } from '../../src/planning/difficulty.js';
import { fitPlan } from '../../src/planning/plan.js';
import { fitPredictor, predictPassAt1 } from '../../src/planning/predictor.js';
import { beamSearch, bestOfN, majority, type Strategy } from '../../src/search/strategy.js';
import { armOver } from './arms.js';

const pair = { policy: 'policy', reward: 'prm' };
const count = 300;
const problems = Array.from({ length: count }, (_, i) => `p${i}`);
/** Three kinds of problems, with a pass@1 that a feature shows but for some noise. */
const passAt1Of = (i: number) => [0.9, 0.3, 0.02][i % 3] ?? 0;
const noise = (i: number) => (((i * 7919) % 101) / 101 - 0.5) * 0.3;
const known = {
  passAt1: new Map(problems.map((problem, i) => [problem, passAt1Of(i)])),
  bins: new Map(problems.map((problem, i) => [problem, binOf(passAt1Of(i))])),
};

function armOf(strategy: Strategy, accuracyOf: (i: number) => number, flops: number) {
  const reward = strategy.name === 'majority' ? null : 'prm';
  return armOver(count, strategy, accuracyOf, () => flops, reward);
}

const isKind = (i: number, kind: number) => i % 3 === kind;
const data: AutoData = {
  probes: 4,
  units: problems.map((problem, i) => ({
    id: problem,
    problem,
    features: { agreement: Math.min(1, Math.max(0, passAt1Of(i) + noise(i))), score: 0.5 },
  })),
  arms: [
    armOf(majority({ budget: 4 }), (i) => (isKind(i, 0) ? 1 : 0), 100),
    armOf(bestOfN({ budget: 8 }), (i) => (isKind(i, 0) ? 1 : isKind(i, 1) ? 0.8 : 0), 200),
    armOf(beamSearch({ budget: 16 }), (i) => (isKind(i, 2) ? 0.9 : 0.1), 400),
  ],
};
const folds = Array.from({ length: 5 }, (_, fold) =>
  problems.filter((_, i) => Math.floor(i / 3) % 5 === fold),
);

/** The plan without `auto`: the same strategies, the cost of the probes less. */
const wholeArms = data.arms.map((arm) => ({
  ...arm,
  outcomes: new Map(
    [...arm.outcomes].map(([problem, { accuracy, flops }]) => {
      return [problem, { accuracy, flops: flops - 20 }] as const;
    }),
  ),
}));
const whole = fitPlan(pair, wholeArms, problems, known.bins);

describe('fitAuto', () => {
  const fitted = fitAuto(whole, data, known, folds);

  it('predicts each fold from the others alone', () => {
    for (const fold of folds) {
      const held = new Set(fold);
      const samples = data.units
        .filter(({ problem }) => !held.has(problem))
        .map(({ problem, features }) => ({ features, passAt1: known.passAt1.get(problem) ?? 0 }));
      const predictor = fitPredictor(samples);
      for (const unit of data.units.filter(({ problem }) => held.has(problem))) {
        const bin = binOf(predictPassAt1(predictor, unit.features));
        expect(fitted.predicted.get(unit.id)).toBe(bin);
      }
    }
  });

  it('lets the labels of a fold change nothing that is predicted of it', () => {
    const [held = []] = folds;
    const shuffled = new Map(known.passAt1);
    // Every label of the fold goes to another of its problems, and the hard ones become easy.
    held.forEach((problem, i) => {
      shuffled.set(problem, 1 - (known.passAt1.get(held[(i + 1) % held.length] ?? '') ?? 0));
    });
    const other = fitAuto(whole, data, { ...known, passAt1: shuffled }, folds);
    for (const problem of held) {
      expect(other.predicted.get(problem)).toBe(fitted.predicted.get(problem));
    }
    // The labels are used elsewhere, so the test could fail.
    expect(other.predictor).not.toEqual(fitted.predictor);
    expect(problems.some((p) => other.predicted.get(p) !== fitted.predicted.get(p))).toBe(true);
  });

  it('uses only the problems of the folds that it is given', () => {
    const some = folds.slice(1);
    const held = new Set(folds[0]);
    const poison = (arm: Arm): Arm => ({
      ...arm,
      outcomes: new Map(
        [...arm.outcomes].map(([id, outcome]) => {
          return [id, held.has(id) ? { accuracy: 0.5, flops: 1 } : outcome] as const;
        }),
      ),
    });
    const poisoned = {
      ...data,
      units: data.units.map((unit) =>
        held.has(unit.problem) ? { ...unit, features: { agreement: 0, score: 1 } } : unit,
      ),
      arms: data.arms.map(poison),
    };
    const labels = new Map([...known.passAt1].map(([p, rate]) => [p, held.has(p) ? 0.5 : rate]));
    const planOf = (arms: readonly Arm[]) => fitPlan(pair, arms, some.flat(), known.bins);
    const [plan, dirtyPlan] = [planOf(wholeArms), planOf(wholeArms.map(poison))];
    const spoilt = { ...known, passAt1: labels };
    const [clean, dirty] = [
      fitAuto(plan, data, known, some),
      fitAuto(dirtyPlan, poisoned, spoilt, some),
    ];
    expect(dirty.predictor).toEqual(clean.predictor);
    expect(dirty.probing).toEqual(clean.probing);
    expect(advice(dirty, dirtyPlan)).toEqual(advice(clean, plan));
    // Of the fold itself they would have changed the decision's figures.
    const all = fitPlan(pair, wholeArms.map(poison), problems, known.bins);
    expect(fitAuto(all, poisoned, spoilt, folds).probing).not.toEqual(fitted.probing);
  });

  it('counts what is predicted of what', () => {
    const { confusion } = fitted;
    const sums = Object.values(confusion).map(({ easy, medium, hard }) => easy + medium + hard);
    expect(sums).toEqual([100, 100, 100]);
    const right = confusion.easy.easy + confusion.medium.medium + confusion.hard.hard;
    expect(right).toBeGreaterThan(200);
    for (const bin of ['easy', 'medium', 'hard'] as const) {
      const own = problems.filter((p) => fitted.predicted.get(p) === bin);
      const truly = own.filter((p) => known.bins.get(p) === 'easy').length;
      expect(confusion.easy[bin]).toBe(truly);
      expect(fitted.table.bins[bin].problems).toBe(own.length);
    }
  });

  it('refuses problems without a known difficulty', () => {
    const less = new Map([...known.passAt1].slice(1));
    expect(() => fitAuto(whole, data, { ...known, passAt1: less }, folds)).toThrow('No difficulty');
  });
});

describe('the adviser', () => {
  const fitted = fitAuto(whole, data, known, folds);
  const adviser = makeAdviser(advice(fitted, whole));
  const flops = (amount: number) => ({ unit: 'flops', amount }) as const;

  it('chooses what is best for the predicted bin and fits', () => {
    const name = (bin: Bin, amount: number) => adviser.choose(bin, flops(amount)).name;
    expect(name('easy', 1000)).toBe('majority');
    expect(name('medium', 1000)).toBe('best-of-n');
    expect(name('hard', 1000)).toBe('beam-search');
    expect(name('hard', 399)).not.toBe('beam-search');
    expect(name('medium', 199)).toBe('majority');
    expect(name('medium', 1)).toBe('majority');
    expect(adviser.choose('hard', { unit: 'tokens', amount: 40 }).name).toBe('beam-search');
    expect(adviser.choose('hard', { unit: 'tokens', amount: 39 }).name).not.toBe('beam-search');
    expect(adviser.choose('hard', { unit: 'paths', amount: 16 }).name).toBe('beam-search');
    expect(adviser.choose('hard', { unit: 'paths', amount: 15 }).name).toBe('best-of-n');
    expect(adviser.choose('easy', { unit: 'paths', amount: 5 }).name).toBe('majority');
  });

  it('probes where it pays', () => {
    // Below the trees' cost the bins want nothing that all problems could not have for less.
    expect(adviser.unprobed(flops(1))).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed(flops(179))).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed(flops(180))).toEqual(bestOfN({ budget: 8 }));
    expect(adviser.unprobed(flops(400))).toBeUndefined();
    expect(adviser.unprobed({ unit: 'tokens', amount: 1 })).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed({ unit: 'tokens', amount: 40 })).toBeUndefined();
    expect(adviser.unprobed({ unit: 'paths', amount: 3 })).toEqual(majority({ budget: 3 }));
    // Of one N there is one strategy here: probes could choose nothing else.
    expect(adviser.unprobed({ unit: 'paths', amount: 15 })).toEqual(bestOfN({ budget: 8 }));
  });
});
