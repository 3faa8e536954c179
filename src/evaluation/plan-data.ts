// What a plan is fitted to or tested on: the arms of many runs over the same problems, and how hard
// each problem is, told from samples that serve nothing else.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import type { Arm } from '../planning/arm.js';
import type { AutoData, KnownDifficulty } from '../planning/auto-fit.js';
import { type Bin, binOf, leastSamples } from '../planning/difficulty.js';
import { pairName, pairsOf } from '../planning/plan.js';
import { armsOf } from './arms.js';
import { autoDataOf, defaultProbes } from './auto-replay.js';
import { isCorrect, type ResultRecord } from './result-record.js';
import {
  checkFinished,
  isAutoRun,
  modelCostsOf,
  readConfigured,
  strategyOf,
} from './run-configuration.js';
import { readRun, type SavedRun } from './run-directory.js';

/** One set of problems with everything that is known of it. */
export interface PlanData {
  /** Texts, in dataset order. */
  readonly problems: readonly string[];
  readonly arms: readonly Arm[];
  /** By policy and problem. */
  readonly bins: ReadonlyMap<string, ReadonlyMap<string, Bin>>;
  /** Likewise: what the bins are told from. */
  readonly passAt1: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** What `auto` could do, by pairName; of pairs with a Best-of-N run of enough paths. */
  readonly auto: ReadonlyMap<string, AutoData>;
  /** By policy. */
  readonly costs: ReadonlyMap<string, ModelCost>;
  /** Contents of each model, by role and name. */
  readonly models: ReadonlyMap<string, string>;
  readonly datasets: readonly { readonly name: string; readonly sha256: string }[];
}

export interface PlanDataOptions {
  /** Paths that `auto` predicts by, an integer >= 1. @default 4 */
  readonly probes?: number;
}

/** The run directories at or below some paths, in order of their names. */
export async function findRuns(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const files = await readdir(path, { recursive: true }).catch(() => []);
    const own = files.filter((name) => /(^|\/)run\.json$/.test(name)).sort();
    if (own.length === 0)
      throw invalidOption('run', 'a run directory, or one that holds runs', path);
    found.push(...own.map((name) => join(path, name.slice(0, -'run.json'.length))));
  }
  return found;
}

/**
 * Reads runs as one set of problems.
 * @throws OptionError on unfinished runs, runs of different problems or models, a policy without
 *   difficulty samples, and difficulty samples that serve anything else; ModelError on damaged runs
 */
export async function readPlanData(
  paths: readonly string[],
  options: PlanDataOptions = {},
): Promise<PlanData> {
  const directories = await findRuns(paths);
  const runs = await Promise.all(directories.map((path) => readRun<ResultRecord>(path)));
  return collectPlanData(runs, options);
}

/** As readPlanData, of runs that were read. Runs of `auto` itself tell of no strategy. */
export function collectPlanData(
  given: readonly SavedRun<ResultRecord>[],
  { probes = defaultProbes }: PlanDataOptions = {},
): PlanData {
  for (const run of given) checkFinished(run);
  const isDifficulty = (run: SavedRun) => readConfigured(run).purpose === 'difficulty';
  const runs = given.filter((run) => !isAutoRun(run));
  const evaluations = runs.filter((run) => !isDifficulty(run));
  const [first] = evaluations;
  if (first === undefined) throw invalidOption('runs', 'at least one evaluation', runs.length);
  const problems = problemsOf(first);
  for (const run of runs) checkSameProblems(problems, run, first);
  const models = modelsOf(runs);
  const configured = evaluations.map((run) => readConfigured(run));
  const costs = new Map(
    configured.map(({ policy }, i) => [
      policy.name,
      modelCostsOf(evaluations[i] as SavedRun).policy,
    ]),
  );
  const passAt1 = new Map<string, ReadonlyMap<string, number>>();
  for (const policy of costs.keys()) {
    const samples = runs.filter(
      (run) => isDifficulty(run) && readConfigured(run).policy.name === policy,
    );
    checkSeeds(policy, samples, evaluations);
    passAt1.set(policy, passAt1From(policy, samples));
  }
  const arms = new Map<string, Arm>();
  for (const arm of evaluations.flatMap((run) => armsOf(run))) {
    const { policy, reward, strategy } = arm;
    const name = JSON.stringify([policy, reward, strategy]);
    // Of one arm from two runs, the one that needs no subsampling tells more.
    if (!arms.has(name) || (arm.isExact && arms.get(name)?.isExact === false)) arms.set(name, arm);
  }
  const datasets = configured.map(({ dataset: { name, sha256 } }) => ({ name, sha256 }));
  const different = new Map(datasets.map((dataset) => [dataset.sha256, dataset]));
  return {
    problems,
    arms: [...arms.values()],
    bins: new Map([...passAt1].map(([policy, rates]) => [policy, binsOf(rates)])),
    passAt1,
    auto: autoFrom(evaluations, [...arms.values()], probes),
    costs,
    models,
    datasets: [...different.values()],
  };
}

