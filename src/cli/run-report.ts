// An evaluation for the reader: accuracy with its interval, by level, and what it took.
import type { Accuracy, Summary } from '../evaluation/summary.js';
import { coloursOf, type TextStream } from './environment.js';
import { count, magnitude, percent, seconds } from './figures.js';
import { table } from './text-layout.js';

/** What is known beside the records. */
export interface RunFacts {
  readonly out: string;
  /** That the run should have. */
  readonly problems: number;
  readonly isComplete: boolean;
  readonly seconds: number;
}

/** The whole report, ending in a newline. */
export function reportRun(summary: Summary, facts: RunFacts, stream: TextStream): string {
  const colours = coloursOf(stream);
  const { accuracy, compat, levels } = summary;
  const rows = [
    ...levels.map((entry) => [`level ${entry.level}`, ...accuracyCells(entry.accuracy)]),
    ['all', ...accuracyCells(accuracy)],
  ];
  const [header, ...body] = table(
    [['', 'correct', 'of', 'accuracy', '95% interval'], ...rows],
    'lrrrr',
  );
  const last = body.pop() ?? '';
  const { sampledTokens, tokensPerProblem, rewardTokens, flops, unsharedFlops } = summary;
  const lines = [
    colours.dim(header ?? ''),
    ...body,
    colours.bold(last),
    colours.dim(`by the compatible grader: ${percent(compat.rate)} (${intervalText(compat)})`),
    '',
    `${count(sampledTokens)} tokens sampled (${count(tokensPerProblem)} a problem), ` +
      `${count(rewardTokens)} read by the reward model,`,
    `${magnitude(flops)}FLOP (${magnitude(unsharedFlops)}FLOP without shared prefixes), ${seconds(facts.seconds)}`,
    ...warnings(summary, facts).map((line) => colours.yellow(line)),
    colours.dim(`run directory: ${facts.out}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** correct, of, accuracy, interval */
export function accuracyCells(accuracy: Accuracy): string[] {
  const { successes, total, rate } = accuracy;
  return [count(successes), count(total), percent(rate), intervalText(accuracy)];
}

/** 38.1–51.9% */
export function intervalText({ low, high }: Accuracy): string {
  return `${(100 * low).toFixed(1)}–${percent(high)}`;
}

function warnings(summary: Summary, facts: RunFacts): string[] {
  const lines: string[] = [];
  const missing = facts.problems - summary.accuracy.total;
  if (missing > 0) {
    lines.push(`${missing} of ${facts.problems} problems are missing; the same command goes on.`);
  }
  if (summary.unanswered > 0) lines.push(`${summary.unanswered} without an answer count as wrong.`);
  if (summary.irreproducible > 0) {
    lines.push(`${summary.irreproducible} were cut by the clock: another run may differ.`);
  }
  return lines;
}
