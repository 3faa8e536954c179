// Choices against the rule applied by hand at every budget, and plans whose right answer is known.
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import { type Arm, budgetOf, meanOutcome } from '../../src/planning/arm.js';
import { authorsStrategy, largestFitting } from '../../src/planning/authors-table.js';
import {
  choose,
  chooseBest,
  chooseByBudget,
  chooseByFlops,
  standardError,
  stepAt,
} from '../../src/planning/choice.js';
import { type Bin, binOf, groupByBin } from '../../src/planning/difficulty.js';
import { chosenFor, fitPlan, pairsOf } from '../../src/planning/plan.js';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/search/strategy.js';
import { armOver, problemsUpTo } from './arms.js';

const problems = problemsUpTo(40);

/** A few arms with noisy accuracies, costs in no order of budget. */
function randomArms(seed: number): readonly Arm[] {
  const stream = new RandomStream(seed);
  const strategies = [
    greedy(),
    ...[1, 4, 8].map((budget) => majority({ budget })),
    ...[4, 8].map((budget) => bestOfN({ budget })),
    ...[4, 8].map((budget) => dvts({ budget })),
    beamSearch({ budget: 8 }),
  ];
  return strategies.map((strategy) => {
    const rate = stream.below(60) / 100;
    const price = 10 + stream.below(90);
    return armOver(
      40,
      strategy,
      () => (stream.below(100) < rate * 100 ? 1 : 0),
      () => price + stream.below(5),
    );
  });
}

describe('choose', () => {
  it('takes the cheapest within one standard error of the best', () => {
    let cheaper = 0;
    for (let seed = 0; seed < 50; seed++) {
      const arms = randomArms(seed);
      const { arm, accuracy, flops } = choose(arms, problems);
      const best = chooseBest(arms, problems);
      const means = arms.map((other) => meanOutcome(other, problems));
      expect(best.accuracy).toBe(Math.max(...means.map((mean) => mean.accuracy)));
      const near = arms.filter((other) => {
        const lead = best.accuracy - meanOutcome(other, problems).accuracy;
        // By the definition: the standard deviation of the paired differences over the root of n.
        const differences = problems.map(
          (p) => (best.arm.outcomes.get(p)?.accuracy ?? 0) - (other.outcomes.get(p)?.accuracy ?? 0),
        );
        const variance = differences.reduce((sum, d) => sum + (d - lead) ** 2, 0) / 39;
        expect(standardError(best.arm, other, problems)).toBeCloseTo(Math.sqrt(variance / 40), 12);
        return lead <= Math.sqrt(variance / 40) + 1e-9;
      });
      expect(near).toContain(arm);
      expect(flops).toBe(Math.min(...near.map((other) => meanOutcome(other, problems).flops)));
      expect(accuracy).toBe(meanOutcome(arm, problems).accuracy);
      if (arm !== best.arm) cheaper++;
    }
    expect(cheaper).toBeGreaterThan(5);
  });

  it('pairs: a small lead on every problem is a lead, a lead on one of many is none', () => {
    const base = armOver(
      40,
      majority({ budget: 4 }),
      () => 0.5,
      () => 1,
    );
    const always = armOver(
      40,
      majority({ budget: 8 }),
      () => 0.51,
      () => 2,
    );
    const once = armOver(
      40,
      majority({ budget: 8 }),
      (i) => (i === 0 ? 0.9 : 0.5),
      () => 2,
    );
    expect(choose([base, always], problems).arm).toBe(always);
    expect(choose([base, once], problems).arm).toBe(base);
    expect(chooseBest([base, once], problems).arm).toBe(once);
  });

  it('refuses no arms, no problems and problems without an outcome', () => {
    expect(() => choose([], problems)).toThrow(RangeError);
    expect(() => choose(randomArms(1), [])).toThrow(RangeError);
    expect(() => choose(randomArms(1), ['p99'])).toThrow('No outcome');
  });
});

describe('chooseByFlops', () => {
  it('is the choice among what fits, at every budget', () => {
    for (let seed = 0; seed < 20; seed++) {
      const arms = randomArms(seed);
      const steps = chooseByFlops(arms, problems);
      for (let flops = 0; flops < 120; flops += 3.7) {
        const fitting = arms.filter((arm) => meanOutcome(arm, problems).flops <= flops);
        const step = stepAt(steps, flops);
        if (fitting.length === 0) expect(step).toBeUndefined();
        else expect(step?.arm).toBe(choose(fitting, problems).arm);
      }
      for (const { flops, from } of steps) expect(flops).toBeLessThanOrEqual(from);
    }
  });
});

