// Reads an expression with its unit, and matrices, which a factor may stand before.
import type { Cursor } from './cursor.js';
import { type Expression, negate, numberNode } from './expression.js';
import type { ExpressionParser } from './expression-parser.js';
import { ratio } from './rational.js';
import type { Syntax } from './syntax.js';
import { unitName } from './units.js';
import { multipliers } from './words.js';
import { Undecided } from './work.js';

const matrixNames = new Set(['matrix', 'pmatrix', 'bmatrix', 'array', 'smallmatrix']);

/**
 * An expression and the unit before it (money) or after it, or a matrix and the factor before it.
 * @throws Undecided on text that is no unit
 */
export function readMeasured(cursor: Cursor, expressions: ExpressionParser): Syntax {
  const isDebt = cursor.is('operator', '-') && cursor.is('operator', 'money', 1);
  if (isDebt) cursor.at++;
  const isMoney = cursor.accept('operator', 'money');
  const parsed = expressions.parse();
  const first = isDebt ? negate(parsed) : parsed;
  if (cursor.is('begin')) {
    const scaled = (entry: Expression): Expression => ({
      kind: 'product',
      operands: [first, entry],
    });
    return { kind: 'matrix', rows: readMatrix(cursor, expressions).map((row) => row.map(scaled)) };
  }
  const [expression, unit] = readUnit(cursor, first);
  if (isMoney && unit !== '' && unit !== 'dollar') throw new Undecided('two units');
  if (isMoney) return { kind: 'measured', expression, unit: 'dollar' };
  return unit === '' ? { kind: 'expression', expression } : { kind: 'measured', expression, unit };
}

/** @throws Undecided on other environments and on rows of different lengths */
export function readMatrix(
  cursor: Cursor,
  expressions: ExpressionParser,
): readonly (readonly Expression[])[] {
  const name = cursor.expect('begin').text;
  if (!matrixNames.has(name)) throw new Undecided('an unknown environment');
  const rows: Expression[][] = [[]];
  while (!cursor.is('end')) {
    rows.at(-1)?.push(expressions.parse());
    if (cursor.accept('operator', '&')) continue;
    if (!cursor.accept('operator', 'newline')) break;
    if (!cursor.is('end')) rows.push([]);
  }
  cursor.expect('end', name);
  if (rows.some((row) => row.length !== rows[0]?.length)) throw new Undecided('ragged rows');
  return rows;
}

/** The unit after an expression; a word like "million" multiplies the expression. */
function readUnit(cursor: Cursor, expression: Expression): readonly [Expression, string] {
  const words: string[] = [];
  let value = expression;
  while (cursor.is('text') || (words.length > 0 && cursor.isOperator('^', '/'))) {
    if (cursor.accept('operator', '/')) {
      words.push('/', cursor.expect('text').text);
    } else if (cursor.accept('operator', '^')) {
      words.push(`${words.pop() ?? ''}^${readUnitPower(cursor)}`);
    } else {
      const { text } = cursor.take();
      const factor = multipliers.get(text.toLowerCase());
      if (factor === undefined) words.push(text);
      else value = { kind: 'product', operands: [numberNode(ratio(factor)), value] };
    }
  }
  if (words.length === 0) return [value, ''];
  const unit = unitName(words.join(' '));
  if (unit === null) throw new Undecided('text that is no unit');
  return [value, unit];
}

function readUnitPower(cursor: Cursor): string {
  const isBraced = cursor.accept('open', '{');
  const { text } = cursor.expect('number');
  if (isBraced) cursor.expect('close', '}');
  return text;
}
