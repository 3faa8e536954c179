// The lines of accuracy for each policy with each reward model: what a chart draws and its table says.
import type { Curve } from '../evaluation/curves.js';
import type { Estimate } from '../evaluation/estimates.js';
import { magnitude, percent } from '../figures.js';
import type { Axis, Point, Series } from './chart.js';
import { ceilingLook, type Look, lookOf } from './look.js';
import type { ReportData, Votes } from './report-data.js';

/** One policy with one reward model, or with none. */
export interface Panel {
  readonly policy: string;
  readonly reward: string | null;
  readonly lines: readonly PanelLine[];
}

/** One strategy at rising N. */
export interface PanelLine {
  readonly name: string;
  readonly look: Look;
  readonly estimates: readonly Estimate[];
}

/** Panels by policy and reward model, in the order of the runs. */
export function panelsOf({ estimates }: Pick<ReportData, 'estimates'>): readonly Panel[] {
  const pairs = new Map<string, { policy: string; reward: string | null }>();
  for (const { policy, reward } of estimates) {
    pairs.set(JSON.stringify([policy, reward]), { policy, reward });
  }
  const all = [...pairs.values()];
  return all
    .filter(({ policy, reward }) => {
      const hasReward = all.some((other) => other.policy === policy && other.reward !== null);
      return reward !== null || !hasReward;
    })
    .map(({ policy, reward }) => {
      const own = estimates.filter((one) => {
        return one.policy === policy && (one.reward === reward || one.reward === null);
      });
      return { policy, reward, lines: linesOf(own) };
    });
}

/** "policy-2m with prm-3m" */
export function pairName({ policy, reward }: Pick<Panel, 'policy' | 'reward'>): string {
  return reward === null ? policy : `${policy} with ${reward}`;
}

/** "best-of-n, N 16" */
export function armName({ strategy, budget }: Pick<Estimate, 'strategy' | 'budget'>): string {
  return strategy.name === 'greedy' ? 'greedy' : `${strategy.name}, N ${budget}`;
}

/** 30.0–53.3% */
export function rangeText({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${(100 * low).toFixed(1)}–${percent(high)}`;
}

/** 4.76 GFLOP, on one line */
export function flopText(flops: number): string {
  return `${magnitude(flops).replace(' ', '\u00a0')}FLOP`;
}

/** A panel's lines along an axis. */
export function seriesOf({ lines }: Panel, axis: Axis): readonly Series[] {
  return lines.map(({ name, look, estimates }) => ({
    name,
    look,
    points: estimates.map((estimate): Point => {
      const { accuracy, flops, budget } = estimate;
      const label =
        `${armName(estimate)}: ${percent(accuracy.mean)} (${rangeText(accuracy)}), ` +
        flopText(flops);
      const isMarked = isShown(budget, estimates);
      return { x: axis === 'budget' ? budget : flops, ...accuracy, label, isMarked };
    }),
  }));
}

/** Powers of two and the largest: what charts mark and tables list. */
export function isShown(budget: number, estimates: readonly Estimate[]): boolean {
  return Number.isInteger(Math.log2(budget)) || budget === estimates.at(-1)?.budget;
}

/** The lines of one run's votes. */
export function voteSeries({ curves }: Votes): readonly Series[] {
  const { passAtK, majority, bestOfN, weighted } = curves;
  const line = (name: string, look: Look, curve: Curve | null): readonly Series[] =>
    curve === null ? [] : [{ name, look, points: curve.map((at, i) => pointOf(name, at, i + 1)) }];
  return [
    ...line('pass@N', ceilingLook, passAtK),
    ...line('majority', lookOf('majority'), majority),
    ...line('max', lookOf('dvts'), bestOfN),
    ...line('weighted', lookOf('best-of-n'), weighted),
  ];
}

function pointOf(name: string, at: Curve[number], n: number): Point {
  const label = `${name}, N ${n}: ${percent(at.mean)} (${rangeText(at)})`;
  return { x: n, ...at, label, isMarked: Number.isInteger(Math.log2(n)) };
}

function linesOf(estimates: readonly Estimate[]): readonly PanelLine[] {
  const lines = new Map<string, Estimate[]>();
  for (const estimate of estimates) {
    const key = JSON.stringify({ ...estimate.strategy, budget: null });
    lines.set(key, [...(lines.get(key) ?? []), estimate]);
  }
  const all = [...lines.values()];
  return all.map((own) => {
    const [first] = own as [Estimate, ...Estimate[]];
    const { name } = first.strategy;
    const namesakes = all.filter((other) => other[0]?.strategy.name === name);
    const isSecond = namesakes.indexOf(own) > 0;
    return {
      name: namesakes.length > 1 ? `${name} (${differences(own, namesakes)})` : name,
      look: lookOf(name, isSecond),
      estimates: own.sort((a, b) => a.budget - b.budget),
    };
  });
}

/** The options that tell lines of one strategy apart. */
function differences(
  own: readonly Estimate[],
  namesakes: readonly (readonly Estimate[])[],
): string {
  const options = (of: readonly Estimate[]) => Object.entries(of[0]?.strategy ?? {});
  return options(own)
    .filter(([key]) => key !== 'budget' && key !== 'name')
    .filter(([key]) => {
      const values = namesakes.map((of) => options(of).find(([other]) => other === key)?.[1]);
      return new Set(values).size > 1;
    })
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}
