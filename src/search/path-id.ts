// Path ids: the sibling index at every level, joined by dots; their order is the tree's, depth first.
import type { PathId } from './result.js';

/** The root's id. */
export const rootId: PathId = '';

/** Id of a path's child. */
export function childId(parent: PathId, sibling: number): PathId {
  return parent === rootId ? String(sibling) : `${parent}.${sibling}`;
}

/** Negative, 0 or positive: whether `a` comes before, is, or comes after `b`, depth first. */
export function comparePathIds(a: PathId, b: PathId): number {
  const left = indices(a);
  const right = indices(b);
  const shared = Math.min(left.length, right.length);
  for (let level = 0; level < shared; level++) {
    const difference = (left[level] ?? 0) - (right[level] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function indices(id: PathId): readonly number[] {
  return id === rootId ? [] : id.split('.').map(Number);
}
