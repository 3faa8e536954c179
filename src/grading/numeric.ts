// Numeric values of expressions, at points that stand for random ones.
import { createHash } from 'node:crypto';
import * as balls from './ball.js';
import * as functions from './ball-functions.js';
import type { Arithmetic } from './evaluate.js';
import { binomial, factorial } from './exact.js';
import type { ConstantName, FunctionName } from './expression.js';
import { type Rational, ratio } from './rational.js';
import { Undecided, type Work } from './work.js';

type Ball = balls.Ball;

const euler = balls.Real.exp(1);

/**
 * Which numbers variables stand for: `complex` ones and real ones of both signs; `real` ones alone,
 * where |x| or ⌊x⌋ is about; small `integer`s, where factorials are.
 */
export type PointKind = 'complex' | 'real' | 'integer';

/** How many points there are of each kind. */
export const numericPoints: Readonly<Record<PointKind, number>> = {
  complex: 4,
  real: 6,
  integer: 6,
};

/** Arithmetic on balls at one point, charged to `work`. */
export class NumericArithmetic implements Arithmetic<Ball> {
  readonly #kind: PointKind;
  readonly #point: number;
  readonly #work: Work;
  readonly #symbols = new Map<string, Ball>();

  constructor(kind: PointKind, point: number, work: Work) {
    this.#kind = kind;
    this.#point = point;
    this.#work = work;
  }

  number(value: Rational): Ball {
    this.#work.spend(6);
    return balls.ballOf(value);
  }

  constant(name: ConstantName): Ball {
    if (name === 'infinity') throw new Undecided('no number');
    if (name === 'i') return balls.ball(new balls.Real(0), new balls.Real(1), 0);
    if (name === 'pi') return balls.realBall(functions.pi, 4 * balls.roundoff);
    return balls.realBall(euler, 4 * balls.roundoff);
  }

