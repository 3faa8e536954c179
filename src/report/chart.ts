// Charts as SVG text, drawn by Observable Plot when the report is written: the page ships no library.
// Colours are the page's variables, so that one drawing serves light and dark.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { magnitude } from '../figures.js';
import { Html, html } from './html.js';
import type { Look } from './look.js';
import type { Reliability } from './reliability.js';

/** One point of a line with its 95% interval; accuracies in [0, 1]. */
export interface Point {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Shown by the browser where the pointer rests. */
  readonly label: string;
  /** Drawn with a marker; the points between are the line alone. */
  readonly isMarked: boolean;
}

export interface Series {
  readonly name: string;
  readonly look: Look;
  /** By rising x; one point alone has an error bar. */
  readonly points: readonly Point[];
}

/** What is along x: numbers of paths, or FLOPs. */
export type Axis = 'budget' | 'flops';

export interface LineChart {
  readonly axis: Axis;
  readonly series: readonly Series[];
  /** Of accuracy, in [0, 1]. */
  readonly domain: readonly [number, number];
}

/** One drawing for wide windows and one for phones. */
const sizes = [
  { name: 'wide', width: 560, height: 340 },
  { name: 'narrow', width: 340, height: 300 },
] as const;
type Size = (typeof sizes)[number];

const axisTitles: { readonly [A in Axis]: string } = {
  budget: 'N, paths sampled for a problem (log scale)',
  flops: 'FLOPs for a problem, mean (log scale)',
};

/** Lines with bands. @param name what it shows, for those who cannot see it */
export function drawLines({ axis, series, domain }: LineChart, name: string): Html {
  const ticks = ticksOf(axis, series);
  return drawBoth(name, (size) => ({
    ...frame(size),
    x: {
      type: 'log',
      label: axisTitles[axis],
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: size.name === 'narrow' ? thin(ticks) : ticks,
      tickFormat: axis === 'budget' ? String : shortMagnitude,
    },
    y: accuracyAxis(domain, 'Accuracy (%)'),
    marks: [
      Plot.ruleY([100 * domain[0]], { stroke: 'var(--line)' }),
      ...series.map((one) => bandOf(one)),
      ...series.map(({ points, look }) =>
        Plot.lineY(points, {
          x: 'x',
          y: (point: Point) => 100 * point.mean,
          stroke: look.colour,
          strokeWidth: 2,
          ...(look.dash !== '' && { strokeDasharray: look.dash }),
        }),
      ),
      ...series.map(({ points, look }) => markersOf(points, look)),
    ],
  }));
}

/** Predicted against true shares, with the diagonal that perfect scores would lie on. */
export function drawReliability({ bins }: Reliability, name: string): Html {
  return drawBoth(name, (size) => ({
    ...frame(size),
    x: { ...accuracyAxis([0, 1], 'Value that the reward model gives (%)'), labelAnchor: 'center' },
    y: accuracyAxis([0, 1], 'Paths that are right (%)'),
    r: { range: [2.5, 9], domain: [0, Math.max(...bins.map(({ paths }) => paths))] },
    marks: [
      Plot.link([0], {
        x1: 0,
        y1: 0,
        x2: 100,
        y2: 100,
        stroke: 'var(--muted)',
        strokeDasharray: '4 4',
      }),
      Plot.ruleX(bins, {
        x: ({ predicted }: Bin) => 100 * predicted,
        y1: ({ share }: Bin) => 100 * share.low,
        y2: ({ share }: Bin) => 100 * share.high,
        stroke: 'var(--series-1)',
        strokeWidth: 2,
      }),
      Plot.dot(bins, {
        x: ({ predicted }: Bin) => 100 * predicted,
        y: ({ share }: Bin) => 100 * share.mean,
        r: 'paths',
        fill: 'var(--series-1)',
        stroke: 'var(--surface)',
        title: ({ paths, right }: Bin) => `${right} of ${paths} paths are right`,
      }),
    ],
  }));
}

type Bin = Reliability['bins'][number];

