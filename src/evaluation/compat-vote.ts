// The vote as the paper's evaluation casts it: answers are what its rules extract, and only equal
// strings are one answer, the empty one among them.
import { isCompatCorrect } from '../grading/compat.js';
import { compatAnswer } from '../grading/compat-text.js';
import type { SearchPath } from '../search/result.js';
import type { Aggregation, Strategy, Vote } from '../search/strategy.js';
import { tally } from '../search/vote.js';

/** Whether the answer that paths elect by the paper's rules is the reference by them. */
export function isCompatVoteCorrect(
  paths: readonly SearchPath[],
  strategy: Strategy,
  reference: string,
): boolean {
  const { aggregation, vote } = ruleOf(strategy);
  const voting = paths.map((path) => ({ ...path, answer: compatAnswer(path.text) }));
  const { answer } = tally(voting, aggregation, vote, groupByString);
  return answer !== null && isCompatCorrect(answer, reference);
}

function ruleOf(strategy: Strategy): { readonly aggregation: Aggregation; readonly vote: Vote } {
  return 'vote' in strategy ? strategy : { aggregation: 'last', vote: 'majority' };
}

function groupByString<T>(items: readonly T[], answerOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const answer = answerOf(item);
    const group = groups.get(answer);
    if (group === undefined) groups.set(answer, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
