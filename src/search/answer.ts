// Final answers of paths: which answers are the same, for votes. How an answer is found in a text,
// its normal form and the mathematics of equality are grading's.
import { Answer } from '../grading/answer.js';
import { groupEquivalent } from '../grading/groups.js';

export { closesAnswer, extractAnswer } from '../grading/extract.js';
export { normaliseAnswer } from '../grading/normalise.js';

/** Whether two answers are the same answer, without a look at any reference. */
export function answersEquivalent(a: string, b: string): boolean {
  return a === b || new Answer(a).isSame(new Answer(b), 'counts');
}

/**
 * Groups items whose answers are equivalent; groups and members keep the order of the items. The
 * classes do not depend on that order.
 */
export function groupAnswers<T>(items: readonly T[], answerOf: (item: T) => string): T[][] {
  return groupEquivalent(items.map(answerOf)).map((group) =>
    group.map((index) => items[index] as T),
  );
}
