// The options that say how scores become an answer, for every command that votes.
import type { Command } from 'commander';
import { choiceValue } from './option-values.js';

/** Adds the flags to a command. @param voted what votes, for the help; '' where it goes without saying */
export function addVoteFlags(command: Command, voted = ''): Command {
  return command
    .option(
      '--aggregation <how>',
      'scores to a value: min, last, mean, product (default: last)',
      choiceValue('--aggregation', ['min', 'last', 'mean', 'product'] as const),
    )
    .option(
      '--vote <how>',
      `${voted}majority, max, weighted (default: weighted)`,
      choiceValue('--vote', ['majority', 'max', 'weighted'] as const),
    );
}
