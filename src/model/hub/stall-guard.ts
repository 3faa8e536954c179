// A limit on how long the other side of a connection may be silent, beside the caller's own signal.

/** Aborts a request when the one who asked says so, or when a wait for the other side is too long. */
export class StallGuard {
  hasStalled = false;
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();

  constructor(
    readonly stallMs: number,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.#stalled.signal]);
  }

  /** Waits for the other side; time spent otherwise does not count. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.hasStalled = true;
      this.#stalled.abort();
    }, this.stallMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
