// Everything that a report says, as plain data: computed by the same functions as `espalier eval`,
// `sweep` and `plan`, and put into the page as it is, so that its figures can be read back.
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import { armOf, armsOf, budgetsOf } from '../evaluation/arms.js';
import { bootstrapDifference, type Difference } from '../evaluation/bootstrap.js';
import { type Curves, curvesOf } from '../evaluation/curves.js';
import { type Estimate, estimateArm } from '../evaluation/estimates.js';
import type { ResultRecord } from '../evaluation/result-record.js';
import {
  checkFinished,
  isAutoRun,
  readConfigured,
  strategyOf,
} from '../evaluation/run-configuration.js';
import type { SavedRun } from '../evaluation/run-directory.js';
import { type Summary, summarise } from '../evaluation/summary.js';
import { type Arm, budgetOf } from '../planning/arm.js';
import { choose } from '../planning/choice.js';
import type { Strategy } from '../search/strategy.js';
import { type Difficulty, difficultyOf } from './difficulty.js';
import { checkPlanModels, type PlanDocument } from './plan-document.js';
import { type Reliability, reliabilityOf } from './reliability.js';
import { type ViewedProblem, viewProblems } from './search-trees.js';

/** One run, as a whole. */
export interface ReportedRun {
  readonly policy: string;
  readonly reward: string | null;
  readonly strategy: Strategy;
  readonly budget: number;
  readonly seed: number;
  readonly repeats: number;
  readonly summary: Summary;
}

/** What the recorded paths of a run hold, by each way of voting, for every N. */
export interface Votes {
  readonly policy: string;
  readonly reward: string | null;
  readonly curves: Curves;
}

/** How far the best line is ahead of one greedy or sampled path. */
export interface BestLead extends Difference {
  readonly over: Strategy['name'];
}

export interface Best {
  /** Highest accuracy, chosen on the problems that it is shown on. */
  readonly estimate: Estimate;
  readonly lead: BestLead | null;
  /** The cheapest within one standard error of it. */
  readonly cheapest: Estimate;
}

export interface ReportData {
  readonly format: 1;
  readonly dataset: {
    readonly name: string;
    readonly sha256: string;
    /** In the report, of how many in the dataset. */
    readonly problems: number;
    readonly of: number;
  };
  readonly runs: readonly ReportedRun[];
  /** Every arm, by rising N within its run. */
  readonly estimates: readonly Estimate[];
  readonly best: Best;
  readonly votes: readonly Votes[];
  readonly difficulty: readonly Difficulty[];
  readonly reliability: readonly (Reliability & {
    readonly policy: string;
    readonly reward: string;
    readonly aggregation: string;
  })[];
  readonly plan: PlanDocument | null;
  /** What a reader should know about the runs, in sentences. */
  readonly notes: readonly string[];
}

/** The page's two documents: figures, and the searches that the viewer draws. */
export interface Report {
  readonly data: ReportData;
  readonly problems: readonly ViewedProblem[];
}

export interface ReportOptions {
  readonly plan?: PlanDocument | undefined;
  /** Problems in the tree viewer. @default as many as fit about 4 MB */
  readonly trees?: number | undefined;
}

type Run = SavedRun<ResultRecord>;

/**
 * Computes a report of finished runs over the same problems.
 * @throws OptionError on unfinished runs, shards, runs of different problems or models, a plan of other
 *   models; ModelError on damaged runs
 */
