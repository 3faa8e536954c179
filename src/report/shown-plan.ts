// Reads plan.json for a report, checked as far as the page relies on it: choices and tables. What `auto`
// follows is checked where it is followed (planning/plan-document.ts).
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import { readConfigured } from '../evaluation/run-configuration.js';
import type { SavedRun } from '../evaluation/run-directory.js';
import type { TestTable } from '../evaluation/test-table.js';
import { bins } from '../planning/difficulty.js';
import type { PlanDocument } from '../planning/plan-document.js';

/** A plan with its test. */
export type ShownPlan = PlanDocument<TestTable>;

/** @throws ModelError INVALID_FILE on a file that cannot be read or is no plan */
export async function readShownPlan(path: string): Promise<ShownPlan> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const message = expectedMessage('plan', 'a file that espalier plan wrote', path);
    throw new ModelError(message, 'INVALID_FILE', { cause });
  }
  const fault = faultOf(value);
  if (fault === undefined) return value as ShownPlan;
  const place = fault === '' ? basename(path) : `${basename(path)}: ${fault}`;
  throw new ModelError(expectedMessage(place, 'as espalier plan writes it', value), 'INVALID_FILE');
}

/**
 * Checks that a plan was made with the models of some runs.
 * @throws OptionError where a model of that name is another
 */
export function checkPlanModels(plan: ShownPlan, runs: readonly SavedRun[]): void {
  for (const run of runs) {
    const { policy, reward } = readConfigured(run);
    for (const [role, model] of Object.entries({ policy, reward })) {
      const planned = model === null ? undefined : plan.models[`${role} ${model.name}`];
      if (model === null || planned === undefined) continue;
      if (JSON.stringify(planned) === JSON.stringify(model.sha256)) continue;
      throw invalidOption('plan', `made with the same ${role} ${model.name} as the runs`, run.path);
    }
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The first part that is not as it should be, by name; undefined where all of it is. */
function faultOf(value: unknown): string | undefined {
  if (!isFields(value) || value.format !== 1) return '';
  const { calibration, test, crossFitted, models, plans, tables } = value;
  if (!isSource(calibration)) return 'calibration';
  if (test !== null && !isSource(test)) return 'test';
  if (typeof crossFitted !== 'boolean') return 'crossFitted';
  if (!isFields(models)) return 'models';
  if (!isListOf(plans, isPlan)) return 'plans';
  return isListOf(tables, isTable) ? undefined : 'tables';
}

function isSource(value: unknown): boolean {
  const isDataset = (one: unknown) => isFields(one) && typeof one.name === 'string';
  return isFields(value) && isListOf(value.datasets, isDataset) && isNumber(value.problems);
}

function isPlan(value: unknown): boolean {
  if (!isPair(value) || !isPlannedBins(value)) return false;
  const { auto } = value;
  if (auto === undefined || auto === null) return true;
  return isPlannedBins(auto) && isNumber(auto.probes) && isProbing(auto.probing);
}

function isProbing(value: unknown): boolean {
  const isDecision = (one: unknown) =>
    isFields(one) && isNumber(one.from) && typeof one.pays === 'boolean';
  return isFields(value) && isListOf(value.byFlops, isDecision);
}

function isPlannedBins(value: unknown): value is Fields {
  if (!isFields(value) || !isPlannedBin(value.all) || !isFields(value.bins)) return false;
  const byBin = value.bins;
  return bins.every((bin) => isPlannedBin(byBin[bin]));
}

function isPlannedBin(value: unknown): boolean {
  return (
    isFields(value) &&
    isNumber(value.problems) &&
    typeof value.chosenOn === 'string' &&
    isListOf(value.byFlops, isStep)
  );
}

function isStep(value: unknown): boolean {
  if (!isFields(value) || !isFields(value.strategy)) return false;
  const { from, accuracy, flops, strategy } = value;
  return [from, accuracy, flops].every(isNumber) && typeof strategy.name === 'string';
}

function isTable(value: unknown): boolean {
  return isPair(value) && isFields(value.problems) && isListOf(value.levels, isLevel);
}

function isLevel(value: unknown): boolean {
  return (
    isFields(value) &&
    isNumber(value.budget) &&
    isNumber(value.flops) &&
    isListOf(value.lines, isLine) &&
    isListOf(value.leads, isLead)
  );
}

function isLine(value: unknown): boolean {
  if (!isFields(value) || typeof value.name !== 'string') return false;
  const isAccuracy = value.accuracy === null || isInterval(value.accuracy);
  return isAccuracy && (value.flops === null || isNumber(value.flops));
}

function isLead(value: unknown): boolean {
  return isInterval(value) && typeof value.over === 'string' && isNumber(value.adjustedP);
}

function isInterval(value: unknown): value is Fields {
  return isFields(value) && [value.mean, value.low, value.high].every(isNumber);
}

function isPair(value: unknown): value is Fields {
  return isFields(value) && typeof value.policy === 'string' && typeof value.reward === 'string';
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
