// Functions of balls: powers, roots, logarithms, trigonometry, and functions of integers.
import {
  add,
  awayFromZero,
  type Ball,
  ball,
  isRealBall,
  multiply,
  negate,
  Real,
  realBall,
  reciprocal,
  roundoff,
  size,
} from './ball.js';
import type { Rational } from './rational.js';
import { Undecided, type Work } from './work.js';

/** What exponentials, logarithms, sines and cosines of real numbers of 60 digits cost. */
const elementary = 300;
/** What an inverse trigonometric function costs. */
const inverse = 1200;
const half = new Real(0.5);
export const pi = Real.acos(-1);

export function exponential(a: Ball, work: Work): Ball {
  if (Math.abs(a.re.toNumber()) > 450 || a.error > 1e-3) throw new Undecided('out of range');
  work.spend(elementary);
  const magnitude = a.re.exp();
  const error = magnitude.toNumber() * (1.1 * a.error + 4 * roundoff);
  if (isRealBall(a)) return realBall(magnitude, error);
  const [x, y] = [realCosine(a.im, work), realSine(a.im, work)];
  return ball(magnitude.times(x), magnitude.times(y), 2 * error);
}

/** The principal logarithm. */
export function logarithm(a: Ball, work: Work): Ball {
  const magnitude = awayFromZero(a);
  work.spend(elementary);
  const relative = (2 * a.error) / magnitude;
  if (isRealBall(a) && a.re.isPositive()) {
    const value = a.re.ln();
    return realBall(value, relative + roundoff * (1 + Math.abs(value.toNumber())));
  }
  awayFromCut(a);
  const norm = a.re.times(a.re).plus(a.im.times(a.im));
  const re = norm.ln().times(half);
  const error = 2 * relative + roundoff * (10 + Math.abs(re.toNumber()));
  if (isRealBall(a)) return ball(re, pi, error);
  work.spend(inverse);
  return ball(re, Real.atan2(a.im, a.re), error);
}

/** The principal square root. */
export function squareRoot(a: Ball, work: Work): Ball {
  work.spend(isRealBall(a) ? 60 : 150);
  if (a.error === 0 && a.re.isZero() && a.im.isZero()) return a;
  const magnitude = awayFromZero(a);
  const error = a.error / Math.sqrt(magnitude) + 4 * roundoff * Math.sqrt(magnitude);
  if (isRealBall(a)) {
    const root = a.re.abs().sqrt();
    return a.re.isPositive() ? realBall(root, error) : ball(new Real(0), root, error);
  }
  awayFromCut(a);
  const norm = a.re.times(a.re).plus(a.im.times(a.im)).sqrt();
  const larger = norm.plus(a.re.abs()).times(half).sqrt();
  const smaller = a.im.times(half).div(larger);
  if (a.re.isPositive()) return ball(larger, smaller, 4 * error);
  const sign = a.im.isNegative() ? -1 : 1;
  return ball(smaller.times(sign), larger.times(sign), 4 * error);
}

/** A root of a degree above 2: the real one where there is one. */
export function root(a: Ball, index: number, work: Work): Ball {
  if (index === 2) return squareRoot(a, work);
  if (a.error === 0 && size(a) === 0) return a;
  const isOddRoot = index % 2 === 1 && isRealBall(a) && a.re.isNegative();
  const base = isOddRoot ? negate(a) : a;
  const share = realBall(new Real(1).div(index), roundoff);
  const result = exponential(multiply(logarithm(base, work), share, work), work);
  return isOddRoot ? negate(result) : result;
}

/** `rational` is the exponent where it is known exactly. */
export function power(base: Ball, exponent: Ball, rational: Rational | null, work: Work): Ball {
  if (rational !== null) {
    const { numerator, denominator } = rational;
    if (denominator <= 64n && numerator <= 512n && numerator >= -512n) {
      const rooted = denominator === 1n ? base : root(base, Number(denominator), work);
      return integerPower(rooted, Number(numerator), work);
    }
  }
  return exponential(multiply(logarithm(base, work), exponent, work), work);
}

function integerPower(base: Ball, exponent: number, work: Work): Ball {
  if (exponent < 0) return reciprocal(integerPower(base, -exponent, work), work);
  if (exponent === 0) {
    awayFromZero(base);
    return realBall(new Real(1), 0);
  }
  let result: Ball | null = null;
  let square = base;
  for (let left = exponent; left > 0; left >>= 1) {
    if (left % 2 === 1) result = result === null ? square : multiply(result, square, work);
    if (left > 1) square = multiply(square, square, work);
  }
  return result ?? base;
}