export function collectReport(given: readonly Run[], { plan, trees }: ReportOptions = {}): Report {
  const all = given.filter((run) => !isAutoRun(run));
  for (const run of all) checkWhole(run);
  const isDifficulty = (run: Run) => readConfigured(run).purpose === 'difficulty';
  const samples = all.filter(isDifficulty);
  const { runs, notes: found } = distinct(inOrder(all.filter((run) => !isDifficulty(run))));
  const left = given.length - all.length;
  const notes = left === 0 ? found : [...found, `Runs of auto are left out: ${left}.`];
  const [first] = runs;
  if (first === undefined) throw invalidOption('runs', 'at least one evaluation', all.length);
  for (const run of all) checkSameProblems(run, first);
  checkSameModels(all);
  if (plan !== undefined) checkPlanModels(plan, all);
  const arms = distinctArms(runs.flatMap(linedArms));
  const { dataset } = readConfigured(first);
  const { name, sha256, problems: of } = dataset;
  const problems = [...new Set(first.records.map(({ problem }) => problem))];
  const data: ReportData = {
    format: 1,
    dataset: { name, sha256, problems: problems.length, of },
    runs: runs.map(reportRun),
    estimates: arms.map(estimateArm),
    best: bestOf(arms, problems),
    votes: votesOf(runs),
    difficulty: difficultyOf(samples, runs, distinctArms(runs.flatMap((run) => armsOf(run)))),
    reliability: runs.flatMap(reliabilityOfRun),
    plan: plan ?? null,
    notes,
  };
  return { data, problems: viewProblems(runs, trees) };
}

function checkWhole(run: Run): void {
  const { shard } = readConfigured(run);
  if (shard !== null) {
    const expected = `a whole run (it is shard ${shard.index}/${shard.count}; espalier merge joins shards)`;
    throw invalidOption('run', expected, run.path);
  }
  checkFinished(run);
  if (run.records.length > 0) return;
  throw new ModelError(expectedMessage('results.jsonl', 'not empty', run.path), 'INVALID_FILE');
}

function checkSameProblems(run: Run, first: Run): void {
  const problems = (of: Run) => new Set(of.records.map(({ problem }) => problem));
  const [own, others] = [problems(run), problems(first)];
  if (own.size === others.size && [...own].every((problem) => others.has(problem))) return;
  const expected = `over the same problems as ${first.path} (one report, one set of problems)`;
  throw invalidOption('run', expected, run.path);
}

function checkSameModels(runs: readonly Run[]): void {
  const known = new Map<string, { readonly contents: string; readonly path: string }>();
  for (const run of runs) {
    const { policy, reward } = readConfigured(run);
    for (const [role, model] of Object.entries({ policy, reward })) {
      if (model === null) continue;
      const name = `${role} ${model.name}`;
      const contents = JSON.stringify(model.sha256);
      const other = known.get(name) ?? { contents, path: run.path };
      if (other.contents !== contents) {
        throw invalidOption('run', `with the same ${name} as ${other.path}`, run.path);
      }
      known.set(name, other);
    }
  }
}

const strategyOrder = ['greedy', 'majority', 'best-of-n', 'beam-search', 'dvts'];

