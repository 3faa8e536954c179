// Reads plan.json for a report: what `espalier plan` wrote, checked as far as the page relies on it.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import type { Interval } from '../evaluation/bootstrap.js';
import { readConfigured } from '../evaluation/run-configuration.js';
import type { SavedRun } from '../evaluation/run-directory.js';
import { bins } from '../planning/difficulty.js';

/** What to run from a budget on. */
export interface PlanStep {
  readonly from: number;
  readonly strategy: { readonly name: string; readonly budget?: number };
  readonly accuracy: number;
  readonly flops: number;
}

export interface PlannedBin {
  readonly problems: number;
  readonly chosenOn: string;
  readonly byFlops: readonly PlanStep[];
}

export interface PlanLine {
  readonly name: string;
  readonly usesLabels: boolean;
  readonly accuracy: Interval | null;
  readonly flops: number | null;
}

export interface PlanLead extends Interval {
  readonly over: string;
  readonly adjustedP: number;
  readonly isBeaten: boolean;
}

export interface PlanLevel {
  readonly budget: number;
  readonly flops: number;
  readonly lines: readonly PlanLine[];
  readonly leads: readonly PlanLead[];
}

export interface PlanTable {
  readonly policy: string;
  readonly reward: string;
  readonly problems: { readonly [bin: string]: number };
  readonly levels: readonly PlanLevel[];
}

interface PlanSource {
  readonly datasets: readonly { readonly name: string; readonly sha256: string }[];
  readonly problems: number;
}

/** Choices for every difficulty. */
export interface PlannedBins {
  readonly all: PlannedBin;
  readonly bins: { readonly [bin: string]: PlannedBin };
}

/** What `auto` goes by: choices by predicted difficulty, and from how many FLOPs on it probes. */
export interface PlannedAuto extends PlannedBins {
  readonly probes: number;
  readonly probing: {
    readonly byFlops: readonly { readonly from: number; readonly pays: boolean }[];
  };
}

/** What to run for one policy with one reward model. */
export interface PlannedPair extends PlannedBins {
  readonly policy: string;
  readonly reward: string;
  /** By predicted difficulty, where the plan has what `auto` goes by. */
  readonly auto?: PlannedAuto | null;
}

/** The parts of plan.json that a report shows; it may hold more. */
export interface PlanDocument {
  readonly calibration: PlanSource;
  readonly test: PlanSource | null;
  readonly crossFitted: boolean;
  /** Sums of each model's files, by role and name. */
  readonly models: { readonly [name: string]: { readonly [file: string]: string } };
  readonly plans: readonly PlannedPair[];
  readonly tables: readonly PlanTable[];
}

/** @throws ModelError INVALID_FILE on a file that cannot be read or is no plan */
export async function readPlanDocument(path: string): Promise<PlanDocument> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const message = expectedMessage('plan', 'a file that espalier plan wrote', path);
    throw new ModelError(message, 'INVALID_FILE', { cause });
  }
  const fault = faultOf(value);
  if (fault === undefined) return value as PlanDocument;
  const place = fault === '' ? basename(path) : `${basename(path)}: ${fault}`;
  throw new ModelError(expectedMessage(place, 'as espalier plan writes it', value), 'INVALID_FILE');
}

/**
 * Checks that a plan was made with the models of some runs.
 * @throws OptionError where a model of that name is another
 */
export function checkPlanModels(plan: PlanDocument, runs: readonly SavedRun[]): void {
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
