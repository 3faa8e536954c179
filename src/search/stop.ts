// What ends a search from outside its own course: the clock, an AbortSignal, an error.
// One signal of its own cancels whatever the engine still has queued.
import { setMaxListeners } from 'node:events';

/** Armed when made; `close` disarms it. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #external: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = () => this.#interrupt('aborted');
  #reason: 'milliseconds' | 'aborted' | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param milliseconds Infinity for no clock */
  constructor(milliseconds: number, external: AbortSignal | undefined) {
    // Every queued piece of work listens: many listeners are no leak here.
    setMaxListeners(0, this.#controller.signal);
    this.#external = external;
    if (external?.aborted) this.#onAbort();
    else external?.addEventListener('abort', this.#onAbort, { once: true });
    if (milliseconds !== Infinity) {
      const delay = Math.min(milliseconds, 2 ** 31 - 1);
      this.#timer = setTimeout(() => this.#interrupt('milliseconds'), delay);
      this.#timer.unref();
    }
  }

  /** Aborted once the search has to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What cut the search, if anything did. */
  get reason(): 'milliseconds' | 'aborted' | undefined {
    return this.#reason;
  }

  /** Ends the search with an error, unless one has already. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#controller.abort();
  }

  /** Takes a rejection of cancelled work for what it is; anything else is a failure. */
  absorb(error: unknown): void {
    const isOurs = this.signal.aborted && (error as { code?: unknown } | null)?.code === 'ABORTED';
    if (!isOurs) this.fail(error);
  }

  /** @throws the error that the search ended with, if one did */
  rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Forgets the clock and the outer signal. */
  close(): void {
    clearTimeout(this.#timer);
    this.#external?.removeEventListener('abort', this.#onAbort);
  }

  #interrupt(reason: 'milliseconds' | 'aborted'): void {
    if (this.signal.aborted) return;
    this.#reason = reason;
    this.#controller.abort();
  }
}
