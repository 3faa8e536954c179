// A place in a list of tokens, and which bracket closes where.
import type { Token, TokenKind } from './lexer.js';
import { Undecided } from './work.js';

/** A pair of brackets and what separates its content. */
export interface Bracket {
  /** Index of the closing token. */
  readonly close: number;
  /** Whether a comma or semicolon stands directly inside. */
  readonly hasItems: boolean;
}

const closers: Readonly<Record<string, readonly string[]>> = {
  '(': [')', ']'],
  '[': [']', ')'],
  '{': ['}'],
  'set{': ['}set'],
  langle: ['rangle'],
  lfloor: ['rfloor'],
  lceil: ['rceil'],
};

export class Cursor {
  /** Index of the next token. */
  at = 0;
  readonly #tokens: Token[];
  readonly #brackets: ReadonlyMap<number, Bracket>;

  /** @throws Undecided on brackets that do not match */
  constructor(tokens: Token[]) {
    this.#tokens = tokens;
    this.#brackets = matchBrackets(tokens);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#tokens.length;
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** The token so many places ahead. */
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.at + ahead];
  }

  tokenAt(index: number): Token | undefined {
    return this.#tokens[index];
  }

  is(kind: TokenKind, text?: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === kind && (text === undefined || token.text === text);
  }

  isOperator(...texts: readonly string[]): boolean {
    const token = this.peek();
    return token?.kind === 'operator' && texts.includes(token.text);
  }

  /** Steps over the next token if it is this one. */
  accept(kind: TokenKind, text?: string): boolean {
    if (!this.is(kind, text)) return false;
    this.at++;
    return true;
  }

  /** @throws Undecided where the next token is another one */
  expect(kind: TokenKind, text?: string): Token {
    const token = this.take();
    if (token.kind !== kind || (text !== undefined && token.text !== text)) {
      throw new Undecided('unexpected token');
    }
    return token;
  }

  /** @throws Undecided at the end */
  take(): Token {
    const token = this.#tokens[this.at++];
    if (token === undefined) throw new Undecided('unexpected end');
    return token;
  }

  /**
   * Takes the first digit of a number alone, as TeX reads `\frac12`; the rest stays.
   * @throws Undecided where the next token is no plain integer
   */
  takeDigit(): string {
    const token = this.expect('number');
    const [digit = '', ...rest] = token.text;
    if (rest.length > 0) {
      if (!/^\d+$/.test(token.text) || token.extra !== undefined) {
        throw new Undecided('a digit that stands for more');
      }
      this.at--;
      this.#tokens[this.at] = { ...token, text: rest.join(''), isSpaced: false };
    }
    return digit;
  }

  /** The bracket that the next token opens, or one so many places ahead, if it opens one. */
  bracket(ahead = 0): Bracket | undefined {
    return this.#brackets.get(this.at + ahead);
  }
}

function matchBrackets(tokens: readonly Token[]): ReadonlyMap<number, Bracket> {
  const brackets = new Map<number, Bracket>();
  const open: { index: number; hasItems: boolean }[] = [];
  tokens.forEach((token, index) => {
    if (token.kind === 'open' || token.kind === 'begin') open.push({ index, hasItems: false });
    const isSeparator = token.kind === 'operator' && (token.text === ',' || token.text === ';');
    const innermost = open.at(-1);
    if (isSeparator && innermost !== undefined) innermost.hasItems = true;
    if (token.kind !== 'close' && token.kind !== 'end') return;
    const opener = open.pop();
    const opened = opener === undefined ? undefined : tokens[opener.index];
    const matches =
      opened?.kind === 'begin'
        ? token.kind === 'end' && token.text === opened.text
        : closers[opened?.text ?? '']?.includes(token.text) === true;
    if (opener === undefined || !matches) throw new Undecided('brackets that do not match');
    brackets.set(opener.index, { close: index, hasItems: opener.hasItems });
  });
  if (open.length > 0) throw new Undecided('a bracket left open');
  return brackets;
}
