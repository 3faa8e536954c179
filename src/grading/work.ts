// The bound on deciding an equality: work units, never a clock, so that a verdict is the same on
// every machine. One unit is about a microsecond.

/**
 * Thrown inside this folder alone, and caught where a stage of a comparison ends: this stage cannot
 * decide (work used up, too large, division by zero, not its kind of number).
 */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

/** Work units for comparing two answers whose values are known, or the values within one. */
export const comparisonWork = 5000;

/** Counts work down; past the limit every further spending throws. */
export class Work {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get spent(): number {
    return this.#spent;
  }

  /** @throws Undecided once more than the limit is spent */
  spend(units: number): void {
    this.#spent += units;
    if (this.#spent > this.#limit) throw new Undecided('work used up');
  }
}

/** The result of a stage, or null where it could not decide. Other errors pass. */
export function attempt<T>(stage: () => T): T | null {
  try {
    return stage();
  } catch (error) {
    if (error instanceof Undecided) return null;
    throw error;
  }
}