describe('chooseByBudget', () => {
  it('compares arms of one N alone', () => {
    const arms = randomArms(3);
    const steps = chooseByBudget(arms, problems);
    expect(steps.map(({ from }) => from)).toEqual([1, 4, 8]);
    for (const { from, arm } of steps) {
      expect(budgetOf(arm.strategy)).toBe(from);
      const same = arms.filter((other) => budgetOf(other.strategy) === from);
      expect(arm).toBe(choose(same, problems).arm);
    }
  });
});

describe('difficulty', () => {
  it('bins by absolute pass@1', () => {
    const rates: [number, Bin][] = [
      [1, 'easy'],
      [0.5, 'easy'],
      [0.499, 'medium'],
      [0.1, 'medium'],
      [0.0999, 'hard'],
      [0, 'hard'],
    ];
    for (const [rate, bin] of rates) expect(binOf(rate)).toBe(bin);
    expect(() => groupByBin(['p0'], new Map())).toThrow('No difficulty');
  });
});

describe('fitPlan', () => {
  const count = 90;
  const all = problemsUpTo(count);
  const cheap = armOver(
    count,
    majority({ budget: 4 }),
    (i) => (i % 3 === 0 ? 1 : 0),
    () => 10,
  );
  const tree = armOver(
    count,
    beamSearch({ budget: 4 }),
    (i) => (i % 3 === 1 ? 1 : 0.05),
    () => 10,
  );
  const binsOfThree = (i: number): Bin => (['easy', 'medium', 'hard'] as const)[i % 3] ?? 'hard';
  const names = { policy: 'policy', reward: 'prm' };

  it('finds what each bin needs', () => {
    const bins = new Map(all.map((problem, i) => [problem, binsOfThree(i)]));
    const plan = fitPlan(names, [cheap, tree], all, bins);
    expect(chosenFor(plan, 'easy', 10)?.arm).toBe(cheap);
    expect(chosenFor(plan, 'medium', 10)?.arm).toBe(tree);
    expect(plan.bins.easy).toMatchObject({ problems: 30, chosenOn: 'easy' });
    expect(chosenFor(plan, 'easy', 9)).toBeUndefined();
  });

  it('gives bins under 30 problems the choice of the whole set', () => {
    const bins = new Map(all.map((problem, i) => [problem, i === 0 ? 'hard' : binsOfThree(i)]));
    const plan = fitPlan(names, [cheap, tree], all, bins as Map<string, Bin>);
    expect(plan.bins.easy).toMatchObject({ problems: 29, chosenOn: 'all' });
    expect(plan.bins.easy.byFlops).toEqual(plan.all.byFlops);
    expect(plan.bins.hard).toMatchObject({ problems: 31, chosenOn: 'hard' });
    const none = fitPlan(names, [cheap], all, new Map(all.map((problem) => [problem, 'easy'])));
    expect(none.bins.hard).toMatchObject({ problems: 0, chosenOn: 'all' });
  });

  it('pairs reward models with their own arms and those that need none', () => {
    const other = { ...tree, reward: 'other' };
    const free = { ...cheap, reward: null };
    const pairs = pairsOf([free, tree, other]);
    expect(pairs.map(({ reward, arms }) => [reward, arms])).toEqual([
      ['prm', [free, tree]],
      ['other', [free, other]],
    ]);
    expect(pairsOf([free])).toEqual([]);
  });
});

describe('the authors’ table', () => {
  it('goes by the policy’s size', () => {
    expect(authorsStrategy(1e9, 'easy')).toBe('beam-search');
    expect(authorsStrategy(7e9, 'easy')).toBe('dvts');
    expect(authorsStrategy(14e9, 'hard')).toBe('beam-search');
    expect(authorsStrategy(32e9, 'medium')).toBe('dvts');
    expect(authorsStrategy(72e9, 'hard')).toBe('best-of-n');
  });

  it('runs the method at the largest N that fits', () => {
    const at = (budget: number, price: number) =>
      armOver(
        40,
        beamSearch({ budget }),
        () => 0,
        () => price,
      );
    const arms = [at(4, 10), at(16, 40), at(8, 20), ...randomArms(2).slice(0, 3)];
    expect(largestFitting(arms, 'beam-search', 39, problems)).toBe(arms[2]);
    expect(largestFitting(arms, 'beam-search', 40, problems)).toBe(arms[1]);
    expect(largestFitting(arms, 'beam-search', 9, problems)).toBeUndefined();
  });
});