  symbol(name: string): Ball {
    const known = this.#symbols.get(name);
    if (known !== undefined) return known;
    this.#work.spend(20);
    const value = variable(name, this.#kind, this.#point);
    this.#symbols.set(name, value);
    return value;
  }

  add(a: Ball, b: Ball): Ball {
    return balls.add(a, b, this.#work);
  }

  multiply(a: Ball, b: Ball): Ball {
    return balls.multiply(a, b, this.#work);
  }

  divide(a: Ball, b: Ball): Ball {
    return balls.multiply(a, balls.reciprocal(b, this.#work), this.#work);
  }

  power(base: Ball, exponent: Ball, rational: Rational | null): Ball {
    const isConstantE = base.re.equals(euler) && balls.isRealBall(base);
    if (isConstantE && rational === null) return functions.exponential(exponent, this.#work);
    const known = rational ?? smallInteger(exponent);
    return functions.power(base, exponent, known, this.#work);
  }

  root(radicand: Ball, index: number): Ball {
    return functions.root(radicand, index, this.#work);
  }

  call(name: FunctionName, operands: readonly Ball[]): Ball {
    const work = this.#work;
    const [a, b] = operands;
    if (a === undefined) throw new Undecided('no argument');
    switch (name) {
      case 'sin':
        return functions.sine(a, work);
      case 'cos':
        return functions.cosine(a, work);
      case 'tan':
        return functions.tangent(a, work);
      case 'cot':
        return this.divide(functions.cosine(a, work), functions.sine(a, work));
      case 'sec':
        return balls.reciprocal(functions.cosine(a, work), work);
      case 'csc':
        return balls.reciprocal(functions.sine(a, work), work);
      case 'arcsin':
      case 'arccos':
      case 'arctan':
        return functions.arc(name, a, work);
      case 'sinh':
      case 'cosh':
      case 'tanh':
        return functions.hyperbolic(name, a, work);
      case 'exp':
        return functions.exponential(a, work);
      case 'ln':
        return functions.logarithm(a, work);
      case 'log':
        return this.#logarithm(balls.realBall(new balls.Real(10), 0), a);
      case 'logBase':
        return this.#logarithm(a, b ?? a);
      case 'degrees':
        return this.divide(this.multiply(a, this.constant('pi')), this.number(ratio(180n)));
      case 'percent':
        return this.divide(a, this.number(ratio(100n)));
      default:
        return this.#integerCall(name, operands);
    }
  }

  integer(value: Ball): number {
    const integer = smallInteger(value);
    if (integer === null) throw new Undecided('no integer');
    return Number(integer.numerator);
  }

  #logarithm(base: Ball, value: Ball): Ball {
    return this.divide(
      functions.logarithm(value, this.#work),
      functions.logarithm(base, this.#work),
    );
  }

  /** Functions of real numbers and of integers. */
  #integerCall(name: FunctionName, operands: readonly Ball[]): Ball {
    const [a, b] = operands as readonly [Ball, Ball?];
    this.#work.spend(10);
    if (name === 'abs') {
      if (balls.isRealBall(a)) return a.re.isNegative() ? balls.negate(a) : a;
      const norm = a.re.times(a.re).plus(a.im.times(a.im)).sqrt();
      return balls.realBall(norm, 2 * a.error + balls.roundoff * norm.toNumber());
    }
    if (name === 'floor' || name === 'ceil') return functions.rounded(name, a);
    if (name === 'max' || name === 'min') {
      if (!operands.every(balls.isRealBall)) throw new Undecided('a complex number');
      const values = operands.map(({ re }) => re);
      const chosen = name === 'max' ? balls.Real.max(...values) : balls.Real.min(...values);
      return balls.realBall(chosen, Math.max(...operands.map(({ error }) => error)));
    }
    const n = this.#natural(a);
    if (name === 'factorial') return balls.ballOf(ratio(factorial(n, this.#work)));
    if (name === 'binomial' && b !== undefined) {
      return balls.ballOf(ratio(binomial(n, this.#natural(b), this.#work)));
    }
    throw new Undecided('a function of integers');
  }

  #natural(value: Ball): number {
    const n = this.integer(value);
    if (n < 0 || n > 300) throw new Undecided('a factorial too large');
    return n;
  }
}

function smallInteger(value: Ball): Rational | null {
  const integer = functions.nearInteger(value);
  if (integer === null || integer.abs().greaterThan(1000)) return null;
  return ratio(BigInt(integer.toFixed(0)));
}

/** What a variable stands for at a point: always the same, and unlike every other variable. */
function variable(name: string, kind: PointKind, point: number): Ball {
  const hash = createHash('sha256').update(`${kind} ${point} ${name}`).digest('hex');
  const fraction = (from: number): balls.Real =>
    new balls.Real(`0x${hash.slice(from, from + 32)}`).div(new balls.Real(2).pow(128));
  const error = balls.roundoff;
  if (kind === 'integer') {
    // Letters that are chosen from, as n in "n choose k", should mostly be the greater ones.
    const least = /^[nNmM]/.test(name) ? 12 : 2;
    return balls.realBall(fraction(0).times(9).floor().plus(least), 0);
  }
  if (kind === 'complex' && point < 2) {
    const re = fraction(0).plus(0.3);
    const im = fraction(32).plus(0.3);
    return point === 0 ? balls.ball(re, im, error) : balls.ball(re.neg(), im.neg(), error);
  }
  // The signs of a letter over the points are its own: no two letters share them.
  const isLetter = /^[A-Za-z]$/.test(name);
  const pattern = isLetter
    ? 1 + (name.toLowerCase().charCodeAt(0) - 97) * 2 + (name < 'a' ? 1 : 0)
    : 1 + (Number.parseInt(hash.slice(60), 16) % 62);
  const sign = (pattern >> point) % 2 === 1 ? -1 : 1;
  const isSmall = kind === 'complex' || point % 2 === 0;
  const magnitude = isSmall ? fraction(0).times(0.8).plus(0.1) : fraction(0).times(3).plus(1.2);
  return balls.realBall(magnitude.times(sign), error);
}
