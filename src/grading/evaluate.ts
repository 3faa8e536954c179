// Works an expression out in any kind of number: exact, modular or numeric. One walk for all.
import type { ConstantName, Expression, FunctionName } from './expression.js';
import { type Rational, ratio } from './rational.js';
import { Undecided } from './work.js';

/** A kind of number. Every method may throw Undecided; none changes its arguments. */
export interface Arithmetic<T> {
  number(value: Rational): T;
  constant(name: ConstantName): T;
  symbol(name: string): T;
  add(a: T, b: T): T;
  multiply(a: T, b: T): T;
  divide(a: T, b: T): T;
  /** `rational` is the exponent where it is known exactly, else null. */
  power(base: T, exponent: T, rational: Rational | null): T;
  root(radicand: T, index: number): T;
  call(name: FunctionName, operands: readonly T[]): T;
  /** The integer that a bound of a series is. */
  integer(value: T): number;
}

const mostTerms = 1000;

/**
 * The value of an expression.
 * @throws Undecided where this kind of number cannot hold it
 */
export function evaluate<T>(
  node: Expression,
  arithmetic: Arithmetic<T>,
  indices: ReadonlyMap<string, number> = new Map(),
): T {
  const of = (operand: Expression): T => evaluate(operand, arithmetic, indices);
  switch (node.kind) {
    case 'number':
      return arithmetic.number(node.value);
    case 'constant':
      return arithmetic.constant(node.name);
    case 'symbol': {
      const index = indices.get(node.name);
      if (index === undefined) return arithmetic.symbol(node.name);
      return arithmetic.number(ratio(BigInt(index)));
    }
    case 'sum':
      return node.operands.map(of).reduce((a, b) => arithmetic.add(a, b));
    case 'product':
      return node.operands.map(of).reduce((a, b) => arithmetic.multiply(a, b));
    case 'quotient':
      return arithmetic.divide(of(node.operands[0]), of(node.operands[1]));
    case 'power': {
      const [base, exponent] = node.operands;
      return arithmetic.power(of(base), of(exponent), rationalOf(exponent, indices));
    }
    case 'root':
      return arithmetic.root(of(node.operands[0]), node.index);
    case 'call':
      return arithmetic.call(node.name, node.operands.map(of));
    case 'series':
      return evaluateSeries(node, arithmetic, indices);
    case 'eitherSign':
      throw new Undecided('two values');
  }
}

function evaluateSeries<T>(
  node: Extract<Expression, { kind: 'series' }>,
  arithmetic: Arithmetic<T>,
  indices: ReadonlyMap<string, number>,
): T {
  const [first, last, body] = node.operands;
  const from = arithmetic.integer(evaluate(first, arithmetic, indices));
  const to = arithmetic.integer(evaluate(last, arithmetic, indices));
  if (to - from >= mostTerms || to < from - 1) throw new Undecided('too many terms');
  const isSum = node.operator === 'sum';
  let total = arithmetic.number(ratio(isSum ? 0n : 1n));
  for (let index = from; index <= to; index++) {
    const term = evaluate(body, arithmetic, new Map(indices).set(node.index, index));
    total = isSum ? arithmetic.add(total, term) : arithmetic.multiply(total, term);
  }
  return total;
}

function rationalOf(node: Expression, indices: ReadonlyMap<string, number>): Rational | null {
  if (node.kind === 'number') return node.value;
  const index = node.kind === 'symbol' ? indices.get(node.name) : undefined;
  return index === undefined ? null : ratio(BigInt(index));
}
