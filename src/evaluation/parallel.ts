// Does many pieces of work, several at once; the first failure ends the rest.
import { setMaxListeners } from 'node:events';

export interface ParallelOptions {
  /** Pieces at once, >= 1. */
  readonly concurrency: number;
  /** Aborting starts nothing new; what runs sees it through the signal that it gets. */
  readonly signal: AbortSignal;
}

/**
 * Calls `work` for every item, in order, and resolves once all that was started has ended. Its signal
 * is aborted by the caller's and by a failure.
 * @throws what `work` rejects with first
 */
export async function forEachAtOnce<T>(
  items: readonly T[],
  { concurrency, signal }: ParallelOptions,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  // Every piece of work listens; Node takes more than ten for a leak.
  setMaxListeners(0, either);
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of { [Symbol.iterator]: () => queue }) {
      if (either.aborted) return;
      try {
        await work(item, either);
      } catch (error) {
        failure.abort();
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
