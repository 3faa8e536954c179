// Exact sums of rational multiples of square roots of integers; √−1 is i. Square roots of integers
// whose products are no squares are linearly independent over the rationals, so a sum is zero only
// if it has no terms left. Nothing is factored: whether two roots belong together is one square test.
import {
  add as addRationals,
  chargeRationals,
  divide as divideRationals,
  exactRoot,
  minusOne,
  multiply as multiplyRationals,
  one,
  type Rational,
  ratio,
  size,
} from './rational.js';
import { Undecided, type Work } from './work.js';

/** `coefficient` × √`radicand`; the coefficient and the radicand are not zero. */
export interface SurdTerm {
  readonly coefficient: Rational;
  readonly radicand: bigint;
}

/** No two radicands have a square as their product. */
export type Surd = readonly SurdTerm[];

const mostTerms = 16;

export function surdOf(value: Rational): Surd {
  return value.numerator === 0n ? [] : [{ coefficient: value, radicand: 1n }];
}

/** The rational it is, or null. */
export function rationalOfSurd(value: Surd): Rational | null {
  const [term] = value;
  if (term === undefined) return ratio(0n);
  return value.length === 1 && term.radicand === 1n ? term.coefficient : null;
}

/** Whether it is real: no √ of a negative number. */
export function isReal(value: Surd): boolean {
  return value.every(({ radicand }) => radicand > 0n);
}

/** @throws Undecided on too many terms */
export function add(a: Surd, b: Surd, work: Work): Surd {
  const sum = [...a];
  for (const term of b) addTerm(sum, term, work);
  return sum;
}

/** @throws Undecided on too many terms */
export function multiply(a: Surd, b: Surd, work: Work): Surd {
  const product: SurdTerm[] = [];
  for (const x of a) {
    for (const y of b) {
      chargeRationals(work, x.coefficient, y.coefficient);
      // √−p √−q = −√pq.
      const sign = x.radicand < 0n && y.radicand < 0n ? minusOne : one;
      const coefficient = multiplyRationals(multiplyRationals(x.coefficient, y.coefficient), sign);
      addTerm(product, { coefficient, radicand: x.radicand * y.radicand }, work);
    }
  }
  return product;
}

export function negate(value: Surd): Surd {
  return value.map(({ coefficient, radicand }) => ({
    coefficient: { ...coefficient, numerator: -coefficient.numerator },
    radicand,
  }));
}

/**
 * 1 over it. Each conjugate takes one root out of the denominator.
 * @throws Undecided on zero, and where four conjugates do not suffice
 */
export function inverse(value: Surd, work: Work, conjugates = 4): Surd {
  const [first, ...rest] = value;
  if (first === undefined) throw new Undecided('division by zero');
  if (rest.length === 0) {
    // 1 / (c√r) = √r / (cr).
    const bottom = multiplyRationals(first.coefficient, ratio(first.radicand));
    return [{ coefficient: divideRationals(one, bottom), radicand: first.radicand }];
  }
  if (conjugates === 0) throw new Undecided('too many conjugates');
  const conjugate = add(rest, negate([first]), work);
  const norm = multiply(value, conjugate, work);
  return multiply(conjugate, inverse(norm, work, conjugates - 1), work);
}

/** @throws Undecided on results past the limits */
export function power(base: Surd, exponent: bigint, work: Work): Surd {
  const magnitude = exponent < 0n ? -exponent : exponent;
  if (base.length === 0 && exponent <= 0n) throw new Undecided('zero to a power not positive');
  if (magnitude > 256n) throw new Undecided('a large power of a surd');
  let result: Surd = surdOf(one);
  let square = base;
  for (let left = magnitude; left > 0n; left >>= 1n) {
    if (left % 2n === 1n) result = multiply(result, square, work);
    if (left > 1n) square = multiply(square, square, work);
  }
  return exponent < 0n ? inverse(result, work) : result;
}

/** √ of a rational number, the principal one. */
export function squareRoot({ numerator, denominator }: Rational, work: Work): Surd {
  // √(n/d) = √(nd) / d.
  const coefficient = ratio(1n, denominator);
  const result: SurdTerm[] = [];
  addTerm(result, { coefficient, radicand: numerator * denominator }, work);
  return result;
}

function addTerm(terms: SurdTerm[], given: SurdTerm, work: Work): void {
  const term = withoutSquare(given, work);
  if (term === null) return;
  for (const [index, other] of terms.entries()) {
    const product = other.radicand * term.radicand;
    work.spend(2 * size(product));
    const root = product > 0n ? exactRoot(product, 2) : null;
    if (root === null) continue;
    // √s = (√(rs) / |r|) √r, for r and s of one sign.
    const magnitude = other.radicand < 0n ? -other.radicand : other.radicand;
    const factor = multiplyRationals(term.coefficient, ratio(root, magnitude));
    const coefficient = addRationals(other.coefficient, factor);
    if (coefficient.numerator === 0n) terms.splice(index, 1);
    else terms[index] = { coefficient, radicand: other.radicand };
    return;
  }
  if (terms.length === mostTerms) throw new Undecided('too many terms');
  terms.push(term);
}

/** ±1 as the radicand of a square; null for a term that is zero. */
function withoutSquare(term: SurdTerm, work: Work): SurdTerm | null {
  const { coefficient, radicand } = term;
  if (coefficient.numerator === 0n || radicand === 0n) return null;
  const sign = radicand < 0n ? -1n : 1n;
  const magnitude = sign * radicand;
  if (magnitude === 1n) return term;
  work.spend(2 * size(magnitude));
  if (magnitude >= 1n << 2048n) throw new Undecided('too many digits');
  const root = exactRoot(magnitude, 2);
  if (root === null) return term;
  return { coefficient: multiplyRationals(coefficient, ratio(root)), radicand: sign };
}
