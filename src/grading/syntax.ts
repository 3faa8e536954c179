// What an answer is made of, before anything is worked out: its lists, brackets, relations and units
// around scalar expressions.
import type { Expression } from './expression.js';

export type RelationOperator = '=' | '<' | '<=' | '!=' | 'in';

export type Syntax =
  | { readonly kind: 'expression'; readonly expression: Expression }
  /** An expression with a unit of measure, by its one name. */
  | { readonly kind: 'measured'; readonly expression: Expression; readonly unit: string }
  /** Digits in a base other than ten. */
  | { readonly kind: 'numeral'; readonly digits: string; readonly base: number }
  /** Ordered items in round, square or angle brackets: a point, or an interval. */
  | {
      readonly kind: 'sequence';
      readonly open: '(' | '[' | '<';
      readonly close: ')' | ']' | '>';
      readonly items: readonly Syntax[];
    }
  /** Items in braces, or side by side (`isBare`). */
  | { readonly kind: 'set'; readonly items: readonly Syntax[]; readonly isBare: boolean }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: 'union'; readonly pieces: readonly Syntax[] }
  | { readonly kind: 'reals' }
  | { readonly kind: 'ratio'; readonly terms: readonly Expression[] }
  /** `parts[i] operators[i] parts[i + 1]`; > and ≥ are turned round. */
  | {
      readonly kind: 'relation';
      readonly parts: readonly Syntax[];
      readonly operators: readonly RelationOperator[];
    }
  | { readonly kind: 'text'; readonly text: string };
