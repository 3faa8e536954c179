// Exact values of constant expressions. Where both sides of a comparison have one, it decides alone.
import type { Arithmetic } from './evaluate.js';
import type { ConstantName, FunctionName } from './expression.js';
import {
  chargeRationals,
  compare,
  exactRoot,
  floor,
  greatestCommonDivisor,
  integerOf,
  minusOne,
  multiply,
  power,
  type Rational,
  ratio,
  size,
} from './rational.js';
import * as surds from './surd.js';
import { Undecided, type Work } from './work.js';

/** Arithmetic on exact sums of square roots, charged to `work`. */
export class ExactArithmetic implements Arithmetic<surds.Surd> {
  readonly #work: Work;

  constructor(work: Work) {
    this.#work = work;
  }

  number(value: Rational): surds.Surd {
    this.#work.spend(1);
    return surds.surdOf(value);
  }

  constant(name: ConstantName): surds.Surd {
    if (name === 'i') return [{ coefficient: ratio(1n), radicand: -1n }];
    throw new Undecided('not algebraic');
  }

  symbol(): never {
    throw new Undecided('a variable');
  }

  add(a: surds.Surd, b: surds.Surd): surds.Surd {
    this.#charge(a, b);
    return surds.add(a, b, this.#work);
  }

  multiply(a: surds.Surd, b: surds.Surd): surds.Surd {
    this.#charge(a, b);
    return surds.multiply(a, b, this.#work);
  }

  divide(a: surds.Surd, b: surds.Surd): surds.Surd {
    this.#charge(a, b);
    return surds.multiply(a, surds.inverse(b, this.#work), this.#work);
  }

  power(base: surds.Surd, exponent: surds.Surd): surds.Surd {
    const rational = surds.rationalOfSurd(exponent);
    if (rational === null) throw new Undecided('not algebraic');
    const { numerator, denominator } = rational;
    const value = surds.rationalOfSurd(base);
    this.#work.spend(4);
    if (denominator === 1n) {
      if (value === null) return surds.power(base, numerator, this.#work);
      const result = power(value, numerator);
      chargeRationals(this.#work, result);
      return surds.surdOf(result);
    }
    if (denominator > 64n) throw new Undecided('a root of high degree');
    if (numerator === 0n) return surds.surdOf(ratio(1n));
    const root = this.root(base, Number(denominator));
    return this.power(root, surds.surdOf(ratio(numerator)));
  }

  root(radicand: surds.Surd, index: number): surds.Surd {
    const value = surds.rationalOfSurd(radicand);
    if (value === null) throw new Undecided('a root of a surd');
    this.#work.spend(10 * Math.max(size(value.numerator), size(value.denominator)));
    if (index === 2) return surds.squareRoot(value, this.#work);
    const isNegative = value.numerator < 0n;
    // Roots of odd degree are the real ones.
    if (isNegative && index % 2 === 0) throw new Undecided('a complex root');
    const magnitude = isNegative ? -value.numerator : value.numerator;
    const top = exactRoot(magnitude, index);
    const bottom = exactRoot(value.denominator, index);
    if (top !== null && bottom !== null) {
      return surds.surdOf(ratio(isNegative ? -top : top, bottom));
    }
    if (index % 2 === 1) throw new Undecided('an irrational root');
    const half = this.root(radicand, index / 2);
    return this.root(half, 2);
  }

  call(name: FunctionName, operands: readonly surds.Surd[]): surds.Surd {
    const [first = []] = operands;
    if (name === 'abs' && first.length === 1 && surds.isReal(first)) {
      return first[0] !== undefined && first[0].coefficient.numerator < 0n
        ? surds.negate(first)
        : first;
    }
    const rationals = operands.map((operand) => {
      const value = surds.rationalOfSurd(operand);
      if (value === null) throw new Undecided('a function of a surd');
      chargeRationals(this.#work, value);
      return value;
    });
    return surds.surdOf(callRational(name, rationals, this.#work));
  }

  integer(value: surds.Surd): number {
    const rational = surds.rationalOfSurd(value);
    const integer = rational === null ? null : integerOf(rational);
    if (integer === null || integer > 1_000_000n || integer < -1_000_000n) {
      throw new Undecided('no integer for a bound');
    }
    return Number(integer);
  }

  #charge(a: surds.Surd, b: surds.Surd): void {
    this.#work.spend(1);
    for (const x of a) chargeRationals(this.#work, x.coefficient);
    for (const y of b) chargeRationals(this.#work, y.coefficient);
  }
}

function callRational(name: FunctionName, operands: readonly Rational[], work: Work): Rational {
  const [x] = operands;
  if (x === undefined) throw new Undecided('no argument');
  switch (name) {
    case 'abs':
      return x.numerator < 0n ? multiply(x, minusOne) : x;
    case 'floor':
      return ratio(floor(x));
    case 'ceil':
      return ratio(-floor(multiply(x, minusOne)));
    case 'percent':
      return multiply(x, ratio(1n, 100n));
    case 'max':
      return operands.reduce((a, b) => (compare(a, b) < 0 ? b : a));
    case 'min':
      return operands.reduce((a, b) => (compare(a, b) > 0 ? b : a));
    case 'factorial':
      return ratio(factorial(smallInteger(x), work));
    case 'binomial':
      return ratio(binomial(smallInteger(x), smallInteger(operands[1] ?? x), work));
    case 'gcd':
      return ratio(operands.map(integer).reduce(greatestCommonDivisor));
    case 'lcm':
      return ratio(
        operands
          .map(integer)
          .reduce((a, b) => (a * b < 0n ? -a * b : a * b) / greatestCommonDivisor(a, b)),
      );
    default:
      throw new Undecided('not rational');
  }
}

function integer(value: Rational): bigint {
  const found = integerOf(value);
  if (found === null) throw new Undecided('no integer');
  return found;
}

/** An integer from 0 to 300. */
function smallInteger(value: Rational): number {
  const found = integer(value);
  if (found < 0n || found > 300n) throw new Undecided('a factorial too large');
  return Number(found);
}

export function factorial(n: number, work: Work): bigint {
  work.spend(1 + n);
  let product = 1n;
  for (let i = 2; i <= n; i++) product *= BigInt(i);
  return product;
}

export function binomial(n: number, k: number, work: Work): bigint {
  if (k > n) return 0n;
  work.spend(1 + k);
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}
