// When two typed answers are the same. Types must agree, brackets included; the few bridges between
// types are those where one is another way to write the other.
import type { Body } from './body.js';
import { regionOf } from './interpret.js';
import { sameRegion } from './region.js';
import { type Comparing, proportional, sameValue, type Value } from './value.js';

/**
 * Whether a unit, or a name in front, that one answer has and the other lacks, counts. Only where a
 * reference says what was asked may it be left out: "5" is then as good as "x = 5" or "5 cm".
 */
export type Dressing = 'counts' | 'optional';

/** How two answers are compared. */
export interface Comparison extends Comparing {
  readonly dressing: Dressing;
}

/**
 * Symmetric. Texts are the caller's to compare: here only texts inside of answers are.
 * @throws Undecided once the work is used up
 */
export function sameBody(a: Body, b: Body, comparison: Comparison): boolean {
  comparison.work.spend(1);
  if (a.kind === 'labelled' || b.kind === 'labelled') return sameLabelled(a, b, comparison);
  const bridged = sameAcross(a, b, comparison) || sameAcross(b, a, comparison);
  if (bridged || a.kind !== b.kind) return bridged;
  switch (a.kind) {
    case 'scalar':
      return sameScalar(a, b as typeof a, comparison);
    case 'numeral':
      return a.digits === (b as typeof a).digits && a.base === (b as typeof a).base;
    case 'sequence': {
      const other = b as typeof a;
      return a.brackets === other.brackets && sameItems(a.items, other.items, comparison);
    }
    case 'set': {
      const other = b as typeof a;
      if (a.isBare && other.isBare && a.items.length !== other.items.length) return false;
      return sameMembers(a.items, other.items, comparison, a.isBare && other.isBare);
    }
    case 'region':
      return sameRegion(a.region, (b as typeof a).region, comparison);
    case 'union':
      return sameMembers(a.items, (b as typeof a).items, comparison, false);
    case 'matrix':
      return sameMatrix(a.rows, (b as typeof a).rows, comparison);
    case 'ratio': {
      const other = b as typeof a;
      return sameValues(a.quotients, other.quotients, comparison);
    }
    case 'relation': {
      const other = b as typeof a;
      if (a.operator !== other.operator) return false;
      const isOrdered = a.operator === '<' || a.operator === '<=';
      return proportional(a.difference, other.difference, isOrdered, comparison);
    }
    case 'text':
      return canonicalText(a.text) === canonicalText((b as typeof a).text);
  }
}

/** A text without what carries no meaning: case, punctuation, brackets around a single letter. */
export function canonicalText(text: string): string {
  return text
    .replace(/\\(?:text|textbf|textit|textrm|mathrm|mbox|hbox|operatorname)\s*(?=\{)/g, '')
    .replace(/\\[ ,;:!]|~/g, ' ')
    .replace(/[{}$.,;:!?'"“”‘’*]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\(\s*([A-Za-z])\s*\)$/, '$1')
    .toLowerCase();
}

function sameLabelled(a: Body, b: Body, comparison: Comparison): boolean {
  if (a.kind === 'labelled' && b.kind === 'labelled') {
    return a.label === b.label && sameBody(a.body, b.body, comparison);
  }
  if (comparison.dressing === 'counts') return false;
  const [x, y] = [a, b].map((body) => (body.kind === 'labelled' ? body.body : body));
  return x !== undefined && y !== undefined && sameBody(x, y, comparison);
}

/** The bridges between types, one way. */
function sameAcross(a: Body, b: Body, comparing: Comparing): boolean {
  if (a.kind === 'region' && b.kind !== 'region') {
    const region = regionOf(b);
    return region !== null && sameRegion(a.region, region, comparing);
  }
  // A column is the vector that a point in brackets is.
  if (a.kind === 'matrix' && b.kind === 'sequence' && ['()', '<>'].includes(b.brackets)) {
    if (a.rows.length < 2 || a.rows.length !== b.items.length) return false;
    return a.rows.every(([entry, ...rest], i) => {
      const item = b.items[i];
      if (entry === undefined || rest.length > 0 || item?.kind !== 'scalar') return false;
      return item.unit === '' && sameValue(entry, item.value, comparing);
    });
  }
  // 3:4 is 3/4.
  if (a.kind === 'ratio' && b.kind === 'scalar') {
    const [quotient, ...rest] = a.quotients;
    if (quotient === undefined || rest.length > 0 || b.unit !== '') return false;
    return sameValue(quotient, b.value, comparing);
  }
  return false;
}

type Scalar = Extract<Body, { kind: 'scalar' }>;

function sameScalar(a: Scalar, b: Scalar, comparison: Comparison): boolean {
  if (a.unit === b.unit) return sameNear(a.value, b.value, comparison);
  if (a.unit !== '' && b.unit !== '') return false;
  const [bare, dressed] = a.unit === '' ? [a, b] : [b, a];
  if (dressed.scaled !== null && sameNear(bare.value, dressed.scaled, comparison)) return true;
  return comparison.dressing === 'optional' && sameNear(bare.value, dressed.value, comparison);
}

/** Constants that are far apart need no more than double precision. */
function sameNear(a: Value, b: Value, comparing: Comparing): boolean {
  const [x, y] = [a.approximation, b.approximation];
  if (Math.abs(x - y) > 1e-6 * Math.max(Math.abs(x), Math.abs(y))) return false;
  return sameValue(a, b, comparing);
}

function sameItems(a: readonly Body[], b: readonly Body[], comparison: Comparison): boolean {
  return a.length === b.length && a.every((item, i) => sameBody(item, b[i] as Body, comparison));
}

/** In any order; `isCounted`: as often here as there. */
function sameMembers(
  a: readonly Body[],
  b: readonly Body[],
  comparison: Comparison,
  isCounted: boolean,
): boolean {
  const count = (list: readonly Body[], body: Body): number =>
    list.filter((other) => other === body || sameBody(other, body, comparison)).length;
  return [...a, ...b].every((body) => {
    const [here, there] = [count(a, body), count(b, body)];
    return isCounted ? here === there : here > 0 && there > 0;
  });
}

function sameMatrix(
  a: readonly (readonly Value[])[],
  b: readonly (readonly Value[])[],
  comparing: Comparing,
): boolean {
  return a.length === b.length && a.every((row, i) => sameValues(row, b[i] ?? [], comparing));
}

function sameValues(a: readonly Value[], b: readonly Value[], comparing: Comparing): boolean {
  return a.length === b.length && a.every((value, i) => sameNear(value, b[i] as Value, comparing));
}
