// Sets of real numbers as unions of intervals in normal form, so that equal sets look alike.
import type { Piece } from './body.js';
import { isBelow, sameValue, type Value } from './value.js';

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
): Piece | null {
  if (low.infinite > 0 || high.infinite < 0) return null;
  if ((isLowClosed && low.infinite !== 0) || (isHighClosed && high.infinite !== 0)) return null;
  if (sameEnd(low, high)) return isLowClosed && isHighClosed ? point(low) : null;
  return isBelow(low, high) === true ? { low, high, isLowClosed, isHighClosed } : null;
}

/** A single number as a piece. */
export function point(value: Value): Piece {
  return { low: value, high: value, isLowClosed: true, isHighClosed: true };
}

/** Pieces in order, joined where they touch; null where their order is not known. */
export function joinPieces(given: readonly Piece[]): readonly Piece[] | null {
  if (given.length > mostPieces) return null;
  const pieces: Piece[] = [];
  for (const piece of given) {
    // Insertion, since an unknown order must end it.
    let at = pieces.length;
    for (; at > 0; at--) {
      const order = before(pieces[at - 1] as Piece, piece);
      if (order === null) return null;
      if (order) break;
    }
    pieces.splice(at, 0, piece);
  }
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last === undefined || isApart(last, piece)) joined.push(piece);
    else joined[joined.length - 1] = join(last, piece);
  }
  return joined;
}

/** Whether two regions in normal form are the same set. */
export function sameRegion(a: readonly Piece[], b: readonly Piece[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((x, i) => {
    const y = b[i] as Piece;
    const isClosedAlike = x.isLowClosed === y.isLowClosed && x.isHighClosed === y.isHighClosed;
    return isClosedAlike && sameEnd(x.low, y.low) && sameEnd(x.high, y.high);
  });
}

/** Whether `a` starts no later than `b`; a closed start is before an open one. */
function before(a: Piece, b: Piece): boolean | null {
  if (sameEnd(a.low, b.low)) return a.isLowClosed || !b.isLowClosed;
  return isBelow(a.low, b.low);
}

/** Whether a gap, if only of one number, is between `a` and a later piece. */
function isApart(a: Piece, b: Piece): boolean {
  if (sameEnd(a.high, b.low)) return !a.isHighClosed && !b.isLowClosed;
  return isBelow(a.high, b.low) === true;
}

function join(a: Piece, b: Piece): Piece {
  const { low, isLowClosed } = a;
  if (sameEnd(a.high, b.high)) {
    return { low, isLowClosed, high: a.high, isHighClosed: a.isHighClosed || b.isHighClosed };
  }
  const { high, isHighClosed } = isBelow(a.high, b.high) === true ? b : a;
  return { low, isLowClosed, high, isHighClosed };
}

function sameEnd(a: Value, b: Value): boolean {
  return a === b || sameValue(a, b);
}
