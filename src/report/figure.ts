// Figures of the page: a chart with its title, its legend, and its numbers as a table for those who
// want them or cannot see it; and tables that scroll inside themselves where a window is narrow.
import { percent } from '../figures.js';
import { drawSwatch, type Series } from './chart.js';
import { type Html, type HtmlValue, html } from './html.js';
import { rangeText } from './panels.js';

export interface FigureParts {
  readonly title: string;
  readonly note: HtmlValue;
  readonly chart: Html;
  readonly legend?: Html;
  readonly table: Html;
}

/** A chart and all that belongs to it. */
export function figure({ title, note, chart, legend, table }: FigureParts): Html {
  return html`<figure class="chart">
<figcaption><strong>${title}</strong> <span>${note}</span></figcaption>
${chart}
${legend}
<details><summary>Figures of this chart</summary>${table}</details>
</figure>`;
}

/** What each line is. */
export function legendOf(series: readonly Series[]): Html {
  return html`<ul class="legend">${series.map(
    ({ name, look }) => html`<li>${drawSwatch(look)}${name}</li>`,
  )}</ul>`;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers are set flush right. */
  readonly isNumber?: boolean;
}

/** A table with a caption. The first cell of every row is its header. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly HtmlValue[])[],
): Html {
  const cellClass = (i: number) => (columns[i]?.isNumber ? html` class="number"` : null);
  const cell = (value: HtmlValue, i: number): Html =>
    i === 0
      ? html`<th scope="row"${cellClass(i)}>${value}</th>`
      : html`<td${cellClass(i)}>${value}</td>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, i) => html`<th scope="col"${cellClass(i)}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table>
</div>`;
}

/** 43.3% with its interval in small print. */
export function accuracyCell(
  accuracy: { readonly mean: number; readonly low: number; readonly high: number } | null,
  isBest = false,
): Html {
  if (accuracy === null) return html`<span class="muted">–</span>`;
  const value = isBest ? html`<strong>${percent(accuracy.mean)}</strong>` : percent(accuracy.mean);
  return html`${value} <span class="interval">${rangeText(accuracy)}</span>`;
}