export function cosine(a: Ball, work: Work): Ball {
  if (!isRealBall(a)) return circular(a, work)[0];
  return realBall(realCosine(a.re, work), 1.1 * a.error + 4 * roundoff);
}

export function sine(a: Ball, work: Work): Ball {
  if (!isRealBall(a)) return circular(a, work)[1];
  return realBall(realSine(a.re, work), 1.1 * a.error + 4 * roundoff);
}

export function tangent(a: Ball, work: Work): Ball {
  const [x, y] = circular(a, work);
  return multiply(y, reciprocal(x, work), work);
}

/** Cosine and sine. */
function circular(a: Ball, work: Work): readonly [Ball, Ball] {
  const [x, y] = [realCosine(a.re, work), realSine(a.re, work)];
  const error = 1.1 * a.error + 4 * roundoff;
  if (isRealBall(a)) return [realBall(x, error), realBall(y, error)];
  if (Math.abs(a.im.toNumber()) > 100 || a.error > 1e-3) throw new Undecided('out of range');
  work.spend(elementary);
  const grown = a.im.exp();
  const shrunk = new Real(1).div(grown);
  const hyperbolicCosine = grown.plus(shrunk).times(half);
  const hyperbolicSine = grown.minus(shrunk).times(half);
  const scaled = 4 * error * hyperbolicCosine.toNumber();
  return [
    ball(x.times(hyperbolicCosine), y.times(hyperbolicSine).neg(), scaled),
    ball(y.times(hyperbolicCosine), x.times(hyperbolicSine), scaled),
  ];
}

function realCosine(angle: Real, work: Work): Real {
  return checkedAngle(angle, work).cos();
}

function realSine(angle: Real, work: Work): Real {
  return checkedAngle(angle, work).sin();
}

function checkedAngle(angle: Real, work: Work): Real {
  if (Math.abs(angle.toNumber()) > 1e6) throw new Undecided('an angle too large');
  work.spend(elementary);
  return angle;
}

export function hyperbolic(name: 'sinh' | 'cosh' | 'tanh', a: Ball, work: Work): Ball {
  const grown = exponential(a, work);
  const shrunk = reciprocal(grown, work);
  const halved = realBall(half, 0);
  const sum = multiply(add(grown, shrunk, work), halved, work);
  const difference = multiply(add(grown, negate(shrunk), work), halved, work);
  if (name === 'cosh') return sum;
  return name === 'sinh' ? difference : multiply(difference, reciprocal(sum, work), work);
}

/** Inverse functions of real numbers in their real domains. */
export function arc(name: 'arcsin' | 'arccos' | 'arctan', a: Ball, work: Work): Ball {
  if (!isRealBall(a)) throw new Undecided('an inverse function of a complex number');
  work.spend(inverse);
  if (name === 'arctan') return realBall(a.re.atan(), a.error + 4 * roundoff);
  const value = name === 'arcsin' ? a.re.asin() : a.re.acos();
  const room = 1 - a.re.toNumber() ** 2;
  const isEdge = a.error === 0 && a.re.abs().equals(1);
  if (!isEdge && room < 1e-6) throw new Undecided('too near the edge of the domain');
  return realBall(value, (isEdge ? 0 : a.error / Math.sqrt(room)) + 8 * roundoff);
}

/** The integer it must be, or null. */
export function nearInteger(a: Ball): Real | null {
  if (!isRealBall(a) || a.error > 1e-40) return null;
  const nearest = a.re.round();
  return nearest.minus(a.re).abs().toNumber() <= 2 * a.error ? nearest : null;
}

/** @throws Undecided on complex numbers, and where the error leaves the integer open */
export function rounded(name: 'floor' | 'ceil', a: Ball): Ball {
  if (!isRealBall(a)) throw new Undecided('a complex number');
  if (a.error > 0 && (a.error > 1e-20 || nearInteger(a) !== null)) {
    throw new Undecided('too near an integer');
  }
  return realBall(name === 'floor' ? a.re.floor() : a.re.ceil(), 0);
}

/** A logarithm's branch must not hang on the error. */
function awayFromCut(a: Ball): void {
  if (isRealBall(a) || a.re.isPositive()) return;
  if (Math.abs(a.im.toNumber()) < 1e10 * a.error) throw new Undecided('on a branch cut');
}
