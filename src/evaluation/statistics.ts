// Intervals for the accuracies that evaluation reports.

/** A proportion with its interval, all in [0, 1]; `low` and `high` are 0 and 1 when nothing was seen. */
export interface Proportion {
  readonly successes: number;
  readonly total: number;
  /** successes / total; 0 when total is 0. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** The normal distribution's 97.5% quantile: two-sided 95%. */
const Z95 = 1.959963984540054;

/**
 * The Wilson score interval (E. B. Wilson, 1927), without continuity correction. Unlike p ± z·se it
 * stays inside [0, 1] and keeps its width at 0 and 1.
 * @throws RangeError unless 0 <= successes <= total, both integers
 */
export function wilsonInterval(successes: number, total: number, z: number = Z95): Proportion {
  if (!Number.isInteger(successes) || !Number.isInteger(total) || successes < 0) {
    throw new RangeError(`Expected counts >= 0, got ${successes} of ${total}`);
  }
  if (successes > total) throw new RangeError(`Expected at most ${total}, got ${successes}`);
  if (total === 0) return { successes, total, rate: 0, low: 0, high: 1 };
  const rate = successes / total;
  const spread = (z * z) / total;
  const centre = (rate + spread / 2) / (1 + spread);
  const half = (Math.sqrt((rate * (1 - rate) + spread / 4) / total) * z) / (1 + spread);
  return {
    successes,
    total,
    rate,
    // The algebra gives exactly 0 and 1 at the ends; rounding must not.
    low: successes === 0 ? 0 : centre - half,
    high: successes === total ? 1 : centre + half,
  };
}
