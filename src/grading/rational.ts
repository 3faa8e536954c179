// Exact rational numbers of bounded size, in lowest terms, the denominator positive.
import { Undecided, type Work } from './work.js';

export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Numerators and denominators stay below this in magnitude. */
const limit = 1n << 2048n;
const word = 1n << 64n;
const fewWords = 1n << 512n;

export const zero: Rational = { numerator: 0n, denominator: 1n };
export const one: Rational = { numerator: 1n, denominator: 1n };
export const minusOne: Rational = { numerator: -1n, denominator: 1n };

/** @throws Undecided on a denominator of zero and on numbers past the limit */
export function ratio(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new Undecided('division by zero');
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -1n : 1n;
  const n = (sign * numerator) / divisor;
  const d = (sign * denominator) / divisor;
  if (n >= limit || n <= -limit || d >= limit) throw new Undecided('too many digits');
  return { numerator: n, denominator: d };
}

export function add(a: Rational, b: Rational): Rational {
  const numerator = a.numerator * b.denominator + b.numerator * a.denominator;
  return ratio(numerator, a.denominator * b.denominator);
}

export function multiply(a: Rational, b: Rational): Rational {
  return ratio(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** @throws Undecided on a divisor of zero */
export function divide(a: Rational, b: Rational): Rational {
  return ratio(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** @throws Undecided on 0 to a power that is not positive, and before any result past the limit */
export function power(base: Rational, exponent: bigint): Rational {
  if (base.numerator === 0n) {
    if (exponent <= 0n) throw new Undecided('zero to a power that is not positive');
    return zero;
  }
  const magnitude = exponent < 0n ? -exponent : exponent;
  const isUnit = base.denominator === 1n && (base.numerator === 1n || base.numerator === -1n);
  if (isUnit) return magnitude % 2n === 0n ? one : base;
  if (magnitude > 2048n) throw new Undecided('too many digits');
  const bits = BigInt(Math.max(bitLength(base.numerator), bitLength(base.denominator)) - 1);
  if (bits * magnitude > 2048n) throw new Undecided('too many digits');
  const n = base.numerator ** magnitude;
  const d = base.denominator ** magnitude;
  return exponent < 0n ? ratio(d, n) : ratio(n, d);
}

/** Below 0, 0 or above 0, as `a` is less than, equal to or greater than `b`. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The integer it is, or null. */
export function integerOf(value: Rational): bigint | null {
  return value.denominator === 1n ? value.numerator : null;
}

/** The greatest integer not above it. */
export function floor(value: Rational): bigint {
  const quotient = value.numerator / value.denominator;
  return value.numerator < 0n && quotient * value.denominator !== value.numerator
    ? quotient - 1n
    : quotient;
}

/** Never negative; of 0 and 0 it is 1, so that it can always divide. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

/** The integer whose `index`-th power is `value` (0 or more), or null. */
export function exactRoot(value: bigint, index: number): bigint | null {
  if (value < 2n) return value;
  const bits = bitLength(value);
  if (bits <= index) return null;
  // Newton's method from above falls until it is there.
  const n = BigInt(index);
  let root = 1n << BigInt(Math.ceil(bits / index));
  for (;;) {
    const next = ((n - 1n) * root + value / root ** (n - 1n)) / n;
    if (next >= root) break;
    root = next;
  }
  return root ** n === value ? root : null;
}

/** Charges one exact operation on two numbers by their size. */
export function chargeRationals(work: Work, a: Rational, b: Rational = a): void {
  work.spend(
    Math.max(size(a.numerator), size(a.denominator), size(b.numerator), size(b.denominator)),
  );
}

/** What an operation on an integer costs, in work units. */
export function size(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < word) return 1;
  return magnitude < fewWords ? 40 : 400;
}

function bitLength(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)));
}
