// The strict grader on right and wrong answers, and that its equality is symmetric.
import { describe, expect, test } from 'vitest';
import { isStrictlyCorrect } from '../../src/grading/strict.js';
import { rightCases } from './right-cases.js';
import { wrongCases } from './wrong-cases.js';

const count = (cases: typeof rightCases) => Object.values(cases).flat().length;

test('there are 250 cases and more', () => {
  expect(count(rightCases) + count(wrongCases)).toBeGreaterThanOrEqual(250);
});

describe.each(Object.entries(rightCases))('right: %s', (_, cases) => {
  test.each(cases)('%j answers %j', (answer, reference) => {
    expect(isStrictlyCorrect(answer, reference)).toBe(true);
  });
});

describe.each(Object.entries(wrongCases))('wrong: %s', (_, cases) => {
  test.each(cases)('%j does not answer %j', (answer, reference) => {
    expect(isStrictlyCorrect(answer, reference)).toBe(false);
  });
});

test('no answer is never right', () => {
  expect(isStrictlyCorrect(null, '7')).toBe(false);
  expect(isStrictlyCorrect('', '')).toBe(false);
});
