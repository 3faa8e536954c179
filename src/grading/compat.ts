// The compatible grader: the paper's rules of equality (tts-methods §4.1) on the forms of
// `compat-text.ts`, with the strict grader's mathematics where the paper calls sympy. It accepts what
// the paper's code accepts, wrong answers included: 200 for 2, (2, 5] for (2, 5).
import { Answer, answerWork } from './answer.js';
import { compatForm } from './compat-text.js';

const maximumLength = 4096;
const mostParts = 64;
const deepest = 4;

/**
 * Whether the paper's evaluation would take an answer for the reference.
 * @param answer its form by `compatAnswer`; `''` is an answer like any other
 * @param reference as the dataset has it
 */
export function isCompatCorrect(answer: string, reference: string): boolean {
  return formsEqual(answer, compatForm(reference));
}

/** The same of two answers in the paper's form; `work` is what each of them may cost. */
export function formsEqual(
  prediction: string,
  reference: string,
  work: number = answerWork,
  depth = 0,
): boolean {
  if (prediction.toLowerCase().trim() === reference.toLowerCase().trim()) return true;
  if (prediction.length > maximumLength || reference.length > maximumLength) return false;
  if (/^[A-E]$/.test(reference) && choice(prediction) === reference) return true;
  const [x, y] = [digits(prediction), digits(reference)];
  if (x !== null && y !== null) return [y / 100, y, y * 100].some((value) => isClose(x, value));
  if (prediction === '' || depth > deepest) return false;
  const [p, r] = withPlainSet(prediction, reference);
  if (withoutBrackets(p, r)) return true;
  const parts = partsOf(p, r);
  if (parts === 'unlike') return false;
  if (parts !== null) {
    const [a, b] = parts;
    if (a.length !== b.length || a.length > mostParts) return false;
    const share = Math.floor(work / a.length);
    return a.every((part, i) => formsEqual(part.trim(), (b[i] ?? '').trim(), share, depth + 1));
  }
  return equationsEqual(p, r, work, depth) ?? mathematicsEqual(p, r, work);
}

/** The last of the letters A to E that stands alone. */
function choice(text: string): string {
  const bare = text
    .replace(/^\n+|\n+$/g, '')
    .replace(/\.+$/, '')
    .replace(/\/+$/, '');
  const letters = bare.toUpperCase().match(/(?<![\p{L}\p{N}_])[A-E](?![\p{L}\p{N}_])/gu);
  return letters?.at(-1) ?? bare.trim();
}

/** A number as Python's `float` reads it, without commas; a percentage over 100. */
function digits(text: string): number | null {
  const bare = text.replaceAll(',', '');
  const percent = /^(.*?)\\?%$/.exec(bare)?.[1];
  const value = float(bare) ?? (percent === undefined ? null : float(percent));
  return value === null || percent === undefined ? value : value / 100;
}

function float(text: string): number | null {
  const number = /^\s*[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i;
  return number.test(text) ? Number(text.replaceAll('_', '')) : null;
}

/** Python's `isclose` with a relative tolerance of 1e-4. */
function isClose(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(a), Math.abs(b));
}

/** Where only the prediction is a matrix, a set in the reference becomes a column. */
function withPlainSet(prediction: string, reference: string): readonly [string, string] {
  if (!prediction.includes('pmatrix') || reference.includes('pmatrix')) {
    return [prediction, reference];
  }
  // From the first brace to the last one, as the paper's greedy pattern has it.
  const set = reference.slice(reference.indexOf('{'), reference.lastIndexOf('}') + 1);
  if (!set.startsWith('{') || !set.includes(',')) return [prediction, ''];
  const items = set.replace(/^[{}]+|[{}]+$/g, '').replaceAll(',', '\\');
  return [prediction, `\\begin{pmatrix}${items}\\end{pmatrix}`];
}

/** Equal but for brackets of any kind. */
function withoutBrackets(prediction: string, reference: string): boolean {
  const has = (text: string, pair: string) =>
    text.startsWith(pair[0] ?? '') && text.endsWith(pair[1] ?? '');
  const isStripped =
    (has(prediction, '[]') && !has(reference, '()')) ||
    (has(prediction, '()') && !has(reference, '[]'));
  const bare = (text: string): string => {
    const inner = isStripped ? text.replace(/^[[\]()]+|[[\]()]+$/g, '') : text;
    return inner.replace(/[{}()]/g, '').toLowerCase();
  };
  return bare(prediction) === bare(reference);
}

/**
 * Elements of two lists in brackets, or entries of two matrices, `unlike` where those differ in shape;
 * null for anything else.
 */
function partsOf(
  a: string,
  b: string,
): readonly [readonly string[], readonly string[]] | 'unlike' | null {
  const isList = (text: string) => /^[([].+[)\]]/.test(text);
  if (isList(a) && isList(b)) return [a.slice(1, -1).split(','), b.slice(1, -1).split(',')];
  const open = '\\begin{pmatrix}';
  const close = '\\end{pmatrix}';
  const isMatrix = (text: string) => text.startsWith(open) && text.endsWith(close);
  if (!isMatrix(a) || !isMatrix(b)) return null;
  const rows = (text: string) =>
    text
      .slice(open.length, -close.length)
      .split('\\\\')
      .filter((row) => row.trim() !== '')
      .map((row) => row.split('&'));
  const [x, y] = [rows(a), rows(b)];
  const isAlike = x.length === y.length && x.every((row, i) => row.length === y[i]?.length);
  return isAlike ? [x.flat(), y.flat()] : 'unlike';
}

/** Equations by the difference of their sides, up to sign; a short name before "=" is dropped. */
function equationsEqual(a: string, b: string, work: number, depth: number): boolean | null {
  const [left, right] = [a.split('='), b.split('=')];
  if (left.length === 2 && right.length === 2) {
    const difference = ([x = '', y = '']: readonly string[]) => `${x.trim()} - (${y.trim()})`;
    const [p, r] = [difference(left), difference(right)];
    return mathematicsEqual(p, r, work / 2) || mathematicsEqual(`-(${p})`, r, work / 2);
  }
  const isName = (sides: readonly string[]) =>
    sides.length === 2 && (sides[0] ?? '').trim().length <= 2;
  if (isName(left) && right.length === 1) return formsEqual(left[1] ?? '', b, work, depth + 1);
  if (isName(right) && left.length === 1) return formsEqual(a, right[1] ?? '', work, depth + 1);
  return null;
}

/** In place of sympy: the same mathematics, or constants within a relative tolerance of 1e-4. */
function mathematicsEqual(a: string, b: string, work: number): boolean {
  const [x, y] = [new Answer(a, work), new Answer(b, work)];
  if (x.isSame(y, 'optional')) return true;
  const [p, r] = [x.approximation, y.approximation];
  return Number.isFinite(p) && Number.isFinite(r) && isClose(p, r);
}
