// One scalar of an answer, and when two scalars are the same. Exact values decide where both have
// one; then values modulo a prime; then 60 digits at several points. What none decides is unequal.
import { agree, type Ball, isRealBall, Real } from './ball.js';
import { evaluate } from './evaluate.js';
import { ExactArithmetic } from './exact.js';
import {
  type Expression,
  infinitySign,
  numberNode,
  operandsOf,
  someNode,
  symbolsOf,
  withOperands,
} from './expression.js';
import { ModularArithmetic, modularPoints, modularQuotient } from './modular.js';
import { NumericArithmetic, numericPoints, type PointKind } from './numeric.js';
import { add, negate, rationalOfSurd, type Surd } from './surd.js';
import { attempt, Work } from './work.js';

const fewestPoints = 2;
const integerFunctions = new Set(['factorial', 'binomial', 'gcd', 'lcm']);
const realFunctions = new Set(['abs', 'floor', 'ceil', 'max', 'min']);

/**
 * A scalar with everything that comparing it needs, worked out when asked for and then kept. Each
 * stage has its own share of work, so that what one comparison asked for changes nothing in another.
 */
export class Value {
  readonly symbols: ReadonlySet<string>;
  /** 1 or −1 for ±∞, else 0. */
  readonly infinite: -1 | 0 | 1;
  readonly #given: Expression;
  /** The kind of points that it asks for. */
  readonly points: PointKind;
  readonly #stageWork: number;
  #expression: Expression | undefined;
  readonly #samples = new Map<string, Ball | null>();
  #exact: Surd | null | undefined;
  #residues: readonly bigint[] | null | undefined;
  #approximation: number | undefined;
  #spent = 0;

  /** `stageWork`: work units for each of a few stages. */
  constructor(expression: Expression, stageWork: number) {
    this.#given = expression;
    this.#stageWork = stageWork;
    this.symbols = symbolsOf(expression);
    this.infinite = infinitySign(expression);
    this.points = pointKind(expression);
  }

  /** The expression, every rational part of it worked out. */
  get expression(): Expression {
    this.#expression ??=
      this.#stage((work) => fold(this.#given, new ExactArithmetic(work))) ?? this.#given;
    return this.#expression;
  }

  /** Work units spent on it so far. */
  get spent(): number {
    return this.#spent;
  }

  /** Its exact value, or null. */
  get exact(): Surd | null {
    if (this.#exact === undefined) {
      this.#exact =
        this.symbols.size > 0
          ? null
          : this.#stage((work) => evaluate(this.expression, new ExactArithmetic(work)));
    }
    return this.#exact;
  }

  /** Its values modulo a prime, or null. */
  get residues(): readonly bigint[] | null {
    if (this.#residues === undefined) {
      this.#residues = this.#stage((work) =>
        Array.from({ length: modularPoints }, (_, point) =>
          evaluate(this.expression, new ModularArithmetic(point, work)),
        ),
      );
    }
    return this.#residues;
  }

  /** Its numeric value at a point, or null. */
  sample(kind: PointKind, point: number): Ball | null {
    // A constant is the same everywhere.
    const key = this.symbols.size === 0 ? 'constant' : `${kind} ${point}`;
    let sample = this.#samples.get(key);
    if (sample === undefined) {
      sample = this.#stage((work) =>
        evaluate(this.expression, new NumericArithmetic(kind, point, work)),
      );
      this.#samples.set(key, sample);
    }
    return sample;
  }

  /** A real constant in double precision, ±Infinity among them; NaN for everything else. */
  get approximation(): number {
    this.#approximation ??= this.#approximate();
    return this.#approximation;
  }

  #approximate(): number {
    if (this.infinite !== 0) return this.infinite * Infinity;
    if (this.symbols.size > 0) return Number.NaN;
    const rational = this.exact === null ? null : rationalOfSurd(this.exact);
    if (rational !== null) {
      return new Real(String(rational.numerator)).div(String(rational.denominator)).toNumber();
    }
    const sample = this.sample('complex', 0);
    return sample !== null && isRealBall(sample) ? sample.re.toNumber() : Number.NaN;
  }

  #stage<T>(stage: (work: Work) => T): T | null {
    const work = new Work(this.#stageWork);
    const result = attempt(() => stage(work));
    this.#spent += Math.min(work.spent, this.#stageWork);
    return result;
  }
}

/** What a comparison may cost, and the one kind of points that all its values are taken at. */
export interface Comparing {
  readonly work: Work;
  readonly points: PointKind;
}

/** The kind of points for values of several kinds. */
export function strongestPoints(kinds: readonly PointKind[]): PointKind {
  if (kinds.includes('integer')) return 'integer';
  return kinds.includes('real') ? 'real' : 'complex';
}

/**
 * Whether two scalars are equal. Symmetric; false where nothing decides.
 * @throws Undecided once `work` is used up
 */
