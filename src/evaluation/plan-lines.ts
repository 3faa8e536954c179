// The lines of a plan's test for one policy with one reward model: what each runs for every problem,
// what that scores and costs, and how far the plan is ahead.
import { OptionError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import { type Arm, budgetOf, meanOutcome, outcomeOf } from '../planning/arm.js';
import { authorsStrategy, largestFitting } from '../planning/authors-table.js';
import { chooseBest } from '../planning/choice.js';
import { type Bin, bins, groupByBin } from '../planning/difficulty.js';
import { chosenFor, fitPlan } from '../planning/plan.js';
import {
  bootstrapDifference,
  bootstrapMean,
  type Difference,
  holm,
  type Interval,
} from './bootstrap.js';

/** The lines of the table; those in hindsight choose on the problems that they are shown on. */
export const lineNames = [
  'plan, true bins',
  'auto',
  "authors' table",
  'fixed, chosen on calibration',
  'best fixed in hindsight',
  'best per bin in hindsight',
] as const;
export type LineName = (typeof lineNames)[number];

/** One line at one level of FLOPs. */
export interface Line {
  readonly name: LineName;
  /** Whether it knows the answers of the problems that it is shown on. */
  readonly usesLabels: boolean;
  /** With its 95% bootstrap interval over problems; null where it was not measured or nothing fits. */
  readonly accuracy: Interval | null;
  /** Mean spent; null likewise. */
  readonly flops: number | null;
}

/** The plan's lead over another line, problem by problem. */
export interface Lead extends Difference {
  readonly over: LineName;
  /** Holm's, over all leads of the table. */
  readonly adjustedP: number;
  /** The interval leaves 0 out, and so does Holm's test at 5%. */
  readonly isBeaten: boolean;
}

/** All lines at one level. */
export interface Level {
  /** N samples fit it, whatever the strategy. */
  readonly budget: number;
  readonly flops: number;
  readonly lines: readonly Line[];
  readonly leads: readonly Lead[];
}

/** The table of one policy with one reward model. */
export interface TestTable {
  readonly policy: string;
  readonly reward: string;
  readonly problems: { readonly [B in Bin]: number };
  readonly levels: readonly Level[];
}

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
  readonly bins: ReadonlyMap<string, Bin>;
  readonly testBins: ReadonlyMap<string, Bin>;
  readonly folds: readonly Fold[];
}

/** What a line runs for each problem; undefined where nothing fits one. */
type Assignment = readonly (readonly [problem: string, arm: Arm])[] | undefined;

/** The lines of one policy with one reward model. */
export class Pair {
  readonly #parts: PairParts;
  readonly #testArms: ReadonlyMap<string, Arm>;
  readonly #plans: readonly ReturnType<typeof fitPlan>[];
  readonly #problems: readonly string[];

  constructor(parts: PairParts) {
    this.#parts = parts;
    this.#testArms = new Map(parts.testArms.map((arm) => [nameOf(arm), arm]));
    this.#plans = parts.folds.map(({ calibration }) =>
      fitPlan(parts, parts.arms, calibration, parts.bins),
    );
    this.#problems = parts.folds.flatMap(({ test }) => test);
  }

  table(): TestTable {
    const { policy, reward, testBins } = this.#parts;
    const groups = groupByBin(this.#problems, testBins);
    const problems = Object.fromEntries(bins.map((bin) => [bin, groups[bin].length]));
    const levels = this.#levels().map(({ budget, flops }) => this.#level(budget, flops));
    const leads = levels.flatMap((level) => level.leads);
    const adjusted = holm(leads.map(({ p }) => p));
    const finished = levels.map((level) => ({
      ...level,
      leads: level.leads.map((lead) => {
        const adjustedP = adjusted[leads.indexOf(lead)] ?? 1;
        return { ...lead, adjustedP, isBeaten: lead.low > 0 && adjustedP < 0.05 };
      }),
    }));
    return { policy, reward, problems: problems as TestTable['problems'], levels: finished };
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
      // No run of it exists, so nothing is claimed.
      auto: undefined,
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
    const plan = assignments['plan, true bins'];
    const rivals = ["authors' table", 'fixed, chosen on calibration'] as const;
    const leads = rivals.flatMap((over): Lead[] => {
      const rival = assignments[over];
      if (plan === undefined || rival === undefined) return [];
      const difference = bootstrapDifference(accuracies(plan), accuracies(rival));
      return [{ over, ...difference, adjustedP: 1, isBeaten: false }];
    });
    return { budget, flops, lines, leads };
  }

  #perFold(choose: (fold: number, problem: string) => Arm | undefined): Assignment {
    const assigned: (readonly [string, Arm])[] = [];
    for (const [fold, { test }] of this.#parts.folds.entries()) {
      for (const problem of test) {
        const arm = choose(fold, problem);
        if (arm === undefined) return undefined;
        assigned.push([problem, this.#onTest(arm)]);
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
    const assigned = new Map<string, Arm>();
    for (const group of groups) {
      if (group.length === 0) continue;
      const fitting = this.#parts.testArms.filter((arm) => meanOutcome(arm, group).flops <= flops);
      if (fitting.length === 0) return undefined;
      const { arm } = chooseBest(fitting, group);
      for (const problem of group) assigned.set(problem, arm);
    }
    return this.#problems.map((problem) => [problem, assigned.get(problem) as Arm]);
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

/** Near enough: the table's steps are billions apart. */
function parametersOf({ matrixWeights, headWeights }: ModelCost): number {
  return matrixWeights + headWeights;
}

function nameOf({ reward, strategy }: Arm): string {
  return JSON.stringify([reward, strategy]);
}

function accuracies(assignment: readonly (readonly [string, Arm])[]): readonly number[] {
  return assignment.map(([problem, arm]) => outcomeOf(arm, problem).accuracy);
}

function lineOf(name: LineName, usesLabels: boolean, assignment: Assignment): Line {
  if (assignment === undefined) return { name, usesLabels, accuracy: null, flops: null };
  const flops = assignment.map(([problem, arm]) => outcomeOf(arm, problem).flops);
  return {
    name,
    usesLabels,
    accuracy: bootstrapMean(accuracies(assignment)),
    flops: flops.reduce((sum, value) => sum + value, 0) / flops.length,
  };
}
