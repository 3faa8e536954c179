// The kinds of numbers against oracles: exact ones against brute force and against numeric ones,
// numeric ones against twice as many digits, modular ones against polynomials multiplied out.
import { Decimal } from 'decimal.js';
import { describe, expect, test } from 'vitest';
import { agree, type Ball, ball, Real, realBall, size } from '../../src/grading/ball.js';
import * as functions from '../../src/grading/ball-functions.js';
import { Cursor } from '../../src/grading/cursor.js';
import { evaluate } from '../../src/grading/evaluate.js';
import { ExactArithmetic } from '../../src/grading/exact.js';
import type { Expression } from '../../src/grading/expression.js';
import { ExpressionParser } from '../../src/grading/expression-parser.js';
import { tokenize } from '../../src/grading/lexer.js';
import { ModularArithmetic } from '../../src/grading/modular.js';
import { NumericArithmetic } from '../../src/grading/numeric.js';
import { compare, exactRoot, floor, ratio } from '../../src/grading/rational.js';
import { add, inverse, multiply, negate, type Surd } from '../../src/grading/surd.js';
import { attempt, Undecided, Work } from '../../src/grading/work.js';
import { randomNumbers } from './random-answers.js';

const plenty = () => new Work(1e9);

function parse(text: string): Expression {
  return new ExpressionParser(new Cursor(tokenize(text))).parse();
}

describe('rational numbers', () => {
  test('order and rounding, against integers', () => {
    for (let n = -20; n <= 20; n++) {
      for (let d = 1; d <= 7; d++) {
        expect(Number(floor(ratio(BigInt(n), BigInt(d))))).toBe(Math.floor(n / d));
        expect(Math.sign(compare(ratio(BigInt(n), BigInt(d)), ratio(1n)))).toBe(Math.sign(n - d));
        expect(ratio(BigInt(n), BigInt(-d))).toEqual(ratio(BigInt(-n), BigInt(d)));
      }
    }
  });

  test('roots, against powers', () => {
    for (let index = 2; index <= 9; index++) {
      for (let base = 0n; base <= 40n; base++) {
        const power = base ** BigInt(index);
        expect(exactRoot(power, index)).toBe(base);
        if (base > 1n) expect(exactRoot(power + 1n, index)).toBe(null);
        if (base > 1n) expect(exactRoot(power - 1n, index)).toBe(null);
      }
    }
    const large = 3n ** 400n;
    expect(exactRoot(large * large, 2)).toBe(large);
    expect(exactRoot(large * large + 1n, 2)).toBe(null);
  });

  test('are bounded', () => {
    expect(() => ratio(1n << 3000n)).toThrow(Undecided);
    expect(() => ratio(1n, 0n)).toThrow(Undecided);
  });
});

/** A random constant that sums of square roots can hold. */
function surdText(next: () => number, depth: number): string {
  const integer = () => String(1 + Math.floor(next() * 30));
  if (depth === 0)
    return next() < 0.5 ? integer() : `\\sqrt{${next() < 0.2 ? '-' : ''}${integer()}}`;
  const [a, b] = [surdText(next, depth - 1), surdText(next, depth - 1)];
  const forms = [`(${a}+${b})`, `(${a}-${b})`, `(${a})(${b})`, `\\frac{${a}}{${b}}`, `(${a})^2`];
  return forms[Math.floor(next() * forms.length)] ?? a;
}