export function sameValue(a: Value, b: Value, comparing: Comparing): boolean {
  comparing.work.spend(1);
  if (a.infinite !== 0 || b.infinite !== 0) return a.infinite === b.infinite;
  if (a.symbols.size === 0 && b.symbols.size === 0) {
    const difference = exactDifference(a, b, comparing.work);
    if (difference !== null) return difference.length === 0;
  }
  if (a.residues !== null && b.residues !== null) {
    const { residues } = b;
    return a.residues.every((residue, point) => residue === residues[point]);
  }
  return agreeAtPoints(a, b, comparing);
}

/** Whether a scalar is 0. */
export function isZero(value: Value): boolean {
  if (value.exact !== null) return value.exact.length === 0;
  return value.residues?.every((residue) => residue === 0n) === true;
}

/**
 * Whether one expression is a constant other than 0 times the other, so that they vanish together;
 * `isPositive`: a positive constant, so that they also have one sign.
 */
export function proportional(
  a: Value,
  b: Value,
  isPositive: boolean,
  comparing: Comparing,
): boolean {
  comparing.work.spend(200);
  if (isZero(a) || isZero(b)) return isZero(a) && isZero(b);
  if (!isPositive && a.residues !== null && b.residues !== null) {
    const divisors = b.residues;
    const quotients = a.residues.map((residue, i) => modularQuotient(residue, divisors[i] ?? 0n));
    const [first = null] = quotients;
    return first !== null && first !== 0n && quotients.every((quotient) => quotient === first);
  }
  const { points: kind } = comparing;
  let ratio: Real | undefined;
  let points = 0;
  for (let point = 0; point < numericPoints[kind]; point++) {
    const [x, y] = [a.sample(kind, point), b.sample(kind, point)];
    if (x === null || y === null || !isRealBall(x) || !isRealBall(y) || y.re.isZero()) continue;
    const quotient = x.re.div(y.re);
    if (quotient.isZero() || (isPositive && quotient.isNegative())) return false;
    ratio ??= quotient;
    if (quotient.div(ratio).minus(1).abs().greaterThan(1e-45)) return false;
    points++;
  }
  if (points < fewestPoints) return false;
  const bothResidues = a.residues !== null && b.residues !== null;
  return !bothResidues || proportional(a, b, false, comparing);
}

/** Whether `a` is below `b`; null where that is not known. */
export function isBelow(a: Value, b: Value, comparing: Comparing): boolean | null {
  comparing.work.spend(1);
  if (a.infinite !== 0 || b.infinite !== 0) return a.infinite < b.infinite;
  const [x, y] = [a.approximation, b.approximation];
  if (Number.isNaN(x) || Number.isNaN(y)) return null;
  if (Math.abs(x - y) > 1e-9 * Math.max(Math.abs(x), Math.abs(y))) return x < y;
  return sameValue(a, b, comparing) ? false : null;
}

function exactDifference(a: Value, b: Value, work: Work): Surd | null {
  const { exact: x } = a;
  const { exact: y } = b;
  if (x === null || y === null) return null;
  return attempt(() => add(x, negate(y), work));
}

function agreeAtPoints(a: Value, b: Value, comparing: Comparing): boolean {
  const isConstant = a.symbols.size === 0 && b.symbols.size === 0;
  const { points: kind, work } = comparing;
  let points = 0;
  let isEverNonzero = false;
  for (let point = 0; point < (isConstant ? 1 : numericPoints[kind]); point++) {
    const [x, y] = [a.sample(kind, point), b.sample(kind, point)];
    work.spend(10);
    if (x === null || y === null) continue;
    if (agree(x, y) !== true) return false;
    isEverNonzero ||= !x.re.isZero() || !x.im.isZero();
    points++;
  }
  if (isConstant) return points === 1;
  // At integers, two functions may both happen to vanish.
  return points >= fewestPoints && (kind !== 'integer' || isEverNonzero);
}

function pointKind(expression: Expression): PointKind {
  const calls = (names: ReadonlySet<string>) =>
    someNode(expression, (node) => node.kind === 'call' && names.has(node.name));
  if (calls(integerFunctions) || someNode(expression, ({ kind }) => kind === 'series')) {
    return 'integer';
  }
  return calls(realFunctions) ? 'real' : 'complex';
}

/** The same expression with every rational part of it worked out. */
function fold(node: Expression, arithmetic: ExactArithmetic): Expression {
  const operands = operandsOf(node);
  if (operands.length === 0) return node;
  const folded = operands.map((operand) => fold(operand, arithmetic));
  const result = withOperands(node, folded);
  if (node.kind === 'eitherSign' || !folded.every(({ kind }) => kind === 'number')) return result;
  const value = attempt(() => rationalOfSurd(evaluate(result, arithmetic)));
  return value === null ? result : numberNode(value);
}
