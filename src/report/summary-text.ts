// What a report comes to, in a few sentences, with no more said than the intervals allow.
import { count, percent } from '../figures.js';
import { type Html, html } from './html.js';
import { armName, flopText, pairName, rangeText } from './panels.js';
import type { BestLead, ReportData } from './report-data.js';

/** The paragraphs on top of the page. */
export function summaryText({ dataset, best, estimates }: ReportData): Html {
  const { estimate, lead, cheapest } = best;
  const { accuracy, flops } = estimate;
  const isCheaper = cheapest !== estimate && cheapest.flops < flops;
  const sentence = html`The highest accuracy is <strong>${percent(accuracy.mean)}</strong> of
${count(dataset.problems)} problems (95% interval ${rangeText(accuracy)}), by <strong>${armName(estimate)}</strong>
on ${pairName(estimate)}, for ${flopText(flops)} a problem.`;
  const near = isCheaper
    ? html` Within one standard error of it, the cheapest is ${armName(cheapest)} on
${pairName(cheapest)}: ${percent(cheapest.accuracy.mean)} for ${flopText(cheapest.flops)},
${timesLess(flops / cheapest.flops)}.`
    : null;
  return html`<p class="lead">${sentence}${lead === null ? null : leadText(lead)}${near}</p>
<p class="muted">It is the highest of ${count(estimates.length)} accuracies measured here, picked on the
problems it is shown on: expect less of it on new ones.</p>`;
}

function leadText(lead: BestLead): Html {
  const points = (value: number) => (100 * value).toFixed(1).replace('-', '−');
  const isSure = lead.low > 0;
  return html` That is ${points(lead.mean)} points more than ${lead.over === 'greedy' ? 'greedy decoding' : 'one path'}
of the same policy (${points(lead.low)} to ${points(lead.high)}${isSure ? null : '; the interval holds 0, so it may be chance'}).`;
}

function timesLess(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(1) : String(Math.round(ratio))} times less`;
}
