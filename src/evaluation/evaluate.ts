// Searches for the answers of many problems, several at once through one engine, and hands over each
// result as it comes. Which of them finish first changes nothing in any of them.
import { availableParallelism, cpus } from 'node:os';
import type { Ledger } from '../ledger.js';
import type { SearchOptions } from '../search/options.js';
import type { SearchResult } from '../search/result.js';
import { search } from '../search/search.js';
import { forEachAtOnce, type ParallelOptions } from './parallel.js';
import { type AnyRecord, recordResult } from './result-record.js';
import type { Json, RunDirectory } from './run-directory.js';
import { TreeRecorder } from './tree-recorder.js';
import type { Place, PlacedProblem, Unit } from './units.js';

/** What every problem's search gets; the evaluation supplies the signal. */
export type SharedSearchOptions = Omit<SearchOptions, 'signal' | 'onTrace'>;

/** More at once fill the engine's batches better and need more KV memory. */
export interface SearchManyOptions<P extends PlacedProblem> extends ParallelOptions {
  readonly options: SharedSearchOptions;
  /** Called as each problem finishes, in order of completion; the next one waits for it. */
  readonly onResult: (problem: P, result: SearchResult, tree: TreeRecorder) => Promise<void> | void;
}

/**
 * Searches every problem once, under its own seed where it has one. Results that the signal cut are
 * not handed over.
 * @throws what a search or `onResult` throws first, once everything else has ended
 */
export async function searchMany<P extends PlacedProblem & { readonly seed?: number }>(
  problems: readonly P[],
  { options, concurrency, signal, onResult }: SearchManyOptions<P>,
): Promise<void> {
  await forEachAtOnce(problems, { concurrency, signal }, async (problem, either) => {
    try {
      const own = problem.seed === undefined ? {} : { seed: problem.seed };
      const tree = new TreeRecorder();
      const result = await search(problem.problem, {
        ...options,
        ...own,
        signal: either,
        onTrace: (event) => tree.add(event),
      });
      if (result.stopReason !== 'aborted') await onResult(problem, result, tree);
    } catch (error) {
      throw inProblem(error, problem);
    }
  });
}

/** A run that is being filled. */
export interface RunInProgress extends ParallelOptions {
  readonly run: RunDirectory<AnyRecord>;
  /** Called with every record, also those that an earlier invocation left. */
  readonly onRecord?: ((record: AnyRecord) => void) | undefined;
}

export interface EvaluateOptions extends RunInProgress {
  readonly options: SharedSearchOptions;
}

/**
 * Finishes a run: searches the units it lacks, records each, and puts the run in dataset order once
 * none is missing. Resolves to whether it is complete; false only after an abort.
 * @throws as searchMany; what finished before is kept
 */
export async function evaluate(
  units: readonly Unit[],
  { options, ...progress }: EvaluateOptions,
): Promise<boolean> {
  return completeRun(units, progress, (missing, record) =>
    searchMany(missing, {
      ...progress,
      options,
      onResult: (unit, result, tree) => {
        const branches = tree.branches(result.paths);
        return record(recordResult(unit, result, options.strategy, branches), result.ledger);
      },
    }),
  );
}

/** Records what was made for a unit. */
export type Recorder = (
  record: AnyRecord,
  ledger: Pick<Ledger, 'computed' | 'seconds'>,
) => Promise<void>;

/**
 * Has `produce` make the records that a run lacks, and puts it in dataset order once none is
 * missing. Resolves to whether it is complete.
 */
export async function completeRun<U extends Place>(
  units: readonly U[],
  { run, concurrency, onRecord }: RunInProgress,
  produce: (missing: readonly U[], record: Recorder) => Promise<void>,
): Promise<boolean> {
  const missing = units.filter((unit) => !run.has(unit));
  for (const record of run.records) onRecord?.(record);
  if (missing.length > 0) {
    await run.appendTiming(invocation(concurrency));
    const startedAt = performance.now();
    await produce(missing, async (record, { computed, seconds }) => {
      await run.append(record, {
        index: record.index,
        repeat: record.repeat,
        seconds,
        elapsed: (performance.now() - startedAt) / 1000,
        policyTokensComputed: computed.policy,
        rewardTokensComputed: computed.reward,
      });
      onRecord?.(record);
    });
  }
  const isComplete = units.every((unit) => run.has(unit));
  if (isComplete) await run.finish();
  return isComplete;
}

/** Seconds that all invocations of a run took together, from its timing lines. */
export function totalSeconds(timings: readonly unknown[]): number {
  let total = 0;
  let current = 0;
  for (const line of timings) {
    const { started, elapsed } = Object(line) as { started?: unknown; elapsed?: unknown };
    if (started !== undefined) {
      total += current;
      current = 0;
    }
    if (typeof elapsed === 'number') current = Math.max(current, elapsed);
  }
  return total + current;
}

/** The line of timings.jsonl that opens an invocation: when, where and how it ran. */
function invocation(concurrency: number): Json {
  return {
    started: new Date().toISOString(),
    concurrency,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** The same error, which now says where it happened; its class and code stay. */
function inProblem(error: unknown, problem: PlacedProblem): unknown {
  if (error instanceof Error) error.message = `${error.message} (problem ${problem.id})`;
  return error;
}
