// The page's section on difficulty: accuracy on easy, medium and hard problems, and by the dataset's own
// levels.
import { count, percent } from '../figures.js';
import { bins } from '../planning/difficulty.js';
import type { Difficulty } from './difficulty.js';
import { accuracyCell, table } from './figure.js';
import { type Html, html } from './html.js';
import type { ReportData } from './report-data.js';

/** The whole section's content. */
export function difficultyTables({ difficulty, runs }: ReportData): Html {
  const levels = [
    ...new Set(runs.flatMap(({ summary }) => summary.levels.map(({ level }) => level))),
  ].sort((a, b) => a - b);
  return html`${
    difficulty.length > 0
      ? html`<p>Difficulty is the share of a policy's own samples that are right, from samples that serve
nothing else: easy from 50%, medium from 10%, hard below. The highest of each column is bold.</p>
${difficulty.map(binsTable)}`
      : html`<p class="note">No run holds difficulty samples (<code>espalier sweep
--difficulty-samples 64</code>), so there are no tables by how hard a problem is for the policy.</p>`
  }
${levels.length > 0 && levelsTable(runs, levels)}`;
}

function binsTable({ policy, problems, rows }: Difficulty): Html {
  const columns = [
    { title: 'Strategy' },
    { title: 'Reward model' },
    { title: 'N', isNumber: true },
    ...bins.map((bin) => ({ title: `${bin}, ${count(problems[bin])} problems`, isNumber: true })),
  ];
  const best = bins.map((bin) => Math.max(...rows.map((row) => row.bins[bin]?.mean ?? 0)));
  return html`<h3>${policy}</h3>
${table(
  `Accuracy of ${policy} by difficulty (95% interval)`,
  columns,
  rows.map(({ strategy, reward, budget, bins: cells }) => [
    strategy.name,
    reward ?? '–',
    budget,
    ...bins.map((bin, i) => {
      const cell = cells[bin];
      return accuracyCell(cell, cell !== null && cell.mean > 0 && cell.mean === best[i]);
    }),
  ]),
)}`;
}

function levelsTable(runs: ReportData['runs'], levels: readonly number[]): Html {
  const totals = levels.map((level) => {
    const found = runs[0]?.summary.levels.find((entry) => entry.level === level);
    return found?.accuracy.total ?? 0;
  });
  const columns = [
    { title: 'Strategy' },
    { title: 'Policy' },
    { title: 'Reward model' },
    { title: 'N', isNumber: true },
    ...levels.map((level, i) => ({ title: `level ${level} (${totals[i]})`, isNumber: true })),
  ];
  return html`<h3>Levels of the dataset</h3>
${table(
  'Accuracy by level, each run as recorded',
  columns,
  runs.map(({ strategy, policy, reward, budget, summary }) => [
    strategy.name,
    policy,
    reward ?? '–',
    budget,
    ...levels.map((level) => {
      const found = summary.levels.find((entry) => entry.level === level);
      return found === undefined ? '–' : percent(found.accuracy.rate);
    }),
  ]),
)}`;
}