describe('sums of square roots', () => {
  const exactOf = (text: string) => evaluate(parse(text), new ExactArithmetic(plenty()));
  const numericOf = (text: string) =>
    evaluate(parse(text), new NumericArithmetic('complex', 0, plenty()));

  test('are what 60 digits say', () => {
    const next = randomNumbers(11);
    let decided = 0;
    for (let i = 0; i < 400; i++) {
      const text = surdText(next, 1 + (i % 3));
      const exact = attempt(() => exactOf(text));
      const numeric = attempt(() => numericOf(text));
      if (exact === null || numeric === null) continue;
      decided++;
      let sum: Ball = realBall(new Real(0), 0);
      const arithmetic = new NumericArithmetic('complex', 0, plenty());
      for (const { coefficient, radicand } of exact) {
        const root = arithmetic.root(arithmetic.number(ratio(radicand)), 2);
        sum = arithmetic.add(sum, arithmetic.multiply(arithmetic.number(coefficient), root));
      }
      expect(agree(sum, numeric), text).toBe(true);
    }
    expect(decided).toBeGreaterThan(250);
  });

  test('have inverses', () => {
    const next = randomNumbers(12);
    for (let i = 0; i < 200; i++) {
      const value = attempt(() => exactOf(surdText(next, 2)));
      if (value === null || value.length === 0) continue;
      const reciprocal = attempt(() => inverse(value, plenty()));
      if (reciprocal === null) continue;
      const difference = add(multiply(value, reciprocal, plenty()), negate(one), plenty());
      expect(difference).toEqual([]);
    }
  });

  test.each([
    ['\\sqrt{8}-2\\sqrt{2}', 0],
    ['\\sqrt{2}+\\sqrt{3}', 2],
    ['\\sqrt{6}-\\sqrt{2}\\sqrt{3}', 0],
    ['\\sqrt{-2}\\sqrt{-2}+2', 0],
    ['\\sqrt{10^{30}+1}', 1],
    ['\\sqrt{5}\\cdot\\sqrt{20}-10', 0],
  ])('%s has %i terms', (text, terms) => {
    expect(exactOf(text)).toHaveLength(terms);
  });

  const one: Surd = [{ coefficient: ratio(1n), radicand: 1n }];
});

describe('numbers of 60 digits, against 130', () => {
  const Fine = Decimal.clone({ precision: 130, maxE: 9000, minE: -9000 });
  const oracles: Readonly<Record<string, readonly [(a: Ball) => Ball, (x: Decimal) => Decimal]>> = {
    exponential: [(a) => functions.exponential(a, plenty()), (x) => x.exp()],
    logarithm: [(a) => functions.logarithm(a, plenty()), (x) => x.ln()],
    'square root': [(a) => functions.squareRoot(a, plenty()), (x) => x.sqrt()],
    'cube root': [(a) => functions.root(a, 3, plenty()), (x) => x.cbrt()],
    sine: [(a) => functions.sine(a, plenty()), (x) => x.sin()],
    cosine: [(a) => functions.cosine(a, plenty()), (x) => x.cos()],
    tangent: [(a) => functions.tangent(a, plenty()), (x) => x.tan()],
    'hyperbolic sine': [(a) => functions.hyperbolic('sinh', a, plenty()), (x) => x.sinh()],
    'hyperbolic tangent': [(a) => functions.hyperbolic('tanh', a, plenty()), (x) => x.tanh()],
    'inverse tangent': [(a) => functions.arc('arctan', a, plenty()), (x) => x.atan()],
    power: [(a) => functions.power(a, a, null, plenty()), (x) => x.pow(x)],
    'large power': [(a) => functions.power(a, a, ratio(-37n), plenty()), (x) => x.pow(-37)],
  };

  test.each(Object.keys(oracles))('%s stays within its error, and the error is small', (name) => {
    const [own, oracle] = oracles[name] as (typeof oracles)[string];
    const next = randomNumbers(13);
    for (let i = 0; i < 25; i++) {
      // Exact inputs, and ones that are off by as much as they say.
      const x = new Real(next()).times(20).plus(0.01);
      const error = i % 2 ? 1e-50 * x.toNumber() : 0;
      const result = own(realBall(x, error));
      const shifted = new Fine(x.toString()).plus(new Fine(error).times(0.99));
      const truth = oracle(shifted);
      const distance = truth.minus(result.re.toString()).abs();
      expect(distance.lessThanOrEqualTo(result.error), `${name} of ${x}`).toBe(true);
      if (error === 0) expect(result.error).toBeLessThanOrEqual(1e-54 * Math.max(1, size(result)));
    }
  });

  test('complex functions obey their laws', () => {
    const next = randomNumbers(14);
    for (let i = 0; i < 20; i++) {
      const z = ball(new Real(next() * 4 - 2), new Real(next() * 4 - 2), 0);
      const root = functions.squareRoot(z, plenty());
      const arithmetic = new NumericArithmetic('complex', 0, plenty());
      expect(agree(arithmetic.multiply(root, root), z)).toBe(true);
      expect(agree(functions.exponential(functions.logarithm(z, plenty()), plenty()), z)).toBe(
        true,
      );
      const [x, y] = [functions.cosine(z, plenty()), functions.sine(z, plenty())];
      const one = arithmetic.add(arithmetic.multiply(x, x), arithmetic.multiply(y, y));
      expect(agree(one, realBall(new Real(1), 0))).toBe(true);
    }
  });

  test('refuse what the error leaves open', () => {
    const nearZero = realBall(new Real('1e-55'), 1e-50);
    expect(() => functions.logarithm(nearZero, plenty())).toThrow(Undecided);
    expect(() => functions.squareRoot(nearZero, plenty())).toThrow(Undecided);
    expect(() => functions.rounded('floor', realBall(new Real(3), 1e-50))).toThrow(Undecided);
    expect(() => functions.exponential(realBall(new Real(1e6), 0), plenty())).toThrow(Undecided);
    expect(() => functions.sine(realBall(new Real(1e9), 0), plenty())).toThrow(Undecided);
    expect(agree(realBall(new Real(1), 1e-10), realBall(new Real(1), 0))).toBe(null);
    expect(agree(realBall(new Real(1), 0), realBall(new Real('1.0000000001'), 0))).toBe(false);
  });
});

