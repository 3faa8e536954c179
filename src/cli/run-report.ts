// An evaluation for the reader: accuracy with its interval, by level, and what it took.
import type { Accuracy, Summary } from '../evaluation/summary.js';
import { count, magnitude, percent, seconds } from '../figures.js';
import { coloursOf, type TextStream } from './environment.js';
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
  const lines = [
    colours.dim(header ?? ''),
    ...body,
    colours.bold(last),
    colours.dim(`by the compatible grader: ${percent(compat.rate)} (${intervalText(compat)})`),
    '',
    ...spent(summary, facts),
    ...warnings(summary, facts).map((line) => colours.yellow(line)),
    colours.dim(`run directory: ${facts.out}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Tokens and FLOPs, as far as they are known, and what sharing saved. */
function spent(summary: Summary, facts: RunFacts): readonly string[] {
  const { sampledTokens, tokensPerProblem, rewardTokens, flops, unsharedFlops } = summary;
  const took = facts.seconds > 0 ? `, ${seconds(facts.seconds)}` : '';
  const read =
    rewardTokens === null ? '' : `${count(rewardTokens)} tokens read by the reward model`;
  if (sampledTokens === null || tokensPerProblem === null || flops === null) {
    const unknown = 'what sampling them took is not known';
    return [`outputs from elsewhere: ${unknown}${read && `; ${read}`}${took}`];
  }
  const saved = unsharedFlops ? `, ${percent(1 - flops / unsharedFlops)} of it saved` : '';
  return [
    `${count(sampledTokens)} tokens sampled (${count(tokensPerProblem)} a problem), ` +
      `${count(rewardTokens ?? 0)} read by the reward model,`,
    `${magnitude(flops)}FLOP (${magnitude(unsharedFlops ?? 0)}FLOP without shared prefixes${saved})${took}`,
  ];
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
