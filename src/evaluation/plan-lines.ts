// The lines of a plan's test for one policy with one reward model: what each runs for every problem,
// what that scores and costs, and how far the plan is ahead.
import { OptionError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import { type Arm, budgetOf, meanOutcome, type Outcome, outcomeOf } from '../planning/arm.js';
import { authorsStrategy, largestFitting } from '../planning/authors-table.js';
import { type AutoData, fitAuto, type KnownDifficulty } from '../planning/auto-fit.js';
import { chooseBest } from '../planning/choice.js';
import { type Bin, bins, groupByBin } from '../planning/difficulty.js';
import { chosenFor, fitPlan, type Plan } from '../planning/plan.js';
import { AutoLine } from './auto-line.js';
import { bootstrapDifference, bootstrapMean, holm } from './bootstrap.js';
import { dealFolds } from './folds.js';
import {
  type Lead,
  type Level,
  type Line,
  type LineName,
  lineNames,
  type TestTable,
} from './test-table.js';

/** What the plan has to beat, and `auto`: the last in hindsight, to see what is left to win. */
const planRivals = ["authors' table", 'fixed, chosen on calibration'] as const;
const autoRivals = [...planRivals, 'best fixed in hindsight'] as const;

/** Problems that are planned for, and those that the plan for them is fitted to. */
export interface Fold {
  readonly calibration: readonly string[];
  readonly test: readonly string[];
}

export interface PairParts {
  readonly policy: string;
  readonly reward: string;
  readonly arms: readonly Arm[];
  readonly testArms: readonly Arm[];
  readonly cost: ModelCost;
  readonly known: KnownDifficulty;
  readonly testBins: ReadonlyMap<string, Bin>;
  /** Undefined where the runs do not tell what `auto` could do. */
  readonly auto: AutoData | undefined;
  readonly testAuto: AutoData | undefined;
  readonly folds: readonly Fold[];
}

/** What a line comes to for each problem; undefined where nothing fits one. */
type Assignment = readonly (readonly [problem: string, outcome: Outcome])[] | undefined;

/** The lines of one policy with one reward model. */
export class Pair {
  readonly #parts: PairParts;
  readonly #testArms: ReadonlyMap<string, Arm>;
  readonly #plans: readonly Plan[];
  readonly #problems: readonly string[];
  readonly #auto: AutoLine | undefined;

  constructor(parts: PairParts) {
    this.#parts = parts;
    this.#testArms = new Map(parts.testArms.map((arm) => [nameOf(arm), arm]));
    this.#plans = parts.folds.map(({ calibration }) =>
      fitPlan(parts, parts.arms, calibration, parts.known.bins),
    );
    this.#problems = parts.folds.flatMap(({ test }) => test);
    this.#auto = autoLineOf(parts, this.#plans);
  }

  table(): TestTable {
    const { policy, reward, testBins } = this.#parts;
    const groups = groupByBin(this.#problems, testBins);
    const problems = Object.fromEntries(bins.map((bin) => [bin, groups[bin].length]));
    const levels = this.#levels().map(({ budget, flops }) => this.#level(budget, flops));
    const leads = levels.flatMap((level) => [...level.leads, ...level.autoLeads]);
    const adjusted = holm(leads.map(({ p }) => p));
    const finish = (lead: Lead): Lead => {
      const adjustedP = adjusted[leads.indexOf(lead)] ?? 1;
      return { ...lead, adjustedP, isBeaten: lead.low > 0 && adjustedP < 0.05 };
    };
    const finished = levels.map((level) => ({
      ...level,
      leads: level.leads.map(finish),
      autoLeads: level.autoLeads.map(finish),
    }));
    return {
      policy,
      reward,
      problems: problems as TestTable['problems'],
      confusion: this.#auto?.confusion(testBins) ?? null,
      levels: finished,
    };
  }

  /** For each N the FLOPs that let every strategy have its N samples, on calibration. */
  #levels(): readonly { readonly budget: number; readonly flops: number }[] {
    const { arms, folds } = this.#parts;
    const problems = [...new Set(folds.flatMap(({ calibration }) => calibration))];
    const most = new Map<number, number>();
    for (const arm of arms) {
      const budget = budgetOf(arm.strategy);
      const { flops } = meanOutcome(arm, problems);
      most.set(budget, Math.max(most.get(budget) ?? 0, flops));
    }
    return [...most]
      .map(([budget, flops]) => ({ budget, flops }))
      .sort((a, b) => a.budget - b.budget);
  }

  #level(budget: number, flops: number): Level {
    const assignments: { readonly [L in LineName]: Assignment } = {
      'plan, true bins': this.#perFold((fold, problem) => {
        const plan = this.#plans[fold];
        return plan && chosenFor(plan, this.#binOf(problem), flops)?.arm;
      }),
      auto: this.#auto?.outcomes(flops),
      "authors' table": this.#perFold((fold, problem) => this.#authors(fold, problem, flops)),
      'fixed, chosen on calibration': this.#perFold((fold) => {
        const plan = this.#plans[fold];
        return plan && chosenFor(plan, 'all', flops)?.arm;
      }),
      'best fixed in hindsight': this.#hindsight([this.#problems], flops),
      'best per bin in hindsight': this.#hindsight(
        Object.values(groupByBin(this.#problems, this.#parts.testBins)),
        flops,
      ),
    };
    const lines = lineNames.map((name) => lineOf(name, this.#usesLabels(name), assignments[name]));
    const leadsOf = (leader: Assignment, rivals: readonly LineName[]) =>
      rivals.flatMap((over): Lead[] => {
        const rival = assignments[over];
        if (leader === undefined || rival === undefined) return [];
        const difference = bootstrapDifference(accuracies(leader), accuracies(rival));
        return [{ over, ...difference, adjustedP: 1, isBeaten: false }];
      });
    const leads = leadsOf(assignments['plan, true bins'], planRivals);
    const autoLeads = leadsOf(assignments.auto, autoRivals);
    const autoProbes = this.#auto?.probedShare(flops) ?? null;
    return { budget, flops, lines, autoProbes, leads, autoLeads };
  }

  #perFold(choose: (fold: number, problem: string) => Arm | undefined): Assignment {
    const assigned: (readonly [string, Outcome])[] = [];
    for (const [fold, { test }] of this.#parts.folds.entries()) {
      for (const problem of test) {
        const arm = choose(fold, problem);
        if (arm === undefined) return undefined;
        assigned.push([problem, outcomeOf(this.#onTest(arm), problem)]);
      }
    }
    return assigned;
  }

  #authors(fold: number, problem: string, flops: number): Arm | undefined {
    const { arms, cost, folds } = this.#parts;
    const name = authorsStrategy(parametersOf(cost), this.#binOf(problem));
    return largestFitting(arms, name, flops, folds[fold]?.calibration ?? []);
  }

  /** Per group the arm that is best on the group itself, among those that fit there. */
  #hindsight(groups: readonly (readonly string[])[], flops: number): Assignment {
    const assigned = new Map<string, Outcome>();
    for (const group of groups) {
      if (group.length === 0) continue;
      const fitting = this.#parts.testArms.filter((arm) => meanOutcome(arm, group).flops <= flops);
      if (fitting.length === 0) return undefined;
      const { arm } = chooseBest(fitting, group);
      for (const problem of group) assigned.set(problem, outcomeOf(arm, problem));
    }
    return this.#problems.map((problem) => [problem, assigned.get(problem) as Outcome]);
  }

  /** The authors' table asks for difficulty only where its methods differ by it. */
  #usesLabels(name: LineName): boolean {
    if (name !== "authors' table") return name === 'plan, true bins' || name.endsWith('hindsight');
    return (
      new Set(bins.map((bin) => authorsStrategy(parametersOf(this.#parts.cost), bin))).size > 1
    );
  }

  #binOf(problem: string): Bin {
    const bin = this.#parts.testBins.get(problem);
    if (bin === undefined)
      throw new RangeError(`No difficulty of problem: ${problem.slice(0, 80)}`);
    return bin;
  }

  /** The same strategy as the test runs have it. */
  #onTest(arm: Arm): Arm {
    const found = this.#testArms.get(nameOf(arm));
    if (found !== undefined) return found;
    const { strategy } = arm;
    const what = `${strategy.name} with budget ${budgetOf(strategy)}`;
    throw new OptionError(
      `Expected \`test\` to have a run of ${what} as the calibration does, got none`,
    );
  }
}

/** `auto` fitted fold by fold; undefined where the runs do not tell what it could do. */
function autoLineOf(parts: PairParts, plans: readonly Plan[]): AutoLine | undefined {
  const { auto, testAuto, folds, known, testArms } = parts;
  if (auto === undefined || testAuto === undefined) return undefined;
  const fitted = folds.flatMap(({ calibration, test }, i) => {
    const plan = plans[i];
    if (plan === undefined) return [];
    const inner = dealFolds(calibration, known.bins);
    return [{ auto: fitAuto(plan, auto, known, inner), plan, test }];
  });
  return new AutoLine(fitted, testAuto, testArms);
}

/** Near enough: the table's steps are billions apart. */
function parametersOf({ matrixWeights, headWeights }: ModelCost): number {
  return matrixWeights + headWeights;
}

function nameOf({ reward, strategy }: Arm): string {
  return JSON.stringify([reward, strategy]);
}

function accuracies(assignment: NonNullable<Assignment>): readonly number[] {
  return assignment.map(([, { accuracy }]) => accuracy);
}

function lineOf(name: LineName, usesLabels: boolean, assignment: Assignment): Line {
  if (assignment === undefined) return { name, usesLabels, accuracy: null, flops: null };
  const flops = assignment.map(([, outcome]) => outcome.flops);
  return {
    name,
    usesLabels,
    accuracy: bootstrapMean(accuracies(assignment)),
    flops: flops.reduce((sum, value) => sum + value, 0) / flops.length,
  };
}
