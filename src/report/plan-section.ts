// The page's section on the plan: what to run by difficulty and FLOPs, and how that does on problems that
// it has not seen. Its figures are those of plan.json.

import type { TestTable } from '../evaluation/test-table.js';
import { count, magnitude, percent } from '../figures.js';
import { budgetOf } from '../planning/arm.js';
import { bins } from '../planning/difficulty.js';
import type { AutoDocument, BinDocument, PairDocument } from '../planning/plan-document.js';
import { accuracyDomain, drawLines, type Series } from './chart.js';
import { accuracyCell, figure, legendOf, table } from './figure.js';
import { type Html, type HtmlValue, html } from './html.js';
import { planLook } from './look.js';
import { pairName, rangeText } from './panels.js';
import type { ShownPlan } from './shown-plan.js';

/** The whole section's content. */
export function planSection(plan: ShownPlan): Html {
  const sets = (source: ShownPlan['calibration']) =>
    `${count(source.problems)} problems of ${source.datasets.map(({ name }) => name).join(', ')}`;
  const how =
    plan.test === null
      ? 'and tested on the same ones, cross-fitted in five folds'
      : `and tested on ${sets(plan.test)}`;
  return html`<p>Fitted to ${sets(plan.calibration)}, ${how}. A plan maps a problem's difficulty and the FLOPs
that may be spent to a strategy and its N.</p>
${plan.plans.map((one) => {
  const tested = plan.tables.find(({ policy, reward }) => {
    return policy === one.policy && reward === one.reward;
  });
  return html`<h3>${pairName(one)}</h3>
<div class="charts"><div>${stepsTable(one)}
${one.auto && stepsTable(one.auto, autoCaption(one.auto.probes))}
${one.auto && html`<p>${probingText(one.auto)}</p>`}</div>
${tested && testedPlan(tested)}</div>`;
})}`;
}

function autoCaption(probes: number): string {
  return `What auto runs, by the difficulty that ${count(probes)} probes predict; accuracy on calibration`;
}

/** At which FLOPs probing pays, by calibration. */
function probingText({ probing }: AutoDocument): string {
  const ways = probing.byFlops.map(({ from, pays }) => {
    return `${pays ? 'probes' : 'does not probe'} from ${magnitude(from)}FLOP on`;
  });
  return `By calibration auto ${ways.join(', ')}; without probes it runs the choice for all.`;
}

/** What to run, by difficulty, from each number of FLOPs on. */
function stepsTable(
  plan: Pick<PairDocument, 'all' | 'bins'>,
  caption = 'What to run, by difficulty and FLOPs; accuracy on calibration',
): Html {
  const columns = [
    { title: 'Difficulty' },
    { title: 'From FLOP', isNumber: true },
    { title: 'Run' },
    { title: 'N', isNumber: true },
    { title: 'Accuracy', isNumber: true },
  ];
  const parts = [...bins.map((bin) => [bin, plan.bins[bin]] as const), ['all', plan.all] as const];
  const rows = parts.flatMap(([name, part]) => binRows(name, part));
  return table(caption, columns, rows);
}

function binRows(name: string, part: BinDocument): readonly (readonly HtmlValue[])[] {
  const { problems, chosenOn, byFlops } = part;
  const title = html`${name} <span class="interval">${count(problems)} problems</span>`;
  if (chosenOn !== name) return [[title, '', 'too few of them: as all', '', '']];
  return byFlops.map(({ from, strategy, accuracy }, i) => [
    i === 0 ? title : html`<span class="muted">${name}</span>`,
    magnitude(from),
    strategy.name,
    budgetOf(strategy),
    percent(accuracy),
  ]);
}

/** The lines of the test: a chart, and a table with every level. */
function testedPlan(tested: TestTable): Html {
  const series = testSeries(tested);
  const beaten = tested.levels.flatMap(({ budget, leads }) =>
    leads.filter(({ isBeaten }) => isBeaten).map((lead) => ({ budget, ...lead })),
  );
  const points = (value: number) => (100 * value).toFixed(1);
  return html`<div>${figure({
    title: 'The plan under test',
    note: 'accuracy at the FLOPs that each level allows; intervals are in the figures',
    chart: drawLines(
      { axis: 'flops', series, domain: accuracyDomain(series) },
      `Accuracy of the plan and of its rivals against FLOPs, ${pairName(tested)}`,
    ),
    legend: legendOf(series),
    table: testTable(tested),
  })}
<p>${
    beaten.length === 0
      ? 'The plan beats neither the fixed choice nor the table of the paper’s authors.'
      : beaten.map(
          ({ budget, over, mean, low, high }) =>
            html`At N ${budget} the plan beats ${over} by ${points(mean)} points (${points(low)} to ${points(high)}). `,
        )
  } “Beats” means that the paired 95% interval leaves 0 out and Holm’s correction over all comparisons agrees.</p></div>`;
}

function testSeries({ levels }: TestTable): readonly Series[] {
  const lines = new Map(levels.flatMap((level) => level.lines.map((line) => [line.name, line])));
  return [...lines.values()].flatMap(({ name, usesLabels }, i) => {
    const points = levels.flatMap(({ flops, lines: own }) => {
      const line = own.find((one) => one.name === name);
      if (line?.accuracy === null || line === undefined) return [];
      const label = `${name}: ${percent(line.accuracy.mean)} (${rangeText(line.accuracy)})`;
      const { mean } = line.accuracy;
      return [{ x: flops, mean, low: mean, high: mean, label, isMarked: true }];
    });
    return points.length === 0 ? [] : [{ name, look: planLook(name, usesLabels, i), points }];
  });
}

function testTable({ levels, problems, ...pair }: TestTable): Html {
  const counts = bins.map((bin) => `${problems[bin]} ${bin}`).join(', ');
  const columns = [
    { title: 'Line' },
    { title: 'N', isNumber: true },
    { title: 'FLOP allowed', isNumber: true },
    { title: 'Accuracy (95% interval)', isNumber: true },
    { title: 'FLOP spent', isNumber: true },
  ];
  const rows = levels.flatMap(({ budget, flops, lines }) =>
    lines.map((line): readonly HtmlValue[] => [
      line.usesLabels ? `${line.name} *` : line.name,
      budget,
      magnitude(flops),
      line.accuracy === null ? 'not run' : accuracyCell(line.accuracy),
      line.flops === null ? '–' : magnitude(line.flops),
    ]),
  );
  return table(`Test of ${pairName(pair)} (${counts}). * knows the answers`, columns, rows);
}
