// Everything that a report says, as plain data: computed by the same functions as `espalier eval`,
// `sweep` and `plan`, and put into the page as it is, so that its figures can be read back.
import { armOf, armsOf, budgetsOf } from '../evaluation/arms.js';
import { bootstrapDifference, type Difference } from '../evaluation/bootstrap.js';
import { type Curves, curvesOf } from '../evaluation/curves.js';
import { type Estimate, estimateArm } from '../evaluation/estimates.js';
import { problemsOf } from '../evaluation/plan-data.js';
import { isAutoRun, readConfigured, strategyOf } from '../evaluation/run-configuration.js';
import { type Summary, summarise } from '../evaluation/summary.js';
import { type Arm, budgetOf } from '../planning/arm.js';
import { choose } from '../planning/choice.js';
import type { Strategy } from '../search/strategy.js';
import { type Difficulty, difficultyOf } from './difficulty.js';
import { type Reliability, reliabilityOf } from './reliability.js';
import { arrangeRuns, type Run } from './report-runs.js';
import { viewProblems } from './search-trees.js';
import { checkPlanModels, type ShownPlan } from './shown-plan.js';
import type { ViewedProblem } from './viewed-search.js';

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
  readonly plan: ShownPlan | null;
  /** What a reader should know about the runs, in sentences. */
  readonly notes: readonly string[];
}

/** The page's two documents: figures, and the searches that the viewer draws. */
export interface Report {
  readonly data: ReportData;
  readonly problems: readonly ViewedProblem[];
}

export interface ReportOptions {
  readonly plan?: ShownPlan | undefined;
  /** Problems in the tree viewer. @default as many as fit about 4 MB */
  readonly trees?: number | undefined;
}

/**
 * Computes a report of finished runs over the same problems.
 * @throws OptionError on unfinished runs, shards, runs of different problems or models, a plan of other
 *   models; ModelError on damaged runs
 */
export async function collectReport(
  given: readonly Run[],
  { plan, trees }: ReportOptions = {},
): Promise<Report> {
  const all = given.filter((run) => !isAutoRun(run));
  const { runs, samples, notes: found } = arrangeRuns(all);
  const left = given.length - all.length;
  const notes = left === 0 ? found : [...found, `Runs of auto are left out: ${left}.`];
  if (plan !== undefined) checkPlanModels(plan, all);
  const arms = distinctArms(runs.flatMap(linedArms));
  const { name, sha256, problems: of } = readConfigured(runs[0]).dataset;
  const problems = problemsOf(runs[0]);
  const data: ReportData = {
    format: 1,
    dataset: { name, sha256, problems: problems.length, of },
    runs: runs.map(reportRun),
    estimates: arms.map(estimateArm),
    best: bestOf(arms, problems),
    votes: await votesOf(runs),
    difficulty: difficultyOf(samples, runs, distinctArms(runs.flatMap((run) => armsOf(run)))),
    reliability: runs.flatMap(reliabilityOfRun),
    plan: plan ?? null,
    notes,
  };
  return { data, problems: viewProblems(runs, trees) };
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
async function votesOf(runs: readonly Run[]): Promise<readonly Votes[]> {
  const whole = runs.filter((run) => {
    const { name } = strategyOf(run);
    const isCut = run.records.some(({ stopReason }) => stopReason !== 'finished');
    return (name === 'majority' || name === 'best-of-n') && !isCut;
  });
  const scored = whole.filter((run) => readConfigured(run).reward !== null);
  const votes: Votes[] = [];
  for (const run of scored.length > 0 ? scored : whole) {
    const { policy, reward } = readConfigured(run);
    votes.push({ policy: policy.name, reward: reward?.name ?? null, curves: await curvesOf(run) });
  }
  return votes;
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
