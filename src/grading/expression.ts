// The scalar part of an answer as a tree: what numbers, letters and functions it is made of.
// Trees are built by the parser alone, so their depth and size are bounded.
import { minusOne, type Rational } from './rational.js';

/** Functions that an expression may call; `log` is to base 10, angles are in radians. */
export type FunctionName =
  | 'sin'
  | 'cos'
  | 'tan'
  | 'cot'
  | 'sec'
  | 'csc'
  | 'arcsin'
  | 'arccos'
  | 'arctan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'exp'
  | 'ln'
  | 'log'
  | 'logBase'
  | 'abs'
  | 'floor'
  | 'ceil'
  | 'factorial'
  | 'binomial'
  | 'gcd'
  | 'lcm'
  | 'max'
  | 'min'
  | 'degrees'
  | 'percent';

export type ConstantName = 'pi' | 'e' | 'i' | 'infinity';

export type Expression =
  | { readonly kind: 'number'; readonly value: Rational }
  | { readonly kind: 'constant'; readonly name: ConstantName }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'sum' | 'product'; readonly operands: readonly Expression[] }
  | { readonly kind: 'quotient'; readonly operands: readonly [Expression, Expression] }
  /** Base and exponent. */
  | { readonly kind: 'power'; readonly operands: readonly [Expression, Expression] }
  /** Radicand; the index is at least 2. */
  | { readonly kind: 'root'; readonly index: number; readonly operands: readonly [Expression] }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly operands: readonly Expression[] }
  /** Σ or Π of a body over an integer index: first index, last index, body. */
  | {
      readonly kind: 'series';
      readonly operator: 'sum' | 'product';
      readonly index: string;
      readonly operands: readonly [Expression, Expression, Expression];
    }
  /** Its operand times +1 or −1; `flips` for ∓, the other sign of a ± nearby. */
  | {
      readonly kind: 'eitherSign';
      readonly flips: boolean;
      readonly operands: readonly [Expression];
    };

export function numberNode(value: Rational): Expression {
  return { kind: 'number', value };
}

export function symbolNode(name: string): Expression {
  return { kind: 'symbol', name };
}

export function negate(operand: Expression): Expression {
  if (operand.kind === 'number') {
    const { numerator, denominator } = operand.value;
    return numberNode({ numerator: -numerator, denominator });
  }
  return { kind: 'product', operands: [numberNode(minusOne), operand] };
}

export function call(name: FunctionName, ...operands: readonly Expression[]): Expression {
  return { kind: 'call', name, operands };
}

export function difference(a: Expression, b: Expression): Expression {
  return { kind: 'sum', operands: [a, negate(b)] };
}

/** The operands of a node; none of a leaf. */
export function operandsOf(node: Expression): readonly Expression[] {
  return 'operands' in node ? node.operands : [];
}

/** The same node over other operands, as many as before. */
export function withOperands(node: Expression, operands: readonly Expression[]): Expression {
  return { ...node, operands } as Expression;
}

/** The free variables of a tree. */
export function symbolsOf(node: Expression, found = new Set<string>()): Set<string> {
  if (node.kind === 'symbol') found.add(node.name);
  if (node.kind === 'series') {
    const inner = symbolsOf(node.operands[2]);
    inner.delete(node.index);
    for (const name of inner) found.add(name);
    symbolsOf(node.operands[0], found);
    symbolsOf(node.operands[1], found);
    return found;
  }
  for (const operand of operandsOf(node)) symbolsOf(operand, found);
  return found;
}

/** Whether some node of a tree is as asked. */
export function someNode(node: Expression, test: (node: Expression) => boolean): boolean {
  return test(node) || operandsOf(node).some((operand) => someNode(operand, test));
}

/** 1 or −1 for an expression that is plainly ±∞, else 0. */
export function infinitySign(node: Expression): -1 | 0 | 1 {
  if (node.kind === 'constant') return node.name === 'infinity' ? 1 : 0;
  if (node.kind !== 'product' || node.operands.length !== 2) return 0;
  const [factor, rest] = node.operands;
  if (factor?.kind !== 'number' || rest === undefined) return 0;
  const sign = factor.value.numerator < 0n ? -1 : 1;
  return (sign * infinitySign(rest)) as -1 | 0 | 1;
}
