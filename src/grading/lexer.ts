// Cuts an answer, in LaTeX or plain text, into tokens. Dressing that carries no meaning goes here:
// spacing, \left and \right, dollar signs around mathematics, sizes and styles.

import { decorations, dropped, plainSource, synonyms, textCommands } from './notation.js';
import { isUnitWord } from './units.js';
import { constantWords, functionWords, shortWords } from './words.js';
import { Undecided } from './work.js';

export type TokenKind =
  | 'number'
  | 'numeral'
  | 'symbol'
  | 'command'
  | 'text'
  | 'operator'
  | 'open'
  | 'close'
  | 'begin'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As the parser knows it; of a number, digits with at most one point and no separators. */
  readonly text: string;
  /** Digits of a number's repeating tail, as in 0.1\overline{6}; the base of a numeral. */
  readonly extra?: string;
  /** Whether white space came before it. */
  readonly isSpaced: boolean;
}

/** Longer answers are compared as text alone. */
export const maximumLength = 2000;

/**
 * The tokens of an answer.
 * @throws Undecided on what is too long or no token of an answer
 */
export function tokenize(answer: string): Token[] {
  if (answer.length > maximumLength) throw new Undecided('too long');
  return new Lexer(plainSource(answer)).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #isSpaced = false;
  /** Open brackets that separate their items by commas. */
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    if (this.#match(/\s+|~|\\[,;:> ]|\$|\\[()](?![a-zA-Z])/y)) {
      this.#isSpaced = true;
      return;
    }
    const found =
      this.#numeral() || this.#number() || this.#command() || this.#letters() || this.#mark();
    if (!found) throw new Undecided('no token of an answer');
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #push(kind: TokenKind, text: string, extra?: string): true {
    const isSpaced = this.#isSpaced;
    this.#tokens.push({ kind, text, isSpaced, ...(extra === undefined ? {} : { extra }) });
    this.#isSpaced = false;
    return true;
  }

  /** 52_8, 1A_{16}: digits with their base. */
  #numeral(): boolean {
    const found = this.#match(/(\d[0-9A-F]*)_(?:\{\s*(\d{1,2})\s*\}|(\d)(?!\d))/y);
    if (found === null) return false;
    return this.#push('numeral', found[1] ?? '', found[2] ?? found[3] ?? '');
  }

  #number(): boolean {
    const separated =
      this.#depth === 0
        ? /\d{1,3}(?:(?:\{,\}|,)\d{3})+(?![\d,]|\{,\}|\.\d*,\d)(\.\d+)?/y
        : /\d{1,3}(?:\{,\}\d{3})+(?!\d)(\.\d+)?/y;
    const found =
      this.#match(separated) ?? this.#match(/(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]\+?\d{1,3}(?![\d.]))?/y);
    if (found === null) return false;
    const digits = found[0].replace(/\{,\}|,/g, '');
    const repeating = digits.includes('.')
      ? this.#match(/\\(?:overline|bar|dot)\s*\{(\d+)\}/y)
      : null;
    return this.#push('number', digits, repeating?.[1]);
  }

  #command(): boolean {
    if (this.#source[this.#at] !== '\\') return false;
    if (this.#match(/\\begin\s*\{/y)) return this.#environment('begin');
    if (this.#match(/\\end\s*\{/y)) return this.#environment('end');
    if (this.#match(new RegExp(`\\\\(?:${textCommands})\\*?\\s*(?=\\{)`, 'y'))) return this.#text();
    const decorated = this.#match(
      new RegExp(`\\\\(${decorations})\\s*(?:\\{\\s*([A-Za-z0-9]{1,8})\\s*\\}|([A-Za-z]))`, 'y'),
    );
    if (decorated !== null) return this.#decorated(decorated);
    const word = this.#match(/\\([a-zA-Z]+)\*?/y)?.[1];
    if (word !== undefined) return this.#commandWord(word);
    const character = this.#match(/\\([\\{}%$|])/y)?.[1];
    if (character === undefined) return false;
    if (character === '{') return this.#open('set{');
    if (character === '}') return this.#close('}set');
    const operator = { '\\': 'newline', '%': '%', $: 'money', '|': '|' }[character];
    return this.#push('operator', operator ?? character);
  }

  #commandWord(word: string): boolean {
    if (dropped.has(word)) {
      if (word === 'left' || word === 'right') this.#match(/\s*\.(?!\d)/y);
      return true;
    }
    const name = synonyms.get(word) ?? word;
    if (name === '{') return this.#open('set{');
    if (name === '}') return this.#close('}set');
    if (name === 'langle' || name === 'lfloor' || name === 'lceil') return this.#open(name);
    if (name === 'rangle' || name === 'rfloor' || name === 'rceil') return this.#close(name);
    if (name === '[') return this.#open('[');
    if (name === ']') return this.#close(']');
    if (/^[a-zA-Z]/.test(name)) return this.#push('command', name);
    return this.#push('operator', name);
  }

  #decorated([, decoration = '', group, letter]: RegExpExecArray): boolean {
    const name = group ?? letter ?? '';
    if (decoration === 'mathbb' && name === 'R') return this.#push('command', 'reals');
    const isVector = ['mathbf', 'vec', 'overrightarrow'].includes(decoration);
    return this.#push('symbol', `${isVector ? 'vector' : decoration} ${name}`);
  }

  #environment(kind: 'begin' | 'end'): boolean {
    const name = this.#match(/\s*([a-zA-Z]+\*?)\s*\}/y)?.[1];
    if (name === undefined) return false;
    if (name === 'array' && kind === 'begin') this.#match(/\s*\{[^{}]*\}/y);
    this.#depth += kind === 'begin' ? 1 : -1;
    return this.#push(kind, name);
  }

  /** The content of \text{…}; a word that separates answers becomes a comma. */
  #text(): boolean {
    let depth = 0;
    const start = this.#at + 1;
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at];
      if (character === '\\') this.#at++;
      else if (character === '{') depth++;
      else if (character === '}' && --depth === 0) {
        const content = this.#source
          .slice(start, this.#at++)
          .replace(/\\?[$]/g, '')
          .trim();
        return this.#word(content);
      }
    }
    return false;
  }

  #word(content: string): true {
    const lower = content.toLowerCase().replace(/^,\s*|\s*,$/g, '');
    if (content === '') return true;
    if (lower === 'and' || lower === 'or' || lower === '') return this.#push('operator', ',');
    if (functionWords.has(lower)) return this.#push('command', lower);
    if (content === 'e' || content === 'i') return this.#push('symbol', content);
    return this.#push('text', content);
  }

  #letters(): boolean {
    const found = this.#match(/[A-Za-z]+'*/y)?.[0];
    if (found === undefined) return false;
    const lower = found.toLowerCase();
    if (lower === 'and' || lower === 'or') return this.#push('operator', ',');
    if (lower === 'sqrt' || functionWords.has(lower) || constantWords.has(lower)) {
      return this.#push('command', lower);
    }
    if (lower === 'u' && this.#isBetweenBrackets()) return this.#push('command', 'cup');
    const isShort = found.length <= 3 && !shortWords.has(lower) && !this.#isUnit(found);
    if (found.length > 1 && !isShort) return this.#push('text', found);
    for (const letter of found.match(/[A-Za-z]'*/g) ?? []) this.#push('symbol', letter);
    return true;
  }

  /** A known unit that follows a number or a bracket. */
  #isUnit(word: string): boolean {
    const kind = this.#tokens.at(-1)?.kind;
    return isUnitWord(word) && (kind === 'number' || kind === 'close');
  }

  #isBetweenBrackets(): boolean {
    return this.#tokens.at(-1)?.kind === 'close' && /^\s*[([]/.test(this.#source.slice(this.#at));
  }

  #mark(): boolean {
    const two = this.#match(/<=|>=|!=|\*\*|->/y)?.[0];
    if (two !== undefined) {
      const name = { '<=': 'le', '>=': 'ge', '!=': 'ne', '**': '^', '->': 'to' }[two] ?? two;
      return this.#push(/^[a-z]/.test(name) ? 'command' : 'operator', name);
    }
    const character = this.#source[this.#at++] ?? '';
    if (character === '(' || character === '[') return this.#open(character);
    if (character === ')' || character === ']') return this.#close(character);
    if (character === '{' || character === '}') {
      return this.#push(character === '{' ? 'open' : 'close', character);
    }
    if ('+-*/^_=<>,;:|!%&'.includes(character)) return this.#push('operator', character);
    return false;
  }

  #open(bracket: string): true {
    this.#depth++;
    return this.#push('open', bracket);
  }

  #close(bracket: string): true {
    this.#depth--;
    return this.#push('close', bracket);
  }
}
