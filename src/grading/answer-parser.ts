// Reads a whole answer: lists, points and intervals with their brackets, sets, unions, matrices,
// relations, ratios, numerals, text, and units after expressions.
import { Cursor } from './cursor.js';
import { negate, numberNode } from './expression.js';
import { ExpressionParser } from './expression-parser.js';
import { tokenize } from './lexer.js';
import { readMatrix, readMeasured } from './measured-parser.js';
import { numeralDigits } from './number-text.js';
import { ratio } from './rational.js';
import type { RelationOperator, Syntax } from './syntax.js';
import { wordNumber } from './word-number.js';
import { Undecided } from './work.js';

const relations: Readonly<Record<string, RelationOperator | '>' | '>='>> = {
  '=': '=',
  '<': '<',
  '>': '>',
  le: '<=',
  ge: '>=',
  ne: '!=',
  in: 'in',
};

/**
 * Reads an answer.
 * @throws Undecided on what it cannot read as a whole
 */
export function parseAnswer(answer: string): Syntax {
  const text = plainText(answer);
  if (text !== null) return { kind: 'text', text };
  return new AnswerParser(new Cursor(tokenize(answer))).parse();
}

/** A text in bare words, without any mathematics; null for anything else. */
function plainText(answer: string): string | null {
  const bare = answer.trim();
  if (/^\d{1,2}:\d\d(?!\d)/.test(bare)) return bare;
  if (/^(?:[A-Z]{2,}|[A-Z][a-z]{2,})$/.test(bare) || wordNumber(bare) !== null) return bare;
  const isWords = /^[A-Za-z][A-Za-z'-]*(?:\s+[A-Za-z][A-Za-z'-]*)+$/.test(bare);
  const isLong =
    /[A-Za-z]{4,}/.test(bare) && !/\b(?:and|or|sqrt|sin|cos|tan|log|ln|pi)\b/i.test(bare);
  return isWords && isLong ? bare : null;
}

