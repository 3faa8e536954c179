// The runs of a report: checked to belong on one page, put in one order, and one of each kind.
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import { checkSameProblems, modelsOf, problemsOf } from '../evaluation/plan-data.js';
import type { ResultRecord } from '../evaluation/result-record.js';
import { checkFinished, readConfigured, strategyOf } from '../evaluation/run-configuration.js';
import type { SavedRun } from '../evaluation/run-directory.js';
import { budgetOf } from '../planning/arm.js';

export type Run = SavedRun<ResultRecord>;

export interface ArrangedRuns {
  /** Evaluations, by policy, reward model, strategy and N. */
  readonly runs: readonly [Run, ...Run[]];
  /** Difficulty samples. */
  readonly samples: readonly Run[];
  /** What a reader should know about the runs, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Checks and arranges runs.
 * @throws OptionError on unfinished runs, shards, and runs of different problems or models; ModelError
 *   on runs without results
 */
export function arrangeRuns(all: readonly Run[]): ArrangedRuns {
  for (const run of all) checkWhole(run);
  const isDifficulty = (run: Run) => readConfigured(run).purpose === 'difficulty';
  const { runs, notes } = distinct(inOrder(all.filter((run) => !isDifficulty(run))));
  const [first, ...others] = runs;
  if (first === undefined) throw invalidOption('runs', 'at least one evaluation', all.length);
  const problems = problemsOf(first);
  for (const run of all) checkSameProblems(problems, run, first);
  modelsOf(all);
  return { runs: [first, ...others], samples: all.filter(isDifficulty), notes };
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
