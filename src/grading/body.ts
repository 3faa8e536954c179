// What an answer is: its type, and the values in it.
import type { RelationOperator } from './syntax.js';
import type { Value } from './value.js';

/** A stretch of the real line; a single number is closed at both ends. */
export interface Piece {
  readonly low: Value;
  readonly high: Value;
  readonly isLowClosed: boolean;
  readonly isHighClosed: boolean;
}

export type Body =
  /** `scaled` is what degrees and percents come to as a plain number. */
  | {
      readonly kind: 'scalar';
      readonly value: Value;
      readonly unit: string;
      readonly scaled: Value | null;
    }
  | { readonly kind: 'numeral'; readonly digits: string; readonly base: number }
  | {
      readonly kind: 'sequence';
      readonly brackets: string;
      readonly items: readonly Body[];
      /** What it is as an interval, if it can be one. */
      readonly region: readonly Piece[] | null;
    }
  | {
      readonly kind: 'set';
      readonly items: readonly Body[];
      /** Without braces: a list, whose members count as often as they stand there. */
      readonly isBare: boolean;
      readonly region: readonly Piece[] | null;
    }
  /** Pieces in order, apart from each other. */
  | { readonly kind: 'region'; readonly region: readonly Piece[] }
  /** A union of what has no order known. */
  | { readonly kind: 'union'; readonly items: readonly Body[] }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Value[])[] }
  /** Each term over the last one. */
  | { readonly kind: 'ratio'; readonly quotients: readonly Value[] }
  /** `difference operator 0`. Where it reads `symbol = value`, also these two. */
  | {
      readonly kind: 'relation';
      readonly operator: RelationOperator;
      readonly difference: Value;
      readonly definition: { readonly symbol: string; readonly value: Value } | null;
    }
  /** What a name was given: `x = 5`, `x ∈ [1, 2]`, `f(x) = 2x`. */
  | { readonly kind: 'labelled'; readonly label: string; readonly body: Body }
  | { readonly kind: 'text'; readonly text: string };
