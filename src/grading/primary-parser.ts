// Reads what an expression is made of: numbers, letters, fractions, roots, functions, brackets.
import type { Cursor } from './cursor.js';
import { call, type Expression, type FunctionName, numberNode, symbolNode } from './expression.js';
import { type Quotient, readNumber } from './number-parser.js';
import { decimalValue } from './number-text.js';
import { constantWords, functionWords, greekLetters, prefixFunctions } from './words.js';
import { Undecided } from './work.js';

/** What the parser around it reads. */
export interface Outer {
  parse(): Expression;
  product(): Expression;
  operand(): Expression;
  power(): Expression;
  exponent(): Expression;
  startsFactor(): boolean;
}

const inverses: Readonly<Partial<Record<FunctionName, FunctionName>>> = {
  sin: 'arcsin',
  cos: 'arccos',
  tan: 'arctan',
};

export class PrimaryParser {
  readonly #cursor: Cursor;
  readonly #outer: Outer;
  #openBars = 0;

  constructor(cursor: Cursor, outer: Outer) {
    this.#cursor = cursor;
    this.#outer = outer;
  }

  /** Whether a bar would close |…|. */
  get isInBars(): boolean {
    return this.#openBars > 0;
  }

  /** @throws Undecided on what starts no expression */
  parse(): Expression {
    const cursor = this.#cursor;
    const token = cursor.peek();
    switch (token?.kind) {
      case 'number':
        return readNumber(cursor, () => this.#fraction());
      case 'symbol':
        return this.#symbol();
      case 'command':
        cursor.at++;
        return this.#command(token.text);
      case 'open':
        return this.#bracketed(token.text);
      case 'operator':
        if (token.text === '|') return this.#absolute();
    }
    throw new Undecided('no expression');
  }

  #symbol(): Expression {
    const cursor = this.#cursor;
    const name = cursor.expect('symbol').text;
    if (cursor.accept('operator', '_')) return symbolNode(`${name}_${this.#subscript()}`);
    if (name === 'e' || name === 'i') return { kind: 'constant', name };
    return symbolNode(name);
  }

