// What plan.json holds (format 1), and its reader: checks everything that `auto` will go by, so that
// a plan which was read is a plan that can be followed.
import { createHash } from 'node:crypto';
import { expectedMessage, ModelError, OptionError } from '../errors.js';
import type { Adviser, AutoPlan } from '../search/auto-strategy.js';
import type { Strategy } from '../search/strategy.js';
import { type AdvisedTable, makeAdviser } from './adviser.js';
import type { Confusion } from './auto-fit.js';
import { type Bin, bins } from './difficulty.js';
import { Checker, type Fields } from './document-checker.js';
import type { Predictor } from './predictor.js';
import type { Probing } from './probing.js';

/** The version of the format that is written, and the only one that is read. */
export const planFormat = 1;

/** What to run from a budget on, and what it did on the calibration problems that chose it. */
export interface StepDocument {
  /** FLOPs a search, N, or sampled tokens, as the list is by. */
  readonly from: number;
  readonly strategy: Strategy;
  readonly reward: string | null;
  /** Mean, in [0, 1]. */
  readonly accuracy: number;
  /** Mean. */
  readonly flops: number;
}

/** A step by tokens. */
export interface TokenStepDocument extends Omit<StepDocument, 'flops'> {
  /** Mean of the sampled ones. */
  readonly tokens: number;
}

/** The choices for one bin, each list by rising budget. */
export interface BinDocument {
  /** Calibration problems (for `auto` searches) in the bin. */
  readonly problems: number;
  /** `all` where they are too few to choose by. */
  readonly chosenOn: Bin | 'all';
  readonly byFlops: readonly StepDocument[];
  readonly byTokens: readonly TokenStepDocument[];
  readonly byBudget: readonly StepDocument[];
}

/** What `auto` goes by. */
export interface AutoDocument {
  /** Paths that a prediction takes. */
  readonly probes: number;
  /** Weights of a logistic function: see src/planning/predictor.ts. */
  readonly predictor: Predictor;
  /** Calibration searches by true bin, then by predicted bin; each predicted from other problems. */
  readonly confusion: Confusion;
  /** At which budgets it probes; where it does not, it runs what the pair's `all` says. */
  readonly probing: Probing;
  /** After probes; costs have them and the certain early stop in them. */
  readonly all: BinDocument;
  /** Likewise, by predicted bin. */
  readonly bins: { readonly [B in Bin]: BinDocument };
}

/** The plan for one policy with one reward model. */
export interface PairDocument {
  readonly policy: string;
  readonly reward: string;
  readonly all: BinDocument;
  /** By true difficulty. */
  readonly bins: { readonly [B in Bin]: BinDocument };
  /** Null or absent where the calibration has no Best-of-N run of enough paths. */
  readonly auto?: AutoDocument | null;
}

/** Problems that a plan was fitted to or tested on. */
export interface DataDocument {
  readonly datasets: readonly { readonly name: string; readonly sha256: string }[];
  readonly problems: number;
}

/** plan.json. `Table` is the test's, which planning does not know. */
export interface PlanDocument<Table = unknown> {
  readonly format: typeof planFormat;
  readonly calibration: DataDocument;
  /** Null where the plan was cross-fitted. */
  readonly test: DataDocument | null;
  readonly crossFitted: boolean;
  /** By role and name (`policy policy-2m`): sha256 of each file of the package. */
  readonly models: { readonly [model: string]: { readonly [file: string]: string } };
  readonly plans: readonly PairDocument[];
  /** How the plans did on the test problems, a table for each. */
  readonly tables: readonly Table[];
}

/** A plan that was read and checked. Made by `readPlan` and `parsePlan`. */
export class SavedPlan implements AutoPlan {
  readonly sha256: string;
  readonly document: PlanDocument;
  readonly #advisers: ReadonlyMap<string, Adviser>;

  constructor(sha256: string, document: PlanDocument, advisers: ReadonlyMap<string, Adviser>) {
    this.sha256 = sha256;
    this.document = document;
    this.#advisers = advisers;
  }

