// plan.json: a fitted plan with what it was fitted to and how it did on problems that it had not seen.
import { expectedMessage, OptionError } from '../errors.js';
import { type FittedAuto, fitAuto } from '../planning/auto-fit.js';
import type { Step } from '../planning/choice.js';
import { type Bin, bins } from '../planning/difficulty.js';
import { type BinPlan, fitPlan, type Plan, pairName, pairsOf } from '../planning/plan.js';
import {
  type AutoDocument,
  type BinDocument,
  type DataDocument,
  type PlanDocument,
  planFormat,
  type StepDocument,
} from '../planning/plan-document.js';
import { dealFolds } from './folds.js';
import { knownOf, type PlanData } from './plan-data.js';
import { crossFit, testPlan } from './plan-test.js';
import type { TestTable } from './test-table.js';

/** A plan for every policy and reward model of the calibration runs, and its test. */
export interface TestedPlan {
  readonly plans: readonly PairPlan[];
  readonly tables: readonly TestTable[];
  /** Five folds of one set, each tested on plans from the others; else a set of its own was given. */
  readonly isCrossFitted: boolean;
}

/** A plan with what `auto` goes by, where the runs tell of it. */
export interface PairPlan extends Plan {
  readonly auto: FittedAuto | undefined;
}

/** plan.json as `espalier plan` writes it. */
export type PlanFile = PlanDocument<TestTable>;

/**
 * Fits plans to calibration runs and tests them: on the test runs, or cross-fitted where there are
 * none. What is kept is fitted to all calibration problems.
 * @throws OptionError where the sets share a problem, or have different models, or no arm has a
 *   reward model
 */
export function makePlan(calibration: PlanData, test: PlanData | undefined): TestedPlan {
  if (test !== undefined) {
    checkApart(calibration, test);
    checkModels(calibration, test);
  }
  const pairs = pairsOf(calibration.arms);
  if (pairs.length === 0) {
    const expected = 'with at least one reward model (best-of-n, beam-search or dvts)';
    throw new OptionError(expectedMessage('calibration', expected, undefined));
  }
  const plans = pairs.map((pair): PairPlan => {
    const { policy, reward, arms } = pair;
    const { problems } = calibration;
    const known = knownOf(calibration, policy);
    const data = calibration.auto.get(pairName(pair));
    const folds = dealFolds(problems, known.bins);
    const whole = fitPlan({ policy, reward }, arms, problems, known.bins);
    return { ...whole, auto: data && fitAuto(whole, data, known, folds) };
  });
  const tables = test === undefined ? crossFit(calibration) : testPlan(calibration, test);
  return { plans, tables, isCrossFitted: test === undefined };
}

function checkApart(calibration: PlanData, test: PlanData): void {
  const seen = new Set(calibration.problems.map(normalise));
  const shared = test.problems.filter((problem) => seen.has(normalise(problem)));
  if (shared.length === 0) return;
  const expected = `without problems of the calibration (${shared.length} of ${test.problems.length} are in both)`;
  throw new OptionError(expectedMessage('test', expected, shared[0]));
}

/** Two texts that differ in spacing alone are one problem. */
function normalise(problem: string): string {
  return problem.replace(/\s+/g, ' ').trim();
}

function checkModels(calibration: PlanData, test: PlanData): void {
  for (const [name, contents] of calibration.models) {
    const other = test.models.get(name);
    if (other === undefined || other === contents) continue;
    throw new OptionError(expectedMessage('test', `of the same ${name} as the calibration`, name));
  }
}

/** The document that plan.json holds. */
export function formatPlan(
  { plans, tables, isCrossFitted }: TestedPlan,
  calibration: PlanData,
  test: PlanData | undefined,
): PlanFile {
  return {
    format: planFormat,
    calibration: describeData(calibration),
    test: test === undefined ? null : describeData(test),
    crossFitted: isCrossFitted,
    models: Object.fromEntries(
      [...calibration.models].map(([name, contents]) => [name, JSON.parse(contents)]),
    ),
    plans: plans.map(({ policy, reward, all, bins: byBin, auto }) => ({
      policy,
      reward,
      all: formatBin(all),
      bins: perBin((bin) => formatBin(byBin[bin])),
      auto: auto === undefined ? null : formatAuto(auto),
    })),
    tables,
  };
}

function formatAuto(auto: FittedAuto): AutoDocument {
  const { probes, predictor, confusion, probing, table } = auto;
  return {
    probes,
    predictor,
    confusion,
    probing,
    all: formatBin(table.all),
    bins: perBin((bin) => formatBin(table.bins[bin])),
  };
}

function perBin<T>(of: (bin: Bin) => T): { readonly [B in Bin]: T } {
  return Object.fromEntries(bins.map((bin) => [bin, of(bin)])) as { [B in Bin]: T };
}

function describeData({ datasets, problems }: PlanData): DataDocument {
  return { datasets: datasets.map((dataset) => ({ ...dataset })), problems: problems.length };
}

function formatBin({ problems, chosenOn, byFlops, byTokens, byBudget }: BinPlan): BinDocument {
  return {
    problems,
    chosenOn,
    byFlops: byFlops.map(formatStep),
    byTokens: byTokens.map((step) => {
      const { flops: tokens, ...rest } = formatStep(step);
      return { ...rest, tokens };
    }),
    byBudget: byBudget.map(formatStep),
  };
}

function formatStep({ from, arm, accuracy, flops }: Step): StepDocument {
  return { from, strategy: { ...arm.strategy }, reward: arm.reward, accuracy, flops };
}
