// Both graders on one answer, or on the whole output that it is in.
import { expectedMessage, OptionError, refuseUnknownKeys } from '../errors.js';
import { isCompatCorrect } from './compat.js';
import { compatAnswer, compatForm } from './compat-text.js';
import { extractAnswer } from './extract.js';
import { isStrictlyCorrect } from './strict.js';

/** What to grade: an answer as it stands, or an output to find one in. */
export type GradeInput =
  | { readonly answer: string; readonly reference: string }
  | { readonly output: string; readonly reference: string };

/** Two verdicts, each by its own rules of extraction and equality. */
export interface Grade {
  /** Mathematics, exactly: brackets, order, units and every digit count. */
  readonly strict: boolean;
  /** What the evaluation code of the compute-optimal test-time-scaling paper would say. */
  readonly compat: boolean;
}

/**
 * Grades an answer, or the final answer of an output, against a reference. Bounded work whatever the
 * texts hold; never throws on their account.
 * @throws OptionError on wrong fields
 * @example grade({ answer: '0.5', reference: '\\frac{1}{2}' }) // { strict: true, compat: true }
 */
export function grade(input: GradeInput): Grade {
  const given = input as Readonly<Record<string, unknown>>;
  const shape = 'an object with a reference, and an answer or an output';
  if (typeof given !== 'object' || given === null) {
    throw new OptionError(expectedMessage('grade', shape, given));
  }
  refuseUnknownKeys('a field of grade', given, ['answer', 'output', 'reference']);
  for (const field of ['answer', 'output', 'reference']) {
    const value = given[field];
    if (typeof value === 'string' || (value === undefined && field !== 'reference')) continue;
    throw new OptionError(expectedMessage(field, 'a string', value));
  }
  if ((given.answer === undefined) === (given.output === undefined)) {
    throw new OptionError(expectedMessage('grade', shape, given));
  }
  return 'answer' in input && input.answer !== undefined
    ? gradeAnswer(input.answer, input.reference)
    : gradeOutput((input as { output: string }).output, input.reference);
}

/** Grades an answer as it stands. */
export function gradeAnswer(answer: string, reference: string): Grade {
  return {
    strict: isStrictlyCorrect(answer, reference),
    compat: isCompatCorrect(compatForm(answer), reference),
  };
}

/** Grades the final answer of a complete output; each grader finds its own. */
export function gradeOutput(output: string, reference: string): Grade {
  return {
    strict: isStrictlyCorrect(extractAnswer(output, true), reference),
    compat: isCompatCorrect(compatAnswer(output), reference),
  };
}
