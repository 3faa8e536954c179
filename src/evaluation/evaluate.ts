// Searches for the answers of many problems, several at once through one engine, and hands over each
// result as it comes. Which of them finish first changes nothing in any of them.
import { setMaxListeners } from 'node:events';
import { availableParallelism, cpus } from 'node:os';
import type { SearchOptions } from '../search/options.js';
import type { SearchResult } from '../search/result.js';
import { search } from '../search/search.js';
import { type ResultRecord, recordResult } from './result-record.js';
import type { Json, RunDirectory } from './run-directory.js';
import type { PlacedProblem, Unit } from './units.js';

/** What every problem's search gets; the evaluation supplies the signal. */
export type SharedSearchOptions = Omit<SearchOptions, 'signal' | 'onTrace'>;

export interface SearchManyOptions<P extends PlacedProblem> {
  readonly options: SharedSearchOptions;
  /** Searches at once, >= 1. More fill the engine's batches better and need more KV memory. */
  readonly concurrency: number;
  /** Aborting ends what is unfinished; `searchMany` then resolves. */
  readonly signal: AbortSignal;
  /** Called as each problem finishes, in order of completion; the next one waits for it. */
  readonly onResult: (problem: P, result: SearchResult) => Promise<void> | void;
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
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  // Every search listens; Node takes more than ten for a leak.
  setMaxListeners(0, either);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let problem = problems[next++]; problem !== undefined; problem = problems[next++]) {
      if (either.aborted) return;
      try {
        const own = problem.seed === undefined ? {} : { seed: problem.seed };
        const result = await search(problem.problem, { ...options, ...own, signal: either });
        if (result.stopReason === 'aborted') return;
        await onResult(problem, result);
      } catch (error) {
        failure.abort();
        throw inProblem(error, problem);
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, problems.length) }, work);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

export interface EvaluateOptions extends Omit<SearchManyOptions<Unit>, 'onResult'> {
  readonly run: RunDirectory<ResultRecord>;
  /** Called with every record, also those that an earlier invocation left. */
  readonly onRecord?: (record: ResultRecord) => void;
}

/**
 * Finishes a run: searches the units it lacks, records each, and puts the run in dataset order once
 * none is missing. Resolves to whether it is complete; false only after an abort.
 * @throws as searchMany; what finished before is kept
 */
export async function evaluate(
  units: readonly Unit[],
  { run, onRecord, ...options }: EvaluateOptions,
): Promise<boolean> {
  const missing = units.filter((unit) => !run.has(unit));
  for (const record of run.records) onRecord?.(record);
  if (missing.length > 0) {
    await run.appendTiming(invocation(options.concurrency));
    const startedAt = performance.now();
    await searchMany(missing, {
      ...options,
      onResult: async (unit, result) => {
        const record = recordResult(unit, result);
        await run.append(record, {
          index: unit.index,
          repeat: unit.repeat,
          seconds: result.ledger.seconds,
          elapsed: (performance.now() - startedAt) / 1000,
          policyTokensComputed: result.ledger.computed.policy,
          rewardTokensComputed: result.ledger.computed.reward,
        });
        onRecord?.(record);
      },
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
