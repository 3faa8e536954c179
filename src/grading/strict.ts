// The strict grader: mathematics compared as mathematics, exactly, within bounded work.
import { Answer } from './answer.js';

/**
 * Whether an answer is the reference. No answer, or an empty one, is never right. A unit or a name
 * that only one of them has is optional.
 */
export function isStrictlyCorrect(answer: string | null, reference: string): boolean {
  return answer !== null && new Answer(answer).answers(new Answer(reference));
}
