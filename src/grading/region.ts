// Sets of real numbers as unions of intervals in normal form, so that equal sets look alike.
import type { Piece } from './body.js';
import { type Comparing, isBelow, sameValue, type Value } from './value.js';

const mostPieces = 32;

/** Every real number but one. */
export function allBut(value: Value, low: Value, high: Value): readonly Piece[] {
  return [
    { low, high: value, isLowClosed: false, isHighClosed: false },
    { low: value, high, isLowClosed: false, isHighClosed: false },
  ];
}

/** The interval between two values; null where it is empty or its ends are not known to be in order. */
export function interval(
  low: Value,
  high: Value,
  isLowClosed: boolean,
  isHighClosed: boolean,
  comparing: Comparing,
): Piece | null {
  if (low.symbols.size > 0 || high.symbols.size > 0) return null;
  if (low.infinite > 0 || high.infinite < 0) return null;
  if ((isLowClosed && low.infinite !== 0) || (isHighClosed && high.infinite !== 0)) return null;
  if (sameEnd(low, high, comparing)) return isLowClosed && isHighClosed ? point(low) : null;
  return isBelow(low, high, comparing) === true ? { low, high, isLowClosed, isHighClosed } : null;
}

/** A single number as a piece. */
export function point(value: Value): Piece {
  return { low: value, high: value, isLowClosed: true, isHighClosed: true };
}

/** Pieces in order, joined where they touch; null where their order is not known. */
export function joinPieces(given: readonly Piece[], comparing: Comparing): readonly Piece[] | null {
  if (given.length > mostPieces) return null;
  const pieces: Piece[] = [];
  for (const piece of given) {
    // Insertion, since an unknown order must end it.
    let at = pieces.length;
    for (; at > 0; at--) {
      const order = before(pieces[at - 1] as Piece, piece, comparing);
      if (order === null) return null;
      if (order) break;
    }
    pieces.splice(at, 0, piece);
  }
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last === undefined || isApart(last, piece, comparing)) joined.push(piece);
    else joined[joined.length - 1] = join(last, piece, comparing);
  }
  return joined;
}

/** Whether two regions in normal form are the same set. */
export function sameRegion(
  a: readonly Piece[],
  b: readonly Piece[],
  comparing: Comparing,
): boolean {
  if (a.length !== b.length) return false;
  return a.every((x, i) => {
    const y = b[i] as Piece;
    const isClosedAlike = x.isLowClosed === y.isLowClosed && x.isHighClosed === y.isHighClosed;
    return isClosedAlike && sameEnd(x.low, y.low, comparing) && sameEnd(x.high, y.high, comparing);
  });
}

/** Whether `a` starts no later than `b`; a closed start is before an open one. */
function before(a: Piece, b: Piece, comparing: Comparing): boolean | null {
  if (sameEnd(a.low, b.low, comparing)) return a.isLowClosed || !b.isLowClosed;
  return isBelow(a.low, b.low, comparing);
}

/** Whether a gap, if only of one number, is between `a` and a later piece. */
function isApart(a: Piece, b: Piece, comparing: Comparing): boolean {
  if (sameEnd(a.high, b.low, comparing)) return !a.isHighClosed && !b.isLowClosed;
  return isBelow(a.high, b.low, comparing) === true;
}

function join(a: Piece, b: Piece, comparing: Comparing): Piece {
  const { low, isLowClosed } = a;
  if (sameEnd(a.high, b.high, comparing)) {
    return { low, isLowClosed, high: a.high, isHighClosed: a.isHighClosed || b.isHighClosed };
  }
  const { high, isHighClosed } = isBelow(a.high, b.high, comparing) === true ? b : a;
  return { low, isLowClosed, high, isHighClosed };
}

function sameEnd(a: Value, b: Value, comparing: Comparing): boolean {
  return a === b || sameValue(a, b, comparing);
}