/** A line with its marker, for a legend. */
export function drawSwatch(look: Look): Html {
  const svg = plot({
    width: 36,
    height: 14,
    margin: 0,
    axis: null,
    x: { type: 'linear', domain: [0, 36] },
    y: { type: 'linear', domain: [0, 14] },
    marks: [
      Plot.link([0], {
        ...{ x1: 1, x2: 35, y1: 7, y2: 7, stroke: look.colour, strokeWidth: 2 },
        ...(look.dash !== '' && { strokeDasharray: look.dash }),
      }),
      ...(look.symbol === null
        ? []
        : [Plot.dot([0], { x: 18, y: 7, r: 4, symbol: look.symbol, fill: look.colour })]),
    ],
  });
  svg.setAttribute('aria-hidden', 'true');
  return new Html(svg.outerHTML);
}

/** Rounded to tens, and around every interval, so that charts of one page can share it. */
export function accuracyDomain(series: readonly Series[]): readonly [number, number] {
  const points = series.flatMap((one) => one.points);
  const low = Math.min(...points.map((point) => point.low));
  const high = Math.max(...points.map((point) => point.high));
  const [floor, ceiling] = [Math.floor(10 * low) / 10, Math.ceil(10 * high) / 10];
  return floor < ceiling ? [floor, ceiling] : [Math.max(0, floor - 0.1), Math.min(1, floor + 0.1)];
}

function bandOf({ points, look }: Series): Plot.Markish {
  const interval = {
    y1: (point: Point) => 100 * point.low,
    y2: (point: Point) => 100 * point.high,
  };
  return points.length > 1
    ? Plot.areaY(points, { x: 'x', ...interval, fill: look.colour, fillOpacity: look.band })
    : Plot.ruleX(points, { x: 'x', ...interval, stroke: look.colour, strokeWidth: 1.5 });
}

function markersOf(points: readonly Point[], { symbol, colour }: Look): Plot.Markish {
  const marked = symbol === null ? [] : points.filter(({ isMarked }) => isMarked);
  return Plot.dot(marked, {
    x: 'x',
    y: (point: Point) => 100 * point.mean,
    symbol: symbol ?? 'circle',
    fill: colour,
    stroke: 'var(--surface)',
    strokeWidth: 1,
    r: 4.5,
    title: 'label',
  });
}

function accuracyAxis(domain: readonly [number, number], label: string): Plot.ScaleOptions {
  const [low, high] = domain.map((value) => Math.round(100 * value)) as [number, number];
  return { domain: [low, high], label, labelArrow: 'none', grid: true, ticks: 6 };
}

function frame({ width, height }: Size): Plot.PlotOptions {
  return {
    ...{ width, height, marginLeft: 40, marginBottom: 46, marginTop: 28, marginRight: 16 },
  };
}

/** Powers of two; or 1, 2 and 5 of each power of ten. */
function ticksOf(axis: Axis, series: readonly Series[]): readonly number[] {
  const values = series.flatMap(({ points }) => points.map(({ x }) => x));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ticks: number[] = [];
  if (axis === 'budget') {
    for (let n = 1; n <= high; n *= 2) if (n >= low) ticks.push(n);
    return ticks;
  }
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const factor of [1, 2, 5]) {
      if (factor * power >= low && factor * power <= high) ticks.push(factor * power);
    }
  }
  return ticks;
}

/** 1 G, 200 M */
function shortMagnitude(value: number): string {
  return magnitude(value).replace(/\.0+(?= )/, '');
}

/** Every second tick, counted from the last, where there are more than fit a phone. */
function thin(ticks: readonly number[]): readonly number[] {
  if (ticks.length <= 5) return ticks;
  return ticks.filter((_, i) => (ticks.length - 1 - i) % 2 === 0);
}

function drawBoth(name: string, options: (size: Size) => Plot.PlotOptions): Html {
  const drawings = sizes.map((size) => {
    const svg = plot(options(size));
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', name);
    // What the parts are called tells nothing beside the name and the table of the figures.
    for (const part of svg.querySelectorAll('g[aria-label]')) part.removeAttribute('aria-label');
    return html`<div class="chart-${size.name}">${new Html(svg.outerHTML)}</div>`;
  });
  return html`${drawings}`;
}

/** What of a drawn element is used here; the library has no types of a browser. */
interface Drawing {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<Drawing>;
}

function plot(options: Plot.PlotOptions): Drawing {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  return Plot.plot({ ...options, document: document as never }) as Drawing;
}
