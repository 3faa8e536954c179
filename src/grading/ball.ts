// Complex numbers of 60 digits with a bound on their error. What the error leaves open is refused:
// a comparison of balls says equal only where both are known to 45 digits and agree in all of them.
import { Decimal } from 'decimal.js';
import type { Rational } from './rational.js';
import { Undecided, type Work } from './work.js';

/** Sixty digits, and range enough that the bounds below are met first. */
export const Real = Decimal.clone({ precision: 60, maxE: 9000, minE: -9000 });
export type Real = Decimal;

/** A disc in the complex plane. */
export interface Ball {
  readonly re: Real;
  readonly im: Real;
  /** The true value is no farther away than this. */
  readonly error: number;
}

/** Relative error of one operation, with room to spare: decimal.js rounds correctly. */
export const roundoff = 1e-58;
const zero = new Real(0);
/** Rationals with more digits would be too near to their neighbours for this precision. */
const mostDigits = 10n ** 40n;

/** @throws Undecided outside 10^±200 */
export function ball(re: Real, im: Real, error: number): Ball {
  for (const part of [re, im]) {
    const isInRange = part.isFinite() && (part.isZero() || Math.abs(part.e) <= 200);
    if (!isInRange) throw new Undecided('out of range');
  }
  if (!(error < 1e200)) throw new Undecided('out of range');
  return { re, im, error };
}

export function realBall(re: Real, error: number): Ball {
  return ball(re, zero, error);
}

/** @throws Undecided on more digits than this precision can tell from their neighbours */
export function ballOf({ numerator, denominator }: Rational): Ball {
  const magnitude = numerator < 0n ? -numerator : numerator;
  if (magnitude > mostDigits || denominator > mostDigits) throw new Undecided('too many digits');
  const top = new Real(numerator.toString());
  if (denominator === 1n) return realBall(top, 0);
  const value = top.div(denominator.toString());
  return realBall(value, roundoff * Math.abs(value.toNumber()));
}

export function size(a: Ball): number {
  return Math.hypot(a.re.toNumber(), a.im.toNumber());
}

export function isRealBall(a: Ball): boolean {
  return a.im.isZero();
}

export function add(a: Ball, b: Ball, work: Work): Ball {
  work.spend(3);
  const re = a.re.plus(b.re);
  const im = a.im.plus(b.im);
  return ball(re, im, a.error + b.error + roundoff * (size(a) + size(b)));
}

export function negate(a: Ball): Ball {
  return { re: a.re.neg(), im: a.im.neg(), error: a.error };
}

export function multiply(a: Ball, b: Ball, work: Work): Ball {
  const sizeA = size(a);
  const sizeB = size(b);
  const error = sizeA * b.error + sizeB * a.error + a.error * b.error + roundoff * sizeA * sizeB;
  if (isRealBall(a) && isRealBall(b)) {
    work.spend(6);
    return realBall(a.re.times(b.re), error);
  }
  work.spend(20);
  const re = a.re.times(b.re).minus(a.im.times(b.im));
  const im = a.re.times(b.im).plus(a.im.times(b.re));
  return ball(re, im, 4 * error);
}

/** @throws Undecided where it may be zero */
export function reciprocal(a: Ball, work: Work): Ball {
  const magnitude = awayFromZero(a);
  const result = 1 / magnitude;
  const error = (a.error * result) / (magnitude - a.error) + 4 * roundoff * result;
  if (isRealBall(a)) {
    work.spend(10);
    return realBall(new Real(1).div(a.re), error);
  }
  work.spend(30);
  const norm = a.re.times(a.re).plus(a.im.times(a.im));
  return ball(a.re.div(norm), a.im.neg().div(norm), error);
}

/** The size of a ball that cannot be zero. */
export function awayFromZero(a: Ball): number {
  const magnitude = size(a);
  if (magnitude === 0 || magnitude < 1e10 * a.error) throw new Undecided('it may be zero');
  return magnitude;
}

/** Whether two balls are one number: null where the errors leave it open. */
export function agree(a: Ball, b: Ball): boolean | null {
  const error = a.error + b.error;
  const distance = Math.hypot(a.re.minus(b.re).toNumber(), a.im.minus(b.im).toNumber());
  if (distance > 2 * error + 1e-190) return false;
  const largest = Math.max(size(a), size(b));
  // Two numbers that may both be zero are taken for zero if they are near enough to it.
  return error <= 1e-45 * largest || (largest <= 2 * error && error <= 1e-45) ? true : null;
}
