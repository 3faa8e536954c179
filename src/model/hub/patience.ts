// Trying again what may pass: how often, how long between, and what to say in the end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelError } from '../../errors.js';

export interface Patience {
  /** Attempts in a row that get nowhere. */
  readonly attempts: number;
  /** Before the second attempt; doubles for each one after it. */
  readonly firstWaitMs: number;
  /** The longest wait that a hub may ask for. */
  readonly maxWaitMs: number;
  /** The longest silence of a hub, before and inside its answer. */
  readonly stallMs: number;
}

export const PATIENCE: Patience = {
  attempts: 5,
  firstWaitMs: 1000,
  maxWaitMs: 5 * 60_000,
  stallMs: 30_000,
};

/** A failure that may pass. */
export class Transient extends Error {
  /** Whether the attempt got somewhere, so that counting starts anew. */
  hasProgressed = false;

  /**
   * @param fault to be thrown when patience ends
   * @param reason in a few words
   * @param waitMs what the hub asks for
   */
  constructor(
    readonly fault: ModelError,
    readonly reason: string,
    readonly waitMs?: number,
  ) {
    super(reason, { cause: fault });
  }
}

export interface Persistence {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Called before each wait. */
  readonly onWait: (waitMs: number, reason: string) => void;
}

/**
 * Calls `attempt` until it does not throw a `Transient`.
 * @throws the last one's fault when patience ends; anything else at once; the signal's reason
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  { patience, signal, onWait }: Persistence,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      if (error.hasProgressed) failures = 1;
      const waitMs = error.waitMs ?? patience.firstWaitMs * 2 ** (failures - 1);
      if (failures >= patience.attempts || waitMs > patience.maxWaitMs) throw error.fault;
      onWait(waitMs, error.reason);
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