/** By policy as first given, then by strategy, reward model and N. */
function inOrder(runs: readonly Run[]): readonly Run[] {
  const policies = [...new Set(runs.map((run) => readConfigured(run).policy.name))];
  const rewards = [...new Set(runs.map((run) => readConfigured(run).reward?.name))];
  const ranks = (run: Run): readonly number[] => {
    const { policy, reward } = readConfigured(run);
    const strategy = strategyOf(run);
    return [
      policies.indexOf(policy.name),
      reward === null ? -1 : rewards.indexOf(reward.name),
      // Whatever is not in the list comes last.
      strategyOrder.indexOf(strategy.name) + 1 || strategyOrder.length + 1,
      budgetOf(strategy),
    ];
  };
  return [...runs].sort((a, b) => {
    const [own, other] = [ranks(a), ranks(b)];
    return own.map((rank, i) => rank - (other[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  });
}

/** One run of each strategy and models; the others are named in a note. */
function distinct(all: readonly Run[]): {
  readonly runs: readonly Run[];
  readonly notes: readonly string[];
} {
  const runs = new Map<string, Run>();
  const notes: string[] = [];
  for (const run of all) {
    const { policy, reward, options } = readConfigured(run);
    const name = JSON.stringify([policy.name, reward?.name ?? null, strategyOf(run)]);
    const other = runs.get(name);
    if (other === undefined) runs.set(name, run);
    else {
      const { name: strategy } = strategyOf(run);
      notes.push(
        `There are two runs of ${strategy} with the same budget and models; the one with seed ` +
          `${readConfigured(other).options.seed} is shown, the one with seed ${options.seed} is not.`,
      );
    }
  }
  const cut = all.filter((run) => run.records.some(({ stopReason }) => stopReason !== 'finished'));
  for (const run of cut) {
    const count = run.records.filter(({ stopReason }) => stopReason !== 'finished').length;
    const { name } = strategyOf(run);
    notes.push(`A limit cut ${count} of ${run.records.length} searches of ${name}.`);
  }
  return { runs: [...runs.values()], notes };
}

/** A run's arms at enough N for a smooth line: all up to 8 paths or subtrees, then two for each doubling. */
function linedArms(run: Run): readonly Arm[] {
  const budgets = budgetsOf(run);
  const strategy = strategyOf(run);
  if (budgets.length === 1) return armsOf(run);
  const unit = strategy.name === 'dvts' ? strategy.width : 1;
  const [largest] = budgets.slice(-1) as [number];
  const first = [3, 5, 6, 7].map((count) => count * unit);
  const between = budgets.map((budget) => 1.5 * budget).filter((budget) => budget % unit === 0);
  const all = new Set([...budgets, ...[...first, ...between].filter((budget) => budget < largest)]);
  return [...all].sort((a, b) => a - b).map((budget) => armOf(run, budget));
}

/** Of one arm from two runs, the one that needs no subsampling tells more. */
function distinctArms(arms: readonly Arm[]): readonly Arm[] {
  const found = new Map<string, Arm>();
  for (const arm of arms) {
    const name = JSON.stringify([arm.policy, arm.reward, arm.strategy]);
    if (!found.has(name) || (arm.isExact && found.get(name)?.isExact === false)) {
      found.set(name, arm);
    }
  }
  return [...found.values()];
}

function reportRun(run: Run): ReportedRun {
  const { policy, reward, options, repeats } = readConfigured(run);
  const strategy = strategyOf(run);
  return {
    policy: policy.name,
    reward: reward?.name ?? null,
    strategy,
    budget: budgetOf(strategy),
    seed: options.seed,
    repeats,
    summary: summarise(run.records),
  };
}

function bestOf(arms: readonly Arm[], problems: readonly string[]): Best {
  const estimates = new Map(arms.map((arm) => [arm, estimateArm(arm)]));
  const ranked = [...estimates].sort(
    ([, a], [, b]) => b.accuracy.mean - a.accuracy.mean || a.flops - b.flops,
  );
  const [top] = ranked;
  if (top === undefined) throw new RangeError('Expected at least one arm, got none');
  const [arm, estimate] = top;
  const near = estimates.get(choose(arms, problems).arm);
  const single =
    arms.find(({ policy, strategy }) => policy === arm.policy && strategy.name === 'greedy') ??
    arms.find(({ policy, strategy }) => policy === arm.policy && budgetOf(strategy) === 1);
  return { estimate, lead: leadOf(arm, single, problems), cheapest: near ?? estimate };
}

function leadOf(arm: Arm, over: Arm | undefined, problems: readonly string[]): BestLead | null {
  if (over === undefined || over === arm) return null;
  const of = (one: Arm) => problems.map((problem) => one.outcomes.get(problem)?.accuracy ?? 0);
  return { over: over.strategy.name, ...bootstrapDifference(of(arm), of(over)) };
}

/** Of scored paths where there are any, else of paths alone. */
function votesOf(runs: readonly Run[]): readonly Votes[] {
  const whole = runs.filter((run) => {
    const { name } = strategyOf(run);
    const isCut = run.records.some(({ stopReason }) => stopReason !== 'finished');
    return (name === 'majority' || name === 'best-of-n') && !isCut;
  });
  const scored = whole.filter((run) => readConfigured(run).reward !== null);
  return (scored.length > 0 ? scored : whole).map((run) => {
    const { policy, reward } = readConfigured(run);
    return { policy: policy.name, reward: reward?.name ?? null, curves: curvesOf(run) };
  });
}

function reliabilityOfRun(run: Run): ReportData['reliability'] {
  const { policy, reward } = readConfigured(run);
  const strategy = strategyOf(run);
  if (strategy.name !== 'best-of-n' || reward === null) return [];
  const found = reliabilityOf(run.records);
  if (found === null) return [];
  const { aggregation } = strategy;
  return [{ policy: policy.name, reward: reward.name, aggregation, ...found }];
}
