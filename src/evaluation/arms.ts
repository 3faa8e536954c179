// Arms: what each strategy at each budget scores and costs on every problem, from the runs that were
// recorded. Independent paths and DVTS subtrees give every smaller budget; all else its own alone.
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import { type Arm, budgetOf, type Outcome } from '../planning/arm.js';
import type { Strategy, Vote } from '../search/strategy.js';
import { mean } from './bootstrap.js';
import {
  expectedMajority,
  expectedVote,
  largestExactMajority,
  singlePaths,
  type Units,
} from './estimators.js';
import { isCorrect, type ResultRecord } from './result-record.js';
import { modelCostsOf, readConfigured, strategyOf } from './run-configuration.js';
import { type ModelCosts, pathsFlops, subtreesFlops } from './run-cost.js';
import type { SavedRun } from './run-directory.js';
import { VotePool } from './vote-pool.js';

/**
 * Budgets that a run can tell of.
 * @throws OptionError where asked for fewer samples of a run that cannot be subsampled
 */
export function budgetsOf(run: SavedRun<ResultRecord>): readonly number[] {
  const strategy = strategyOf(run);
  const largest = budgetOf(strategy);
  if (!isSubsampled(strategy) || isCut(run)) return [largest];
  const unit = strategy.name === 'dvts' ? strategy.width : 1;
  const budgets: number[] = [];
  for (let budget = unit; budget < largest; budget *= 2) budgets.push(budget);
  return [...budgets, largest];
}

/**
 * The arm of a run at a budget.
 * @throws OptionError on fewer samples than were recorded of beam search, of a search that a limit
 *   cut, or of subtrees in part; and on more than were recorded
 */
export function armOf(run: SavedRun<ResultRecord>, budget: number): Arm {
  const { policy, reward } = readConfigured(run);
  const strategy = strategyOf(run);
  checkBudget(run, strategy, budget);
  const costs = modelCostsOf(run);
  const found = new Map<string, Outcome[]>();
  let isExact = true;
  for (const record of run.records) {
    const outcome = outcomeOf(record, strategy, budget, costs);
    isExact &&= outcome.isExact;
    const { problem } = record;
    found.set(problem, [...(found.get(problem) ?? []), outcome]);
  }
  const outcomes = [...found].map(([problem, repeats]): [string, Outcome] => [
    problem,
    {
      accuracy: mean(repeats.map(({ accuracy }) => accuracy)),
      flops: mean(repeats.map(({ flops }) => flops)),
    },
  ]);
  const tokens = new Map<string, number[]>();
  for (const { problem, ledger } of run.records) {
    const expected = (ledger.policy.sampledTokens * budget) / budgetOf(strategy);
    tokens.set(problem, [...(tokens.get(problem) ?? []), expected]);
  }
  return {
    policy: policy.name,
    reward: reward?.name ?? null,
    strategy: strategy.name === 'greedy' ? strategy : { ...strategy, budget },
    outcomes: new Map(outcomes),
    tokens: new Map([...tokens].map(([problem, repeats]) => [problem, mean(repeats)])),
    isExact,
  };
}

/** Every arm of a run, by rising budget. */
export function armsOf(run: SavedRun<ResultRecord>): readonly Arm[] {
  return budgetsOf(run).map((budget) => armOf(run, budget));
}

function checkBudget(run: SavedRun<ResultRecord>, strategy: Strategy, budget: number): void {
  const largest = budgetOf(strategy);
  if (budget === largest) return;
  if (!isSubsampled(strategy)) {
    const expected = `${largest}, as ${strategy.name} with fewer is another search and not a part of this one`;
    throw invalidOption('budget', expected, budget);
  }
  if (isCut(run)) {
    const expected = `${largest}, as a limit cut searches of this run`;
    throw invalidOption('budget', expected, budget);
  }
  const unit = strategy.name === 'dvts' ? strategy.width : 1;
  if (Number.isInteger(budget / unit) && budget >= unit && budget < largest) return;
  const expected = `a multiple of ${unit} from ${unit} to ${largest}`;
  throw new OptionError(expectedMessage('budget', expected, budget));
}

function isSubsampled({ name }: Strategy): boolean {
  return name === 'majority' || name === 'best-of-n' || name === 'dvts';
}

function isCut(run: SavedRun<ResultRecord>): boolean {
  return run.records.some(({ stopReason }) => stopReason !== 'finished');
}

function outcomeOf(
  record: ResultRecord,
  strategy: Strategy,
  budget: number,
  costs: ModelCosts,
): Outcome & { readonly isExact: boolean } {
  if (budget === budgetOf(strategy)) {
    return { accuracy: record.correct ? 1 : 0, flops: record.ledger.flops, isExact: true };
  }
  const seed = record.index * 2 ** 20 + record.repeat;
  const aggregation = 'aggregation' in strategy ? strategy.aggregation : 'last';
  const vote: Vote = 'vote' in strategy ? strategy.vote : 'majority';
  const isRight = (answer: string) => isCorrect(answer, record.reference);
  const pool = new VotePool(record.paths, aggregation, isRight);
  if (strategy.name === 'dvts') {
    const subtrees = strategy.budget / strategy.width;
    const count = budget / strategy.width;
    const units = subtreesOf(record, subtrees, strategy.width);
    const flops = subtreesFlops(record, subtrees, count, costs);
    return { ...expectedVote(pool, units, count, vote, { seed }), flops };
  }
  const flops = pathsFlops(record, budget, costs);
  if (vote === 'majority' && record.paths.length <= largestExactMajority) {
    return { accuracy: expectedMajority(pool)[budget - 1] ?? 0, flops, isExact: true };
  }
  return { ...expectedVote(pool, singlePaths(pool), budget, vote, { seed }), flops };
}

/** Paths of each subtree, by the place of its first sibling; a subtree may have none. */
function subtreesOf({ paths }: ResultRecord, subtrees: number, width: number): Units {
  const units = Array.from({ length: subtrees }, (): number[] => []);
  paths.forEach(({ id }, index) => {
    units[Math.floor(Number(id.split('.')[0]) / width)]?.push(index);
  });
  return units;
}
