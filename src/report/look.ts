// How each strategy looks in every chart: colour, marker and dash together, so that none of them alone
// has to tell two lines apart.
import type { AnyStrategy } from '../search/auto-strategy.js';

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond2' | 'star' | 'wye';

export interface Look {
  /** A variable of the page's style. */
  readonly colour: string;
  /** Null: no markers. */
  readonly symbol: Marker | null;
  /** As in `stroke-dasharray`; empty: a whole line. */
  readonly dash: string;
  /** Opacity of the band. */
  readonly band: number;
}

const band = 0.1;
const looks: { readonly [name: string]: Look } = {
  greedy: { colour: 'var(--ink)', symbol: 'star', dash: '', band },
  majority: { colour: 'var(--series-1)', symbol: 'circle', dash: '6 3', band },
  'best-of-n': { colour: 'var(--series-2)', symbol: 'square', dash: '', band },
  'beam-search': { colour: 'var(--series-3)', symbol: 'triangle', dash: '2 3', band },
  dvts: { colour: 'var(--series-4)', symbol: 'diamond2', dash: '9 3 2 3', band },
};
const spare: readonly Look[] = [
  { colour: 'var(--series-5)', symbol: 'wye', dash: '4 2', band },
  { colour: 'var(--series-6)', symbol: 'circle', dash: '1 3', band },
];

/** Of what no vote can pass. */
export const ceilingLook: Look = { colour: 'var(--muted)', symbol: null, dash: '1 4', band: 0.06 };

/** The look of a strategy's line; the second of one name gets a spare one. */
export function lookOf(name: AnyStrategy['name'], isSecond = false): Look {
  const known = looks[name];
  return (isSecond ? undefined : known) ?? (spare[isSecond ? 0 : 1] as Look);
}

/** The look of a line of a plan's test: the plan stands out, what knows the answers recedes. */
export function planLook(name: string, usesLabels: boolean, index: number): Look {
  if (name.startsWith('plan')) return { colour: 'var(--ink)', symbol: 'circle', dash: '', band };
  const symbols = ['square', 'triangle', 'diamond2', 'star', 'wye'] as const;
  const symbol = symbols[index % symbols.length] ?? 'square';
  if (usesLabels) return { colour: 'var(--muted)', symbol, dash: '2 3', band };
  const colour = `var(--series-${(index % 6) + 1})`;
  return { colour, symbol, dash: '6 3', band };
}
