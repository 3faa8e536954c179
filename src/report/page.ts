// The page: one HTML document that needs nothing else. Its policy forbids every request; the one script
// is the tree viewer's, named by its hash.
import { count, percent } from '../figures.js';
import { accuracyCharts, runsTable, voteCharts } from './accuracy-section.js';
import { drawReliability } from './chart.js';
import { difficultyTables } from './difficulty-section.js';
import { accuracyCell, figure, table } from './figure.js';
import { type Html, html, Html as Markup, scriptJson } from './html.js';
import { armName, pairName } from './panels.js';
import { planSection } from './plan-section.js';
import type { Report, ReportData } from './report-data.js';
import { style } from './style.js';
import { summaryText } from './summary-text.js';
import type { ViewerScript } from './viewer-script.js';

/** One part of the page. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

/** The whole document. */
export function formatPage({ data, problems }: Report, script: ViewerScript): string {
  const title = `Test-time search on ${data.dataset.name}`;
  const sections = sectionsOf({ data, problems });
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${script.sha256}'; base-uri 'none'; form-action 'none'`;
  const trees = { runs: data.runs.map((run) => `${armName(run)} · ${pairName(run)}`), problems };
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<p class="eyebrow">espalier report</p>
<h1>${title}</h1>
${summaryText(data)}
${data.notes.map((note) => html`<p class="note">${note}</p>`)}
${factsOf(data)}
<nav aria-label="Sections"><ul>${sections.map(
    ({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`,
  )}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, title: name, content }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${name}</h2>
${content}
</section>
`,
)}
</main>
<footer>${methods(data)}</footer>
<script type="application/json" id="report-data">${scriptJson(data)}</script>
<script type="application/json" id="tree-data">${scriptJson(trees)}</script>
<script type="module">${new Markup(script.text)}</script>
</body>
</html>
`;
  return page.text;
}

function sectionsOf({ data, problems }: Report): readonly Section[] {
  const { plan, votes, reliability } = data;
  const sections: Section[] = [
    {
      id: 'accuracy',
      title: 'Accuracy',
      content: html`${accuracyCharts(data)}<h3>Every run</h3>${runsTable(data)}`,
    },
  ];
  if (votes.length > 0) {
    const content = html`<p>How often the right answer is among N paths (pass@N), and how often each way
of voting finds it. The room between the two is what a better reward model could gain.
Where paths are scored, ties of majority go to the higher value.</p>
${voteCharts(data)}`;
    sections.push({ id: 'votes', title: 'Coverage and votes', content });
  }
  sections.push({ id: 'difficulty', title: 'Difficulty', content: difficultyTables(data) });
  if (plan !== null) sections.push({ id: 'plan', title: 'Plan', content: planSection(plan) });
  if (reliability.length > 0) {
    sections.push({
      id: 'reliability',
      title: 'Reliability of the reward model',
      content: reliabilityCharts(data),
    });
  }
  sections.push({ id: 'trees', title: 'Search trees', content: viewer(data, problems.length) });
  return sections;
}

function factsOf({ dataset, runs }: ReportData): Html {
  const names = (values: readonly (string | null)[]) =>
    [...new Set(values)].filter((value) => value !== null).join(', ') || 'none';
  const problems =
    dataset.problems === dataset.of
      ? count(dataset.of)
      : `${count(dataset.problems)} of ${count(dataset.of)}`;
  const facts: readonly (readonly [string, string])[] = [
    ['Problems', problems],
    ['Policies', names(runs.map(({ policy }) => policy))],
    ['Reward models', names(runs.map(({ reward }) => reward))],
    ['Strategies', names(runs.map(({ strategy }) => strategy.name))],
    ['Searches', count(runs.reduce((sum, { summary }) => sum + summary.accuracy.total, 0))],
  ];
  return html`<dl class="facts">${facts.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function reliabilityCharts({ reliability }: ReportData): Html {
  return html`<p>Independent paths by the value that the reward model gives them, against the share that is
right. Points on the dashed line would be perfectly calibrated; larger points hold more paths. Paths of a
tree are left out: they were selected by these very scores.</p>
<div class="charts">${reliability.map((one) =>
    figure({
      title: pairName(one),
      note: `value: ${one.aggregation} step score; ${count(one.paths)} paths; expected calibration error ${percent(one.calibrationError)}, Brier score ${one.brier.toFixed(3)}`,
      chart: drawReliability(one, `Share of right paths against value, ${pairName(one)}`),
      table: table(
        `Reliability of ${pairName(one)}`,
        [
          { title: 'Value' },
          { title: 'Mean value', isNumber: true },
          { title: 'Right (95% interval)', isNumber: true },
          { title: 'Paths', isNumber: true },
          { title: 'Problems', isNumber: true },
        ],
        one.bins.map(({ from, to, predicted, share, paths, problems }) => [
          `${from.toFixed(1)}–${to.toFixed(1)}`,
          percent(predicted),
          accuracyCell(share),
          count(paths),
          count(problems),
        ]),
      ),
    }),
  )}</div>`;
}

/** The viewer's controls; its script fills them and shows them. */
function viewer({ dataset, runs }: ReportData, shown: number): Html {
  const some =
    shown === dataset.problems
      ? null
      : html`<p class="muted">${count(shown)} of ${count(dataset.problems)} problems are in this page, evenly
spaced (<code>espalier report --trees</code> says how many).</p>`;
  const repeats = runs.some((run) => run.repeats > 1)
    ? html`<p class="note">Of repeated problems the first seed is shown.</p>`
    : null;
  return html`<p>Every branch with its step, the reward model’s score for it, and what became of it; and the vote
that decided. In the tree, arrow keys move, open and close.</p>
${some}${repeats}
<noscript><p class="note">The viewer needs JavaScript; all else on this page does without.</p></noscript>
<div id="viewer" hidden>
<div class="controls">
<label>Run<select id="viewer-run"></select></label>
<label>Show<select id="viewer-show"><option value="all">all problems</option><option value="right">answered right</option><option value="wrong">answered wrong</option></select></label>
<label class="grow">Problem<select id="viewer-problem"></select></label>
<button type="button" id="viewer-previous">Previous</button>
<button type="button" id="viewer-next">Next</button>
</div>
<div id="viewer-search"></div>
</div>`;
}

function methods({ dataset }: ReportData): Html {
  return html`<h2>How to read this page</h2>
<p>Accuracy is by the strict grader, which compares answers exactly where the reference is exact; the compatible
grader follows the extraction, vote and equality of the paper’s code and is given for whole runs. Intervals are
95%: bootstrap over problems, Wilson’s for single runs without repeats. FLOPs count both models, as if nothing were cached
before a search; “without sharing” is what the same tree costs where every branch is read from its start.
Smaller N of majority, best-of-n and DVTS are expected over subsets of the recorded paths or subtrees; beam search
was run at each N.</p>
<p>Dataset ${dataset.name}, SHA-256 <code style="overflow-wrap:anywhere">${dataset.sha256}</code>. The page’s figures are in it as JSON
(<code>#report-data</code>).</p>`;
}