/** What a set's difficulty samples tell of a policy's problems. */
export function knownOf({ bins, passAt1 }: PlanData, policy: string): KnownDifficulty {
  return { bins: bins.get(policy) ?? new Map(), passAt1: passAt1.get(policy) ?? new Map() };
}

/** What `auto` could do with each pair of models. */
function autoFrom(
  evaluations: readonly SavedRun<ResultRecord>[],
  arms: readonly Arm[],
  probes: number,
): ReadonlyMap<string, AutoData> {
  const found = pairsOf(arms).flatMap((pair): (readonly [string, AutoData])[] => {
    const own = evaluations.filter((run) => {
      const { policy, reward } = readConfigured(run);
      return policy.name === pair.policy && reward?.name === pair.reward;
    });
    const data = autoDataOf(own, probes);
    return data === undefined ? [] : [[pairName(pair), data]];
  });
  return new Map(found);
}

function binsOf(passAt1: ReadonlyMap<string, number>): ReadonlyMap<string, Bin> {
  return new Map([...passAt1].map(([problem, rate]) => [problem, binOf(rate)]));
}

/** Texts of a run's problems, in dataset order. */
export function problemsOf(run: SavedRun<ResultRecord>): readonly string[] {
  return [...new Set(run.records.map(({ problem }) => problem))];
}

/** @throws OptionError where a run has other problems than the first one */
export function checkSameProblems(
  problems: readonly string[],
  run: SavedRun<ResultRecord>,
  first: SavedRun<ResultRecord>,
): void {
  const own = new Set(problemsOf(run));
  if (own.size === problems.length && problems.every((problem) => own.has(problem))) return;
  throw invalidOption('run', `over the same problems as ${first.path}`, run.path);
}

/**
 * Contents of each model, by role and name.
 * @throws OptionError where two runs have different models of one name
 */
export function modelsOf(runs: readonly SavedRun[]): ReadonlyMap<string, string> {
  const models = new Map<string, string>();
  for (const run of runs) {
    const { policy, reward } = readConfigured(run);
    for (const [role, model] of Object.entries({ policy, reward })) {
      if (model === null) continue;
      const name = `${role} ${model.name}`;
      const contents = JSON.stringify(model.sha256);
      if ((models.get(name) ?? contents) !== contents) {
        throw invalidOption('run', `with the same ${name} as the other runs`, run.path);
      }
      models.set(name, contents);
    }
  }
  return models;
}

/**
 * Binning on evaluated samples is circular.
 * @throws OptionError where one seed serves both
 */
export function checkSeeds(
  policy: string,
  samples: readonly SavedRun<ResultRecord>[],
  evaluations: readonly SavedRun<ResultRecord>[],
): void {
  const seeds = new Set(samples.flatMap(({ records }) => records.map(({ seed }) => seed)));
  for (const run of evaluations) {
    if (readConfigured(run).policy.name !== policy) continue;
    const shared = run.records.find(({ seed }) => seeds.has(seed));
    if (shared === undefined) continue;
    throw new OptionError(
      expectedMessage('difficulty samples', 'under a seed that no other run uses', shared.seed),
    );
  }
}

/**
 * Bins of a policy's problems by the share of right samples.
 * @throws OptionError on no samples, too few of them, or others than majority's
 */
export function difficultyBins(
  policy: string,
  runs: readonly SavedRun<ResultRecord>[],
): ReadonlyMap<string, Bin> {
  return binsOf(passAt1From(policy, runs));
}

/** The share of a policy's right samples, by problem. */
function passAt1From(
  policy: string,
  runs: readonly SavedRun<ResultRecord>[],
): ReadonlyMap<string, number> {
  if (runs.length === 0) {
    const expected = `given for ${policy} (espalier sweep --difficulty-samples ${leastSamples})`;
    throw new OptionError(expectedMessage('difficulty samples', expected, undefined));
  }
  const counts = new Map<string, { right: number; total: number }>();
  for (const run of runs) {
    const { name } = strategyOf(run);
    if (name !== 'majority') throw invalidOption('difficulty samples', 'of majority', name);
    for (const { problem, reference, paths } of run.records) {
      const count = counts.get(problem) ?? { right: 0, total: 0 };
      const answers = new Set(paths.map(({ answer }) => answer));
      const right = new Set([...answers].filter((answer) => isCorrect(answer, reference)));
      count.total += paths.length;
      count.right += paths.filter(({ answer }) => right.has(answer)).length;
      counts.set(problem, count);
    }
  }
  const fewest = Math.min(...[...counts.values()].map(({ total }) => total));
  if (fewest < leastSamples) {
    throw invalidOption('difficulty samples', `at least ${leastSamples} a problem`, fewest);
  }
  return new Map([...counts].map(([problem, { right, total }]) => [problem, right / total]));
}
