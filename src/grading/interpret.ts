// Gives an answer that was read its type and its values: which brackets make an interval, what a
// relation says, what a unit or a name in front belongs to.
import type { Body, Piece } from './body.js';
import { difference, type Expression, numberNode, symbolsOf } from './expression.js';
import { multiply, ratio } from './rational.js';
import { allBut, interval, joinPieces, point } from './region.js';
import { interpretRelation } from './relation.js';
import { expandSigns } from './signs.js';
import type { Syntax } from './syntax.js';
import { type Comparing, Value } from './value.js';
import { wordNumber } from './word-number.js';
import { comparisonWork, Undecided, Work } from './work.js';

/** The most members of a list, a set or a matrix. */
const mostItems = 64;
const infinity: Expression = { kind: 'constant', name: 'infinity' };
const minusInfinity: Expression = {
  kind: 'product',
  operands: [numberNode(ratio(-1n)), infinity],
};

export class Interpreter {
  readonly #stageWork: number;
  /** For comparing constants among themselves. */
  readonly comparing: Comparing = { work: new Work(comparisonWork), points: 'complex' };
  /** Every value made. */
  readonly values: Value[] = [];

  /** `stageWork`: work units for each stage of each value. */
  constructor(stageWork: number) {
    this.#stageWork = stageWork;
  }

  /** @throws Undecided on what has no meaning here */
  interpret(syntax: Syntax): Body {
    switch (syntax.kind) {
      case 'expression':
        return this.scalar(syntax.expression, '');
      case 'measured':
        return this.scalar(syntax.expression, syntax.unit);
      case 'numeral':
        return syntax;
      case 'text': {
        const number = wordNumber(syntax.text);
        if (number === null) return syntax;
        return this.scalar(numberNode(ratio(BigInt(number))), '');
      }
      case 'sequence':
        return this.#sequence(syntax);
      case 'set':
        return this.#set(syntax.items, syntax.isBare);
      case 'reals':
        return { kind: 'region', region: [this.#everything()] };
      case 'union':
        return this.#union(syntax.pieces);
      case 'matrix':
        checkCount(syntax.rows.flat().length);
        return { kind: 'matrix', rows: syntax.rows.map((row) => row.map((x) => this.value(x))) };
      case 'ratio':
        return this.#ratio(syntax.terms);
      case 'relation':
        return interpretRelation(syntax, this);
    }
  }

  value(expression: Expression): Value {
    const value = new Value(expression, this.#stageWork);
    this.values.push(value);
    return value;
  }

  /** A number with its unit, or the list of numbers that ± stands for. */
  scalar(given: Expression, givenUnit: string): Body {
    const expressions = expandSigns(given);
    if (expressions.length > 1) {
      return {
        kind: 'set',
        items: expressions.map((expression) => this.scalar(expression, givenUnit)),
        isBare: true,
        region: null,
      };
    }
    const [expression, unit] = givenUnit === '' ? withoutScale(given) : [given, givenUnit];
    const value = this.value(expression);
    const scale = { '°': 'degrees', '%': 'percent' }[unit] as 'degrees' | 'percent' | undefined;
    const scaled =
      scale === undefined
        ? null
        : this.value({ kind: 'call', name: scale, operands: [expression] });
    return { kind: 'scalar', value, unit, scaled };
  }

  /** `operator` between a variable and a bound as a region of the variable. */
  halfLine(bound: Value, side: 'below' | 'above' | 'apart', isClosed: boolean): readonly Piece[] {
    const low = this.value(minusInfinity);
    const high = this.value(infinity);
    if (side === 'apart') return allBut(bound, low, high);
    const piece =
      side === 'below'
        ? interval(low, bound, false, isClosed, this.comparing)
        : interval(bound, high, isClosed, false, this.comparing);
    if (piece === null) throw new Undecided('an empty interval');
    return [piece];
  }

  /** The interval between two bounds. */
  between(low: Value, high: Value, isLowClosed: boolean, isHighClosed: boolean): Piece {
    const piece = interval(low, high, isLowClosed, isHighClosed, this.comparing);
    if (piece === null) throw new Undecided('an empty interval');
    return piece;
  }

  difference(a: Expression, b: Expression): Value {
    return this.value(difference(a, b));
  }

  #everything(): Piece {
    const [low, high] = [this.value(minusInfinity), this.value(infinity)];
    return { low, high, isLowClosed: false, isHighClosed: false };
  }

  #sequence({ open, close, items: given }: Extract<Syntax, { kind: 'sequence' }>): Body {
    checkCount(given.length);
    const items = given.map((item) => this.interpret(item));
    const [low, high] = items;
    const isPair = items.length === 2 && low?.kind === 'scalar' && high?.kind === 'scalar';
    const canBeInterval = isPair && open !== '<' && low.unit === high.unit;
    const piece = canBeInterval
      ? interval(low.value, high.value, open === '[', close === ']', this.comparing)
      : null;
    return {
      kind: 'sequence',
      brackets: `${open}${close}`,
      items,
      region: piece === null ? null : [piece],
    };
  }

  #set(given: readonly Syntax[], isBare: boolean): Body {
    checkCount(given.length);
    const bodies = given.map((item) => this.interpret(item));
    // The members of a list inside are members here: {1 ± √5, −2}, and "x = 1 ± 2, x = 5".
    const items = bodies.flatMap((body) => {
      if (body.kind === 'set' && body.isBare) return body.items;
      if (body.kind === 'labelled' && body.body.kind === 'set' && body.body.isBare) {
        return body.body.items.map((item) => ({ ...body, body: item }));
      }
      return [body];
    });
    checkCount(items.length);
    const label = commonLabel(items);
    const bare = label === null ? items : items.map((x) => (x.kind === 'labelled' ? x.body : x));
    const whole = label === null || !isBare ? null : this.#apart(bare);
    if (label !== null && whole !== null) return { kind: 'labelled', label, body: whole };
    const set: Body = {
      kind: 'set',
      items: bare,
      isBare,
      region: regionOfPoints(bare, this.comparing),
    };
    return label === null ? set : { kind: 'labelled', label, body: set };
  }

