// Faults of published graders, by the grader's mistake: [what is graded, strict's verdict, compat's].
// Strict is right on every one; compat repeats those of the paper's code and has none of the others'.
import { describe, expect, test } from 'vitest';
import type { GradeInput } from '../../src/grading/grade.js';
import { grade } from '../../src/grading/grade.js';
import { groupEquivalent } from '../../src/grading/groups.js';

type Fault = readonly [input: GradeInput, strict: boolean, compat: boolean];
const answer = (given: string, reference: string, strict: boolean, compat: boolean): Fault => [
  { answer: given, reference },
  strict,
  compat,
];
const output = (text: string, reference: string, strict: boolean, compat: boolean): Fault => [
  { output: text, reference },
  strict,
  compat,
];

const faults: Readonly<Record<string, readonly Fault[]>> = {
  'unit words eat letters and signs of the reference': [
    answer('1\\sqrt{19}', '1 \\pm \\sqrt{19}', false, false),
    answer('1 \\pm \\sqrt{19}', '1 \\pm \\sqrt{19}', true, true),
    answer('(c+5)(b+2)', '(a+5)(b+2)', false, true),
    answer('3 2\\sqrt{2}', '3 \\pm 2\\sqrt{2}', false, false),
    answer('\\{1\\sqrt{5},-2\\}', '\\{1\\pm\\sqrt{5},-2\\}', false, false),
  ],
  'no answer, or another one, is a reference that is a unit word': [
    answer('', '\\text{east}', false, true),
    answer('\\text{west}', '\\text{east}', false, true),
    output('I could not find it.', '\\text{east}', false, true),
    answer('\\text{east}', '\\text{east}', true, true),
  ],
  'a hundred times as much, or as little': [
    output('\\boxed{200}', '2', false, true),
    answer('0.02', '2', false, true),
    answer('2', '200', false, true),
  ],
  'a tolerance for exact integers': [
    answer('13536', '13535', false, true),
    answer('28801', '28800', false, true),
    answer('26001', '26000', false, true),
    answer('10081', '10080', false, true),
    answer('27649', '27648', false, true),
  ],
  'commas of a list are thousands separators': [
    answer('357', '3, 5, 7', false, true),
    answer('12', '1,2', false, true),
    answer('13,535', '13535', true, true),
    answer('1,000', '1000', true, true),
  ],
  'kinds of brackets do not count': [
    answer('[2,5)', '(2,5)', false, true),
    answer('(2,5]', '(2,5)', false, true),
    answer('[2,5]', '(2,5)', false, true),
  ],
  'a box stays on where the sentence has no colon': [
    output('final answer is $\\boxed{7}$. I hope', '7', true, true),
    output('The final answer is: $\\boxed{7}$. I hope it is correct.', '7', true, true),
  ],
  '\\left and \\right have to go first': [
    answer('\\left( 3, 4 \\right)', '(3,4)', true, true),
    answer('\\left [ 3, 4 \\right ]', '[3,4]', true, true),
  ],
  'several boxes are joined, a part of the answer is the answer': [
    output('\\boxed{3}, and then \\boxed{4}', '4', true, true),
    output('\\boxed{3}, and then \\boxed{4}', '34', false, false),
    answer('4', '4\\sqrt{2}', false, false),
  ],
  'fractions have to be in lowest terms': [
    answer('\\frac{2}{4}', '\\frac{1}{2}', true, true),
    answer('\\frac{4}{2}', '2', true, true),
  ],
  'powers are worked out, however large': [
    answer('2003^{2002^{2001}}', '3', false, false),
    answer('2003^{2002^{2001}}', '2003^{2002^{2001}}', true, true),
    answer('9^{9^{9^9}}', '9^{9^{9^8}}', false, false),
  ],
  'algebra in doubles, or without a domain': [
    answer('1.4142135623730951', '\\sqrt{2}', false, true),
    answer('0.333', '\\frac13', false, false),
    answer('x', '\\sqrt{x^2}', false, false),
    answer('1/0', '2/0', false, false),
    answer('\\frac{0}{0}', '1', false, false),
  ],
  'words, degrees and percents read as something else': [
    answer('180', '\\pi', false, false),
    answer('90^\\circ', '\\frac{\\pi}{2}', true, false),
    answer('10\\%', '0.1', true, true),
    answer('seat', '\\text{east}', false, false),
  ],
  'an answer is what the model thought of on the way': [
    output('<think>\\boxed{4}</think> \\boxed{5}', '4', false, false),
  ],
};

describe.each(Object.entries(faults))('%s', (_, cases) => {
  test.each(cases)('%j: strict %s, compat %s', (input, strict, compat) => {
    expect(grade(input)).toEqual({ strict, compat });
  });
});

test('votes are not split by how an answer is written', () => {
  // Keys of strings make five classes of these: half of the votes go to the wrong answer.
  const votes = ['0.5', '\\frac12', '1/2', '\\frac{2}{4}', '7', '7'];
  expect(groupEquivalent(votes)).toEqual([
    [0, 1, 2, 3],
    [4, 5],
  ]);
});