  adviserFor(policy: string, reward: string): Adviser {
    const adviser = this.#advisers.get(modelNames(policy, reward));
    if (adviser !== undefined) return adviser;
    const having = [...this.#advisers.keys()].join(', ');
    throw new OptionError(
      expectedMessage('plan', `for ${modelNames(policy, reward)}`, having || 'none for auto'),
    );
  }

  /**
   * Checks a model's files against those that the plan was fitted to; weights that were changed make
   * its choices those of another model.
   * @param files sha256 by file name
   * @throws OptionError where they differ, or the plan does not know the model
   */
  checkModel(
    role: 'policy' | 'reward',
    name: string,
    files: { readonly [file: string]: string },
  ): void {
    const known = this.document.models[`${role} ${name}`] ?? {};
    const names = new Set([...Object.keys(known), ...Object.keys(files)]);
    const other = [...names].find((file) => known[file] !== files[file]);
    if (other === undefined && names.size > 0) return;
    const expected = `fitted to this ${name} (its ${other ?? 'files'} was another)`;
    throw new OptionError(expectedMessage('plan', expected, `plan ${this.sha256.slice(0, 12)}`));
  }
}

/**
 * Reads the text of a plan.json.
 * @param from names the source in errors
 * @throws ModelError INVALID_FILE on anything that is not a whole plan of this format
 */
export function parsePlan(text: string, from = 'plan'): SavedPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(expectedMessage(from, 'JSON', text), 'INVALID_FILE', { cause });
  }
  const check = new Checker(from);
  const document = check.object('plan', value);
  if (document.format !== planFormat) {
    throw check.fault('format', `${planFormat} (espalier plan writes it)`, document.format);
  }
  check.object('models', document.models);
  const advisers = new Map<string, Adviser>();
  check.array('plans', document.plans).forEach((item, i) => {
    const at = `plans[${i}]`;
    const pair = check.object(at, item);
    const name = modelNames(
      check.text(`${at}.policy`, pair.policy),
      check.text(`${at}.reward`, pair.reward),
    );
    if (pair.auto !== null && pair.auto !== undefined)
      advisers.set(name, readAdviser(check, at, pair));
  });
  const sha256 = createHash('sha256').update(text).digest('hex');
  return new SavedPlan(sha256, value as PlanDocument, advisers);
}

function readAdviser(check: Checker, at: string, pair: Fields): Adviser {
  const auto = check.object(`${at}.auto`, pair.auto);
  const own = `${at}.auto`;
  const probes = check.number(`${own}.probes`, auto.probes);
  if (!Number.isSafeInteger(probes) || probes < 1) {
    throw check.fault(`${own}.probes`, 'an integer >= 1', probes);
  }
  const weights = check.object(`${own}.predictor`, auto.predictor);
  const weight = (name: string) => check.number(`${own}.predictor.${name}`, weights[name]);
  const byBin = check.object(`${own}.bins`, auto.bins);
  const tables = bins.map((bin): [Bin, AdvisedTable] => {
    return [bin, readTable(check, `${own}.bins.${bin}`, byBin[bin])];
  });
  const probing = check.object(`${own}.probing`, auto.probing);
  const decisions = (list: string) => check.decisions(`${own}.probing.${list}`, probing[list]);
  return makeAdviser({
    probes,
    predictor: {
      intercept: weight('intercept'),
      agreement: weight('agreement'),
      score: weight('score'),
    },
    probing: {
      byFlops: decisions('byFlops'),
      byTokens: decisions('byTokens'),
      byBudget: decisions('byBudget'),
    },
    bins: Object.fromEntries(tables) as { [B in Bin]: AdvisedTable },
    all: readTable(check, `${own}.all`, auto.all),
    unprobed: readTable(check, `${at}.all`, pair.all),
  });
}

function readTable(check: Checker, at: string, value: unknown): AdvisedTable {
  const table = check.object(at, value);
  return {
    byFlops: check.steps(`${at}.byFlops`, table.byFlops),
    byTokens: check.steps(`${at}.byTokens`, table.byTokens),
    byBudget: check.steps(`${at}.byBudget`, table.byBudget),
  };
}

function modelNames(policy: string, reward: string): string {
  return `${policy} with ${reward}`;
}
