// What equations and inequalities say: a name's value, a stretch of the line, or a relation as such.
import type { Body } from './body.js';
import type { Expression } from './expression.js';
import { symbolsOf } from './expression.js';
import type { Interpreter } from './interpret.js';
import type { Syntax } from './syntax.js';
import { type Comparing, sameValue } from './value.js';
import { Undecided } from './work.js';

type Relation = Extract<Syntax, { kind: 'relation' }>;

/** Letters that read as functions before brackets: `f(x) = …`. */
const functionNames = new Set(['f', 'g', 'h', 'p', 'q', 'r', 'F', 'G', 'P', 'Q', 'R', 'S', 'T']);

/** @throws Undecided on relations with no meaning here */
export function interpretRelation(relation: Relation, interpreter: Interpreter): Body {
  const { operators } = relation;
  if (operators.every((operator) => operator === '=')) return equality(relation, interpreter);
  if (operators.length === 1 && operators[0] === 'in') return membership(relation, interpreter);
  return inequality(relation, interpreter);
}

function equality({ parts }: Relation, interpreter: Interpreter): Body {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Undecided('nothing');
  const label = labelOf(first);
  const bodies = rest.map((part) => interpreter.interpret(part));
  const last = bodies.at(-1);
  if (last === undefined) throw new Undecided('nothing');
  if (
    label !== null &&
    bodies.every((body) => isConstant(body) && sameScalars(body, last, interpreter.comparing))
  ) {
    return { kind: 'labelled', label: label.name, body: last };
  }
  if (label?.isFunction && rest.length === 1) {
    return { kind: 'labelled', label: label.name, body: last };
  }
  // 10/2 = 5 says 5, if it is true.
  const opening = first.kind === 'expression' ? interpreter.interpret(first) : null;
  if (opening !== null && [opening, ...bodies].every(isConstant)) {
    if (bodies.every((body) => sameScalars(opening, body, interpreter.comparing))) return last;
  }
  const turned = rest.length === 1 && rest[0] !== undefined ? labelOf(rest[0]) : null;
  if (turned !== null && opening !== null && isConstant(opening)) {
    return { kind: 'labelled', label: turned.name, body: opening };
  }
  return difference(parts, '=', interpreter);
}

function membership({ parts }: Relation, interpreter: Interpreter): Body {
  const [name, set] = parts;
  const label = name === undefined ? null : labelOf(name);
  if (label === null || set === undefined) throw new Undecided('membership of what');
  return { kind: 'labelled', label: label.name, body: interpreter.interpret(set) };
}

function inequality({ parts, operators }: Relation, interpreter: Interpreter): Body {
  const symbols = parts.map(symbolOf);
  const at = symbols.findIndex((symbol) => symbol !== null);
  const name = symbols[at];
  const isConstantElse = parts.every((part, i) => i === at || isConstantExpression(part));
  if (name === null || name === undefined || !isConstantElse) {
    const [operator] = operators;
    if (operators.length !== 1 || operator === undefined) throw new Undecided('a chain');
    return difference(parts, operator, interpreter);
  }
  const bounds = parts.map((part) =>
    part.kind === 'expression' ? interpreter.value(part.expression) : null,
  );
  const [low, high] = [bounds[at - 1], bounds[at + 1]];
  const below = operators[at - 1];
  const above = operators[at];
  if (parts.length > 3 || (parts.length === 3 && at !== 1)) throw new Undecided('a chain');
  if (below === '!=' || above === '!=') {
    const bound = low ?? high;
    if (parts.length !== 2 || !bound) throw new Undecided('a chain');
    const region = interpreter.halfLine(bound, 'apart', false);
    return { kind: 'labelled', label: name, body: { kind: 'region', region } };
  }
  if (low && high) {
    const piece = interpreter.between(low, high, below === '<=', above === '<=');
    return { kind: 'labelled', label: name, body: { kind: 'region', region: [piece] } };
  }
  const region = low
    ? interpreter.halfLine(low, 'above', below === '<=')
    : interpreter.halfLine(high as NonNullable<typeof high>, 'below', above === '<=');
  return { kind: 'labelled', label: name, body: { kind: 'region', region } };
}

function difference(
  parts: readonly Syntax[],
  operator: Relation['operators'][number],
  interpreter: Interpreter,
): Body {
  const [left, right] = parts;
  if (parts.length !== 2 || left?.kind !== 'expression' || right?.kind !== 'expression') {
    throw new Undecided('a chain');
  }
  const symbol = symbolOf(left);
  const isDefinition =
    operator === '=' && symbol !== null && !symbolsOf(right.expression).has(symbol);
  return {
    kind: 'relation',
    operator,
    difference: interpreter.difference(left.expression, right.expression),
    definition: isDefinition ? { symbol, value: interpreter.value(right.expression) } : null,
  };
}

/** The name that a side alone is, and whether it is a function's. */
function labelOf(side: Syntax): { readonly name: string; readonly isFunction: boolean } | null {
  if (side.kind === 'text') return { name: side.text.toLowerCase(), isFunction: true };
  if (side.kind === 'sequence') {
    const names = side.items.map(symbolOf);
    return names.includes(null) ? null : { name: `(${names.join(',')})`, isFunction: false };
  }
  if (side.kind !== 'expression') return null;
  const name = symbolOf(side);
  if (name !== null) return { name, isFunction: false };
  const called = functionOf(side.expression);
  return called === null ? null : { name: called, isFunction: true };
}

/** f(x), which reads as a product of two letters, or of one and a number. */
function functionOf(expression: Expression): string | null {
  if (expression.kind !== 'product' || expression.operands.length !== 2) return null;
  const [name, argument] = expression.operands;
  if (name?.kind !== 'symbol' || !functionNames.has(name.name)) return null;
  if (argument?.kind === 'symbol') return `${name.name}(${argument.name})`;
  return argument?.kind === 'number' ? `${name.name}(${argument.value.numerator})` : null;
}

function symbolOf(side: Syntax): string | null {
  const isSymbol = side.kind === 'expression' && side.expression.kind === 'symbol';
  return isSymbol && side.expression.kind === 'symbol' ? side.expression.name : null;
}

function isConstantExpression(side: Syntax): boolean {
  return side.kind === 'expression' && symbolsOf(side.expression).size === 0;
}

/** Without variables; points, sets and matrices count, whatever is in them. */
function isConstant(body: Body): boolean {
  if (body.kind === 'scalar') return body.value.symbols.size === 0;
  return body.kind !== 'relation' && body.kind !== 'labelled';
}

/** Of two scalars, whether they are equal; anything else only as the very same. */
function sameScalars(a: Body, b: Body, comparing: Comparing): boolean {
  if (a === b) return true;
  if (a.kind !== 'scalar' || b.kind !== 'scalar') return false;
  return a.unit === b.unit && sameValue(a.value, b.value, comparing);
}
