// Reads one scalar expression from tokens: sums, products written with or without a sign, powers.
// What it cannot read it refuses; it never guesses.
import type { Cursor } from './cursor.js';
import { call, type Expression, negate } from './expression.js';
import { type Outer, PrimaryParser } from './primary-parser.js';
import { isOperandWord } from './words.js';
import { Undecided } from './work.js';

const deepest = 60;
const longest = 1000;

export class ExpressionParser implements Outer {
  readonly #cursor: Cursor;
  readonly #primaries: PrimaryParser;
  #depth = 0;

  /** @throws Undecided on too many tokens */
  constructor(cursor: Cursor) {
    if (cursor.length > longest) throw new Undecided('too many tokens');
    this.#cursor = cursor;
    this.#primaries = new PrimaryParser(cursor, this);
  }

  /**
   * The expression that starts here, as far as it goes.
   * @throws Undecided on what is no expression
   */
  parse(): Expression {
    if (++this.#depth > deepest) throw new Undecided('too deep');
    const terms = [this.#signed()];
    while (this.#cursor.isOperator('+', '-') || this.#isEitherSign()) terms.push(this.#signed());
    this.#depth--;
    const [first, ...rest] = terms;
    return first !== undefined && rest.length === 0 ? first : { kind: 'sum', operands: terms };
  }

  #isEitherSign(): boolean {
    return this.#cursor.is('command', 'pm') || this.#cursor.is('command', 'mp');
  }

  /** A product with any signs before it. */
  #signed(): Expression {
    const cursor = this.#cursor;
    if (cursor.accept('operator', '+')) {
      if (!cursor.accept('operator', '/')) return this.#signed();
      cursor.expect('operator', '-');
      return { kind: 'eitherSign', flips: false, operands: [this.#signed()] };
    }
    if (++this.#depth > deepest) throw new Undecided('too deep');
    let result: Expression;
    if (cursor.accept('operator', '-')) result = negate(this.#signed());
    else if (this.#isEitherSign()) {
      const flips = cursor.take().text === 'mp';
      result = { kind: 'eitherSign', flips, operands: [this.#signed()] };
    } else result = this.product();
    this.#depth--;
    return result;
  }

  product(): Expression {
    const cursor = this.#cursor;
    let left = this.#factors();
    for (;;) {
      if (cursor.accept('operator', '*')) {
        left = { kind: 'product', operands: [left, this.operand()] };
      } else if (cursor.accept('operator', '/')) {
        left = { kind: 'quotient', operands: [left, this.operand()] };
      } else if (this.startsFactor()) {
        left = { kind: 'product', operands: [left, this.power()] };
      } else return left;
    }
  }

  /** What follows a sign of multiplication or division: one factor, signed or not. */
  operand(): Expression {
    if (this.#cursor.accept('operator', '-')) return negate(this.operand());
    return this.power();
  }

  /** Factors side by side. */
  #factors(): Expression {
    const operands = [this.power()];
    while (this.startsFactor()) operands.push(this.power());
    const [first, ...rest] = operands;
    return first !== undefined && rest.length === 0 ? first : { kind: 'product', operands };
  }

  /** Whether what follows multiplies what came before it without a sign. Numbers never do. */
  startsFactor(): boolean {
    const token = this.#cursor.peek();
    if (token?.kind === 'symbol') return true;
    if (token?.kind === 'operator') return token.text === '|' && !this.#primaries.isInBars;
    if (token?.kind === 'open') {
      const isGroup = ['(', '[', '{', 'lfloor', 'lceil'].includes(token.text);
      return isGroup && this.#cursor.bracket()?.hasItems === false;
    }
    return token?.kind === 'command' && isOperandWord(token.text);
  }

  /** A primary with what follows it: powers, factorials, degrees, percents. */
  power(): Expression {
    if (++this.#depth > deepest) throw new Undecided('too deep');
    let base = this.#primaries.parse();
    for (;;) {
      const cursor = this.#cursor;
      if (cursor.accept('operator', '!')) base = call('factorial', base);
      else if (cursor.accept('operator', '%')) base = call('percent', base);
      else if (cursor.accept('command', 'circ')) base = call('degrees', base);
      else if (cursor.is('operator', '^')) base = this.#raised(base);
      else break;
    }
    this.#depth--;
    return base;
  }

  #raised(base: Expression): Expression {
    const cursor = this.#cursor;
    cursor.expect('operator', '^');
    const isBraced = cursor.is('open', '{');
    if (cursor.is('command', 'circ', isBraced ? 1 : 0)) {
      cursor.at += isBraced ? 2 : 1;
      if (isBraced) cursor.expect('close', '}');
      return call('degrees', base);
    }
    return { kind: 'power', operands: [base, this.exponent()] };
  }

  /** A group, or one number, letter or command; further powers bind to the right. */
  exponent(): Expression {
    if (++this.#depth > deepest) throw new Undecided('too deep');
    const cursor = this.#cursor;
    let exponent: Expression;
    if (cursor.accept('operator', '-')) exponent = negate(this.exponent());
    else exponent = this.#primaries.atom();
    const isTower = cursor.is('operator', '^') && !cursor.is('command', 'circ', 1);
    if (isTower) exponent = this.#raised(exponent);
    this.#depth--;
    return exponent;
  }
}