  /** Regions side by side, none touching another, as one: "x < 1 or x > 2". */
  #apart(items: readonly Body[]): Body | null {
    const pieces = items.flatMap((item) => (item.kind === 'region' ? item.region : []));
    if (!items.every(({ kind }) => kind === 'region')) return null;
    const region = joinPieces(pieces, this.comparing);
    return region?.length === pieces.length ? { kind: 'region', region } : null;
  }

  #union(given: readonly Syntax[]): Body {
    checkCount(given.length);
    const items = given.map((item) => this.interpret(item));
    const regions = items.map(regionOf);
    const known = regions.filter((region) => region !== null);
    const region =
      known.length === regions.length ? joinPieces(known.flat(), this.comparing) : null;
    return region === null ? { kind: 'union', items } : { kind: 'region', region };
  }

  #ratio(terms: readonly Expression[]): Body {
    const last = terms.at(-1);
    if (last === undefined) throw new Undecided('no terms');
    const quotients = terms
      .slice(0, -1)
      .map((term) => this.value({ kind: 'quotient', operands: [term, last] }));
    return { kind: 'ratio', quotients };
  }
}

/** What an answer is as a set of real numbers, or null. */
export function regionOf(body: Body): readonly Piece[] | null {
  return 'region' in body ? body.region : null;
}

/** A trailing degree or percent sign taken off, with its unit. */
function withoutScale(expression: Expression): readonly [Expression, string] {
  if (expression.kind === 'call' && expression.name === 'degrees') {
    return [expression.operands[0] ?? expression, '°'];
  }
  if (expression.kind === 'call' && expression.name === 'percent') {
    return [expression.operands[0] ?? expression, '%'];
  }
  const [factor, rest] = expression.kind === 'product' ? expression.operands : [];
  const isPair = expression.kind === 'product' && expression.operands.length === 2;
  if (!isPair || factor === undefined || rest === undefined) return [expression, ''];
  const [inner, unit] = withoutScale(rest);
  if (unit === '' || symbolsOf(factor).size > 0) return [expression, ''];
  if (factor.kind === 'number' && inner.kind === 'number') {
    return [numberNode(multiply(factor.value, inner.value)), unit];
  }
  return [{ kind: 'product', operands: [factor, inner] }, unit];
}

/** The one label of a list: of all its members, or of the first alone ("x = 1, 2"). */
function commonLabel(items: readonly Body[]): string | null {
  const [first, ...rest] = items;
  if (first?.kind !== 'labelled') return null;
  const isAlone = rest.every((item) => item.kind !== 'labelled');
  const isShared = rest.every((item) => item.kind === 'labelled' && item.label === first.label);
  return isAlone || isShared ? first.label : null;
}

function regionOfPoints(items: readonly Body[], comparing: Comparing): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const item of items) {
    if (item.kind !== 'scalar' || item.value.infinite !== 0) return null;
    if (item.value.symbols.size > 0) return null;
    pieces.push(point(item.value));
  }
  return joinPieces(pieces, comparing);
}

function checkCount(count: number): void {
  if (count > mostItems) throw new Undecided('too many items');
}
