// A finished search for the reader: its tree, its answer, its votes and what it spent.

import { count, magnitude, percent, seconds } from '../figures.js';
import type { Ledger } from '../ledger.js';
import type { AutoOutcome, SearchResult, StopReason, VoteClass } from '../search/result.js';
import { drawTree } from './draw-tree.js';
import { type Colours, coloursOf, columnsOf, type TextStream } from './environment.js';
import type { SearchTree } from './search-tree.js';
import { clip, oneLine, wrap } from './text-layout.js';

/** Trees up to this many branches are drawn whole. */
const drawnWhole = 24;
const shownVotes = 5;

const stopNotes: Readonly<Record<Exclude<StopReason, 'finished'>, string>> = {
  tokens: 'by the token limit, with the best answer so far',
  flops: 'by the FLOP limit, with the best answer so far',
  milliseconds: 'by the time limit, with the best answer so far; another run may differ',
  aborted: 'by you, with the best answer so far',
};

/** The whole report, ending in a newline. `tree` has taken every event, and the result. */
export function reportSearch(
  tree: SearchTree,
  result: SearchResult,
  stream: TextStream,
  isFull: boolean,
): string {
  const colours = coloursOf(stream);
  const columns = columnsOf(stream);
  const isWhole = isFull || tree.size <= drawnWhole;
  const lines = [
    ...wrap(oneLine(tree.question), columns).map((line) => colours.bold(line)),
    ...drawTree(tree.roots, { columns, colours, isFull: isWhole }),
    ...(isWhole ? [] : [colours.dim(`(${count(tree.size)} branches; --full draws every one)`)]),
    '',
    ...facts(result, columns, colours),
  ];
  return `${lines.join('\n')}\n`;
}

function facts(result: SearchResult, columns: number, colours: Colours): string[] {
  const { answer, votes, ledger, stopReason } = result;
  const shown = answer === null ? colours.yellow('none found') : colours.bold(oneLine(answer));
  const rows: [string, string][] = [['Answer', shown]];
  if (result.auto !== undefined) rows.push(['Plan', autoLine(result.auto)]);
  if (votes.length > 1) rows.push(['Votes', voteLine(votes, columns - 10)]);
  rows.push(['Policy', policyLine(ledger)]);
  if (ledger.reward.processedTokens > 0) rows.push(['Reward', rewardLine(ledger)]);
  rows.push(['Spent', spentLine(ledger)]);
  if (stopReason !== 'finished') rows.push(['Stopped', stopNotes[stopReason]]);
  return rows.map(([name, text]) => `${colours.dim(name.padEnd(8))}  ${text}`);
}

function voteLine(votes: readonly VoteClass[], room: number): string {
  const shown = votes.slice(0, shownVotes).map(({ answer, weight, members }) => {
    const times = members.length === 1 ? '' : ` from ${members.length} paths`;
    return `${clip(oneLine(answer), 16)}: ${weight.toFixed(2)}${times}`;
  });
  if (votes.length > shownVotes) shown.push(`${votes.length - shownVotes} more`);
  return clip(shown.join(', '), room);
}

/** What `auto` thought of the problem, and what it ran. */
function autoLine({ prediction, chosen, stoppedAt, probes }: AutoOutcome): string {
  const budget = 'budget' in chosen ? ` ${chosen.budget}` : '';
  const unpredicted = probes.length === 0 ? 'no probes: ' : '';
  const looked =
    prediction === null
      ? unpredicted
      : `looks ${prediction.bin} after ${probes.length} paths (pass@1 about ` +
        `${percent(prediction.passAt1)}): `;
  const early = stoppedAt === null ? '' : `, decided after ${stoppedAt}`;
  return `${looked}${chosen.name}${budget}${early}`;
}

function policyLine({ policy, computed }: Ledger): string {
  const saved = policy.processedTokens - computed.policy;
  return (
    `${count(policy.sampledTokens)} tokens sampled, ${count(policy.processedTokens)} run` +
    (saved > policy.processedTokens / 100 ? ` (${count(saved)} of them found in the cache)` : '')
  );
}

/** With what the same tree would have taken had every child and score read its prefix again. */
function spentLine({ flops, unshared, seconds: taken }: Ledger): string {
  const whole = unshared.policy + unshared.reward;
  const spent = `${magnitude(flops)}FLOP in ${seconds(taken)}`;
  if (whole <= flops) return spent;
  return `${spent}, ${percent(1 - flops / whole)} less than without shared prefixes`;
}

function rewardLine({ reward }: Ledger): string {
  return `${count(reward.processedTokens)} tokens run, ${count(reward.scores)} steps scored`;
}