  #subscript(): string {
    const cursor = this.#cursor;
    const bracket = cursor.bracket();
    if (bracket === undefined) return cursor.take().text;
    const texts: string[] = [];
    for (cursor.at++; cursor.at < bracket.close; ) texts.push(cursor.take().text);
    cursor.expect('close', '}');
    return texts.join(' ');
  }

  #command(word: string): Expression {
    const constant = constantWords.get(word);
    if (constant !== undefined) return { kind: 'constant', name: constant };
    if (word === 'frac') return this.#fraction();
    if (word === 'sqrt') return this.#root();
    if (word === 'boxed') return this.group();
    if (word === 'binom') {
      return call('binomial', this.#argument(), this.#argument());
    }
    if (word === 'sum' || word === 'prod') return this.#series(word);
    if (greekLetters.has(word)) {
      if (!this.#cursor.accept('operator', '_')) return symbolNode(word);
      return symbolNode(`${word}_${this.#subscript()}`);
    }
    const name = functionWords.get(word);
    if (name === undefined) throw new Undecided('an unknown command');
    return this.#call(name);
  }

  #fraction(): Quotient {
    return { kind: 'quotient', operands: [this.#argument(), this.#argument()] };
  }

  /** What \frac takes: a group, or one digit, letter or command. */
  #argument(): Expression {
    const cursor = this.#cursor;
    if (cursor.is('open', '{')) return this.group();
    if (cursor.is('number')) return numberNode(decimalValue(cursor.takeDigit()));
    return this.parse();
  }

  #root(): Expression {
    const cursor = this.#cursor;
    let index = 2;
    if (cursor.accept('open', '[')) {
      index = Number(cursor.expect('number').text);
      cursor.expect('close', ']');
      if (!Number.isInteger(index) || index < 2 || index > 64) throw new Undecided('a root index');
    }
    const isGroup = cursor.is('open');
    const radicand = isGroup ? this.#bracketed(cursor.peek()?.text ?? '') : this.atom();
    return { kind: 'root', index, operands: [radicand] };
  }

  #call(name: FunctionName): Expression {
    const cursor = this.#cursor;
    let base: Expression | undefined;
    if (cursor.accept('operator', '_')) {
      if (name !== 'log') throw new Undecided('a subscript of a function');
      base = this.#argument();
    }
    let exponent: Expression | undefined;
    if (cursor.accept('operator', '^')) exponent = this.#outer.exponent();
    const operands = this.#callOperands(name);
    const isUnary = operands.length === 1;
    if (prefixFunctions.has(name) && !isUnary) throw new Undecided('too many arguments');
    const called: Expression =
      base === undefined
        ? { kind: 'call', name, operands }
        : { kind: 'call', name: 'logBase', operands: [base, ...operands] };
    if (exponent === undefined) return called;
    const inverse = inverses[name];
    const isInverse = exponent.kind === 'number' && exponent.value.numerator === -1n;
    if (isInverse && exponent.kind === 'number' && exponent.value.denominator === 1n) {
      if (inverse === undefined) throw new Undecided('an inverse or a reciprocal');
      return { kind: 'call', name: inverse, operands };
    }
    return { kind: 'power', operands: [called, exponent] };
  }

  #callOperands(name: FunctionName): readonly Expression[] {
    const cursor = this.#cursor;
    const bracket = cursor.bracket();
    if (bracket !== undefined) {
      if (!bracket.hasItems) return [this.#bracketed(cursor.peek()?.text ?? '')];
      const items: Expression[] = [];
      do {
        cursor.at++;
        items.push(this.#outer.parse());
      } while (cursor.isOperator(',', ';'));
      if (cursor.at !== bracket.close) throw new Undecided('arguments');
      cursor.at++;
      return items;
    }
    if (!prefixFunctions.has(name)) throw new Undecided('a function without arguments');
    const operands = [cursor.isOperator('-') ? this.#outer.operand() : this.#outer.power()];
    while (this.#outer.startsFactor() && !this.#startsFunction())
      operands.push(this.#outer.power());
    return [operands.length === 1 ? (operands[0] as Expression) : { kind: 'product', operands }];
  }

  #startsFunction(): boolean {
    const token = this.#cursor.peek();
    return token?.kind === 'command' && functionWords.has(token.text);
  }

  #series(word: 'sum' | 'prod'): Expression {
    const cursor = this.#cursor;
    cursor.expect('operator', '_');
    cursor.expect('open', '{');
    const index = cursor.expect('symbol').text;
    cursor.expect('operator', '=');
    const from = this.#outer.parse();
    cursor.expect('close', '}');
    cursor.expect('operator', '^');
    const to = cursor.is('open', '{') ? this.group() : this.parse();
    const body = this.#outer.product();
    if (index === 'i' || index === 'e') throw new Undecided('an index that is a constant');
    const operator = word === 'sum' ? 'sum' : 'product';
    return { kind: 'series', operator, index, operands: [from, to, body] };
  }

  group(): Expression {
    const cursor = this.#cursor;
    if (!cursor.is('open', '{')) throw new Undecided('no group');
    return this.#bracketed('{');
  }

  #bracketed(opener: string): Expression {
    const cursor = this.#cursor;
    const bracket = cursor.bracket();
    const closer = cursor.tokenAt(bracket?.close ?? -1)?.text;
    const pair = `${opener}${closer}`;
    const isGroup = ['()', '[]', '{}', 'lfloorrfloor', 'lceilrceil'].includes(pair);
    if (bracket === undefined || bracket.hasItems || !isGroup) throw new Undecided('no group');
    cursor.at++;
    const bars = this.#openBars;
    this.#openBars = 0;
    const inner = this.#outer.parse();
    this.#openBars = bars;
    if (cursor.at !== bracket.close) throw new Undecided('more than an expression');
    cursor.at++;
    if (opener === 'lfloor') return call('floor', inner);
    return opener === 'lceil' ? call('ceil', inner) : inner;
  }

  #absolute(): Expression {
    this.#cursor.expect('operator', '|');
    this.#openBars++;
    const inner = this.#outer.parse();
    this.#openBars--;
    this.#cursor.expect('operator', '|');
    return call('abs', inner);
  }

  /** A primary in which a number stands for itself alone. */
  atom(): Expression {
    const cursor = this.#cursor;
    if (!cursor.is('number')) return this.parse();
    const { text, extra } = cursor.take();
    return numberNode(decimalValue(text, extra));
  }
}
