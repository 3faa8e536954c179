// One answer, read once: its text in normal form, its type and values, and the work it may cost.
import { parseAnswer } from './answer-parser.js';
import type { Body } from './body.js';
import { type Expression, someNode, symbolsOf } from './expression.js';
import { Interpreter } from './interpret.js';
import { normaliseAnswer } from './normalise.js';
import { canonicalText, type Dressing, sameBody } from './same-body.js';
import { countSigns } from './signs.js';
import type { Syntax } from './syntax.js';
import { type Comparing, sameValue, strongestPoints } from './value.js';
import { attempt, comparisonWork, Work } from './work.js';

/** Work units that all values of one answer may use together in one comparison. */
export const answerWork = 12_000;
/** Stages of a value: folding, modular, and up to six points; of a constant, four. */
const stages = 8;
const constantStages = 4;

const integer = /^-?\d+$/;

/** What reading an answer gave; no body where it could not be read. */
interface Reading {
  readonly interpreter: Interpreter | null;
  readonly body: Body | null;
}

export class Answer {
  /** Its normal form; `''` is no answer. */
  readonly text: string;
  readonly #work: number;
  #reading: Reading | undefined;

  /** `work`: units that all its values may use together. */
  constructor(given: string, work: number = answerWork) {
    this.text = normaliseAnswer(given);
    this.#work = work;
  }

  /** Its type, for reports: `scalar`, `set`, …; `unread` where it could not be read. */
  get kind(): Body['kind'] | 'unread' {
    return this.#body?.kind ?? 'unread';
  }

  /** Work units spent on it so far. */
  get spent(): number {
    return (this.#read().interpreter?.values ?? []).reduce((sum, { spent }) => sum + spent, 0);
  }

  /** Whether two answers are the same. Symmetric; an empty answer is the same as none. */
  isSame(other: Answer, dressing: Dressing): boolean {
    if (this.text === '' || other.text === '') return false;
    if (this.text === other.text) return true;
    // Integers in normal form are equal as texts or not at all.
    if (integer.test(this.text) && integer.test(other.text)) return false;
    const [a, b] = [this.#body, other.#body];
    if (a?.kind === 'text' || b?.kind === 'text') {
      const text = this.#canonicalText;
      return text !== '' && text === other.#canonicalText;
    }
    return a !== null && b !== null && this.#compare(a, other, b, dressing);
  }

  /**
   * Whether it answers a reference: the same, but for a unit or a name that only one of them has;
   * and where an expression was asked for, "y = expression" gives it a name.
   */
  answers(reference: Answer): boolean {
    if (this.isSame(reference, 'optional')) return true;
    const [a, b] = [this.#body, reference.#body];
    if (a?.kind !== 'relation' || a.definition === null || b?.kind !== 'scalar') return false;
    const { symbol, value } = a.definition;
    if (b.value.symbols.has(symbol)) return false;
    return attempt(() => sameValue(value, b.value, this.#comparing(reference))) === true;
  }

  /** The answer without its unit or name; null where it has neither. */
  get bare(): Body | null {
    const body = this.#body;
    if (body?.kind === 'labelled') return body.body;
    if (body?.kind !== 'scalar' || body.unit === '') return null;
    return { ...body, unit: '', scaled: null };
  }

  /** Whether it is the same as what another answer is without its unit or name. */
  isBareOf(dressed: Answer, bare: Body): boolean {
    const body = this.#body;
    return body !== null && this.#compare(body, dressed, bare, 'counts');
  }

  get #body(): Body | null {
    return this.#read().body;
  }

  get #canonicalText(): string {
    const body = this.#body;
    return canonicalText(body?.kind === 'text' ? body.text : this.text);
  }

  #compare(own: Body, other: Answer, its: Body, dressing: Dressing): boolean {
    const comparing = this.#comparing(other);
    return attempt(() => sameBody(own, its, { ...comparing, dressing })) === true;
  }

  /** Reads it when first asked. */
  #read(): Reading {
    if (this.#reading !== undefined) return this.#reading;
    const syntax = this.text === '' ? null : attempt(() => parseAnswer(this.text));
    if (syntax === null) this.#reading = { interpreter: null, body: null };
    else {
      const interpreter = new Interpreter(Math.floor(this.#work / stagesOf(syntax)));
      this.#reading = { interpreter, body: attempt(() => interpreter.interpret(syntax)) };
    }
    return this.#reading;
  }

  /** One kind of points for all values of both, so that each goes through few stages. */
  #comparing(other: Answer): Comparing {
    const values = [this, other].flatMap((answer) => answer.#read().interpreter?.values ?? []);
    const points = strongestPoints(values.map((value) => value.points));
    return { work: new Work(comparisonWork), points };
  }

  /** A real constant in double precision, without its unit or name; NaN for everything else. */
  get approximation(): number {
    const named = this.#body;
    const body = named?.kind === 'labelled' ? named.body : named;
    return body?.kind === 'scalar' ? body.value.approximation : Number.NaN;
  }
}

/** Stages that all values of an answer may go through together. */
function stagesOf(syntax: Syntax): number {
  const expressions = expressionsOf(syntax);
  // The difference of two sides, or what a percentage comes to, is one value more.
  const isSingle = syntax.kind === 'expression' && !someNode(syntax.expression, isScale);
  const values = expressions.reduce((sum, x) => sum + 2 ** Math.min(4, countSigns(x)), 0);
  const isConstant = expressions.every((expression) => symbolsOf(expression).size === 0);
  return Math.max(1, values) * (isSingle ? 1 : 2) * (isConstant ? constantStages : stages);
}

function isScale(node: Expression): boolean {
  return node.kind === 'call' && (node.name === 'degrees' || node.name === 'percent');
}

function expressionsOf(syntax: Syntax): readonly Expression[] {
  switch (syntax.kind) {
    case 'expression':
    case 'measured':
      return [syntax.expression];
    case 'sequence':
    case 'set':
      return syntax.items.flatMap(expressionsOf);
    case 'union':
      return syntax.pieces.flatMap(expressionsOf);
    case 'relation':
      return syntax.parts.flatMap(expressionsOf);
    case 'matrix':
      return syntax.rows.flat();
    case 'ratio':
      return syntax.terms;
    case 'numeral':
    case 'reals':
    case 'text':
      return [];
  }
}
