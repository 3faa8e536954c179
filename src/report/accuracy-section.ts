// The page's sections on accuracy: every run, the lines against N and FLOPs, and the ways of voting.
import { count, magnitude, percent } from '../figures.js';
import { accuracyDomain, drawLines } from './chart.js';
import { accuracyCell, figure, legendOf, table } from './figure.js';
import { type Html, type HtmlValue, html } from './html.js';
import {
  isShown,
  type Panel,
  pairName,
  panelsOf,
  rangeText,
  seriesOf,
  voteSeries,
} from './panels.js';
import type { ReportData, ReportedRun, Votes } from './report-data.js';

/** All runs as they were recorded, by both graders. */
export function runsTable({ runs }: ReportData): Html {
  const columns = [
    { title: 'Strategy' },
    { title: 'Policy' },
    { title: 'Reward model' },
    { title: 'N', isNumber: true },
    { title: 'Strict grader (95% interval)', isNumber: true },
    { title: 'Compatible grader', isNumber: true },
    { title: 'FLOP a problem', isNumber: true },
    { title: 'Without sharing', isNumber: true },
  ];
  return table('Accuracy of each run as recorded', columns, runs.map(runRow));
}

function runRow({ policy, reward, strategy, budget, summary }: ReportedRun): readonly HtmlValue[] {
  const { accuracy, compat, flops, unsharedFlops } = summary;
  const interval = (of: typeof accuracy) => accuracyCell({ ...of, mean: of.rate });
  return [
    strategy.name,
    policy,
    reward ?? '–',
    budget,
    interval(accuracy),
    interval(compat),
    flops === null ? '–' : magnitude(flops / accuracy.total),
    flops && unsharedFlops ? `${(unsharedFlops / flops).toFixed(1)}×` : '–',
  ];
}

/** Accuracy against N and against FLOPs, a pair of charts for each policy with each reward model. */
export function accuracyCharts(data: ReportData): Html {
  const panels = panelsOf(data);
  const domain = accuracyDomain(panels.flatMap((panel) => seriesOf(panel, 'budget')));
  return html`${panels.map((panel) => panelCharts(panel, domain))}`;
}

function panelCharts(panel: Panel, domain: readonly [number, number]): Html {
  const name = pairName(panel);
  const [byBudget, byFlops] = [seriesOf(panel, 'budget'), seriesOf(panel, 'flops')];
  const legend = legendOf(byBudget);
  return html`<h3>${name}</h3>
<div class="charts">
${figure({
  title: 'Accuracy against budget',
  note: 'strict grader; bands are 95% intervals over problems',
  chart: drawLines(
    { axis: 'budget', series: byBudget, domain },
    `Accuracy of ${name} against the number of paths N, a line for each strategy`,
  ),
  legend,
  table: linesTable(panel, `Accuracy of ${name} against N`),
})}
${figure({
  title: 'Accuracy against cost',
  note: 'the same accuracies; policy and reward model together',
  chart: drawLines(
    { axis: 'flops', series: byFlops, domain },
    `Accuracy of ${name} against FLOPs a problem, a line for each strategy`,
  ),
  legend,
  table: linesTable(panel, `Accuracy of ${name} against FLOPs`, false),
})}
</div>`;
}

/** @param isEvery all N of a line, else those that the chart marks */
function linesTable({ lines }: Panel, caption: string, isEvery = true): Html {
  const columns = [
    { title: 'Strategy' },
    { title: 'N', isNumber: true },
    { title: 'Accuracy (95% interval)', isNumber: true },
    { title: 'FLOP a problem', isNumber: true },
  ];
  const rows = lines.flatMap(({ name, estimates }) =>
    estimates
      .filter(({ budget }) => isEvery || isShown(budget, estimates))
      .map(({ budget, accuracy, flops }) => [
        name,
        budget,
        accuracyCell(accuracy),
        magnitude(flops),
      ]),
  );
  return table(caption, columns, rows);
}

/** What the recorded paths hold, by each way of voting. */
export function voteCharts({ votes }: ReportData): Html {
  const domain = accuracyDomain(votes.flatMap(voteSeries));
  return html`<div class="charts">${votes.map((one) => voteFigure(one, domain))}</div>`;
}

function voteFigure(votes: Votes, domain: readonly [number, number]): Html {
  const series = voteSeries(votes);
  const name = pairName(votes);
  const how = votes.curves.isExact ? '' : ' Some points are means of 200 random subsets.';
  return figure({
    title: name,
    note: `expected over all choices of N of the recorded paths.${how}`,
    chart: drawLines({ axis: 'budget', series, domain }, `Votes of ${name} against N`),
    legend: legendOf(series),
    table: table(
      `Votes of ${name}`,
      [{ title: 'N' }, ...series.map((one) => ({ title: one.name, isNumber: true }))],
      votes.curves.passAtK.map((_, i) => [
        count(i + 1),
        ...series.map(({ points }) => {
          const point = points[i];
          if (point === undefined) return '–';
          return html`${percent(point.mean)} <span class="interval">${rangeText(point)}</span>`;
        }),
      ]),
    ),
  });
}
