// Reads a number from tokens; with a fraction after it, it is a mixed number: 1\frac{4}{5}, 3 1/2.
import type { Cursor } from './cursor.js';
import { type Expression, numberNode } from './expression.js';
import { decimalValue } from './number-text.js';
import { add, floor, type Rational, ratio } from './rational.js';
import { Undecided } from './work.js';

export type Quotient = Extract<Expression, { kind: 'quotient' }>;

/**
 * The number that starts here. `readFraction` reads the arguments of a \frac that was stepped over.
 * @throws Undecided on two numbers side by side
 */
export function readNumber(cursor: Cursor, readFraction: () => Quotient): Expression {
  const token = cursor.expect('number');
  const value = decimalValue(token.text, token.extra);
  if (cursor.is('number')) return inlineMixed(cursor, value);
  if (!cursor.is('command', 'frac') || !/^\d+$/.test(token.text)) return numberNode(value);
  cursor.at++;
  const fraction = readFraction();
  const [top, bottom] = fraction.operands;
  if (top.kind === 'number' && bottom.kind === 'number') {
    const part = ratio(
      top.value.numerator * bottom.value.denominator,
      top.value.denominator * bottom.value.numerator,
    );
    if (floor(part) === 0n) return numberNode(add(value, part));
  }
  // 2\frac{x}{3} and 2\frac{3}{2} are products.
  return { kind: 'product', operands: [numberNode(value), fraction] };
}

/** 3 1/2, the mixed number of plain text; no other number follows a number. */
function inlineMixed(cursor: Cursor, whole: Rational): Expression {
  const isMixed =
    cursor.peek()?.isSpaced === true &&
    cursor.is('operator', '/', 1) &&
    cursor.is('number', undefined, 2);
  if (!isMixed || whole.denominator !== 1n) throw new Undecided('two numbers side by side');
  const top = decimalValue(cursor.take().text);
  cursor.expect('operator', '/');
  const bottom = decimalValue(cursor.take().text);
  const areIntegers = top.denominator === 1n && bottom.denominator === 1n;
  if (!areIntegers || top.numerator >= bottom.numerator) {
    throw new Undecided('two numbers side by side');
  }
  return numberNode(add(whole, ratio(top.numerator, bottom.numerator)));
}