class AnswerParser {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionParser;
  #depth = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    this.#expressions = new ExpressionParser(cursor);
  }

  parse(): Syntax {
    if (this.#cursor.isAtEnd) throw new Undecided('nothing');
    const items = this.#items();
    if (!this.#cursor.isAtEnd) throw new Undecided('more than an answer');
    const [first] = items;
    return items.length === 1 && first !== undefined ? first : { kind: 'set', items, isBare: true };
  }

  /** Relations with commas or semicolons between them; several separators count as one. */
  #items(): Syntax[] {
    const items = [this.#relation()];
    while (this.#cursor.isOperator(',', ';')) {
      while (this.#cursor.isOperator(',', ';')) this.#cursor.at++;
      items.push(this.#relation());
    }
    return items;
  }

  #relation(): Syntax {
    if (++this.#depth > 20) throw new Undecided('too deep');
    const parts = [this.#side()];
    const given: (RelationOperator | '>' | '>=')[] = [];
    for (;;) {
      const token = this.#cursor.peek();
      const isMark = token?.kind === 'operator' || token?.kind === 'command';
      const operator = isMark && Object.hasOwn(relations, token.text) && relations[token.text];
      if (!operator) break;
      this.#cursor.at++;
      given.push(operator);
      parts.push(this.#side());
    }
    this.#depth--;
    const [only] = parts;
    if (given.length === 0 && only !== undefined) return only;
    if (!given.some((operator) => operator === '>' || operator === '>=')) {
      return { kind: 'relation', parts, operators: given as RelationOperator[] };
    }
    const turned = given.map((operator) => ({ '>': '<', '>=': '<=', '=': '=' })[operator as '>']);
    if (turned.includes(undefined as never)) throw new Undecided('relations both ways');
    return {
      kind: 'relation',
      parts: parts.reverse(),
      operators: turned.reverse() as RelationOperator[],
    };
  }

  #side(): Syntax {
    const first = this.#term();
    if (this.#cursor.isOperator(':')) return this.#ratio(first);
    if (!this.#cursor.is('command', 'cup')) return first;
    const pieces = [first];
    while (this.#cursor.accept('command', 'cup')) pieces.push(this.#term());
    return { kind: 'union', pieces };
  }

  #ratio(first: Syntax): Syntax {
    const terms = [first];
    while (this.#cursor.accept('operator', ':')) terms.push(this.#term());
    return {
      kind: 'ratio',
      terms: terms.map((term) => {
        if (term.kind !== 'expression') throw new Undecided('a ratio of what is no number');
        return term.expression;
      }),
    };
  }

  #term(): Syntax {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token === undefined) throw new Undecided('unexpected end');
    if (token.kind === 'text') return this.#text();
    if (token.kind === 'numeral' || cursor.is('numeral', undefined, 1)) return this.#numeral();
    if (cursor.accept('command', 'reals')) return { kind: 'reals' };
    if (cursor.accept('command', 'emptyset')) return { kind: 'set', items: [], isBare: false };
    if (token.kind === 'begin')
      return { kind: 'matrix', rows: readMatrix(cursor, this.#expressions) };
    // Whatever a box holds: an expression may go on after it.
    const boxed = cursor.is('command', 'boxed') && cursor.is('open', '{', 1);
    if (boxed && this.#endsSide((cursor.bracket(1)?.close ?? 0) + 1)) cursor.at++;
    if (cursor.is('open')) {
      const composite = this.#composite();
      if (composite !== null) return composite;
    }
    return readMeasured(cursor, this.#expressions);
  }

  /** Brackets around items, or around anything that fills this side alone; null: a factor. */
  #composite(): Syntax | null {
    const cursor = this.#cursor;
    const bracket = cursor.bracket();
    const open = cursor.peek()?.text ?? '';
    const close = cursor.tokenAt(bracket?.close ?? -1)?.text ?? '';
    if (bracket === undefined) return null;
    const isSet = open === 'set{' || (open === '{' && bracket.hasItems);
    const isAngle = open === 'langle';
    const isSequence = open === '(' || open === '[' || isAngle;
    const isMixed = isSequence && !['()', '[]', 'langlerangle'].includes(`${open}${close}`);
    if (isSet && bracket.close === cursor.at + 1) {
      cursor.at += 2;
      return { kind: 'set', items: [], isBare: false };
    }
    const fillsSide = this.#endsSide(bracket.close + 1);
    if (!fillsSide && !isSet && !isAngle && !bracket.hasItems && !isMixed) return null;
    if (!fillsSide) throw new Undecided('more than brackets');
    if (open === 'lfloor' || open === 'lceil') return null;
    cursor.at++;
    const items = this.#items();
    if (cursor.at !== bracket.close) throw new Undecided('more than its items');
    cursor.at++;
    if (isSet) return { kind: 'set', items, isBare: false };
    const [only] = items;
    if (items.length === 1 && only !== undefined && !isAngle && !isMixed) return only;
    return {
      kind: 'sequence',
      open: isAngle ? '<' : (open as '(' | '['),
      close: isAngle ? '>' : (close as ')' | ']'),
      items,
    };
  }

  #endsSide(index: number): boolean {
    const token = this.#cursor.tokenAt(index);
    if (token === undefined || token.kind === 'close' || token.kind === 'end') return true;
    if (token.kind === 'command')
      return token.text === 'cup' || Object.hasOwn(relations, token.text);
    if (token.kind !== 'operator') return false;
    return [',', ';', ':'].includes(token.text) || Object.hasOwn(relations, token.text);
  }

  #numeral(): Syntax {
    const isNegative = this.#cursor.accept('operator', '-');
    const { text, extra } = this.#cursor.expect('numeral');
    const base = Number(extra);
    const digits = numeralDigits(text, base);
    if (digits === null) throw new Undecided('digits past their base');
    if (base === 10) {
      const value = numberNode(ratio(BigInt(digits)));
      return { kind: 'expression', expression: isNegative ? negate(value) : value };
    }
    return { kind: 'numeral', digits: `${isNegative && digits !== '0' ? '-' : ''}${digits}`, base };
  }

  #text(): Syntax {
    const cursor = this.#cursor;
    const texts: string[] = [];
    while (cursor.is('text')) texts.push(cursor.take().text);
    if (!this.#endsSide(cursor.at)) throw new Undecided('text before an expression');
    return { kind: 'text', text: texts.join(' ') };
  }
}