describe('values modulo a prime', () => {
  const residueOf = (text: string, point = 0) =>
    evaluate(parse(text), new ModularArithmetic(point, plenty()));

  /** A product of linear factors, and the same multiplied out. */
  function polynomial(next: () => number): readonly [string, bigint[]] {
    const roots = Array.from({ length: 1 + Math.floor(next() * 6) }, () =>
      BigInt(Math.floor(next() * 19) - 9),
    );
    let coefficients = [1n];
    for (const root of roots) {
      const longer = [0n, ...coefficients];
      coefficients.forEach((c, i) => {
        longer[i] = (longer[i] ?? 0n) - root * c;
      });
      coefficients = longer;
    }
    return [roots.map((root) => `(x-(${root}))`).join(''), coefficients];
  }

  const textOf = (coefficients: readonly bigint[]) =>
    coefficients.map((c, i) => `(${c})x^{${i}}`).join('+');

  test('are equal for products and what they come to, and only for that', () => {
    const next = randomNumbers(15);
    for (let i = 0; i < 100; i++) {
      const [product, coefficients] = polynomial(next);
      expect(residueOf(textOf(coefficients))).toBe(residueOf(product));
      const at = Math.floor(next() * coefficients.length);
      const changed = coefficients.map((c, k) => (k === at ? c + 1n : c));
      expect(residueOf(textOf(changed))).not.toBe(residueOf(product));
    }
  });

  test('i is a root of −1, and points differ', () => {
    expect(residueOf('i^2+1')).toBe(0n);
    expect(residueOf('x')).not.toBe(residueOf('x', 1));
    expect(residueOf('x')).not.toBe(residueOf('y'));
    expect(residueOf('\\frac{x^2-1}{x-1}-x-1')).toBe(0n);
    expect(() => residueOf('\\frac{1}{x-x}')).toThrow(Undecided);
    expect(() => residueOf('\\sqrt{x}')).toThrow(Undecided);
  });
});

test('no two letters have the same signs at the points', () => {
  const letters = [...'abcdefghjklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const signs = letters.map((letter) =>
    Array.from({ length: 6 }, (_, point) =>
      new NumericArithmetic('real', point, plenty()).symbol(letter).re.isNegative() ? '-' : '+',
    ).join(''),
  );
  expect(new Set(signs).size).toBe(letters.length);
  for (const pattern of signs) expect(pattern).toMatch(/\+.*-|-.*\+/);
});
