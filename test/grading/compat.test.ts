// The paper's rules, faults included: its extraction, its forms, its equality (tts-methods §4.1, §4.3).
import { describe, expect, test } from 'vitest';
import { isCompatCorrect } from '../../src/grading/compat.js';
import { compatAnswer, compatForm } from '../../src/grading/compat-text.js';
import { grade } from '../../src/grading/grade.js';

describe('extraction', () => {
  test.each([
    ['final answer is $7$. I hope it is correct.', '7'],
    ['The final answer is: $\\boxed{7}$. I hope it is correct.', '7'],
    // Without the colon the box stays.
    ['Therefore, the final answer is $\\boxed{7}$. I hope it is correct.', '\\boxed{7}'],
    ['\\boxed{1} then \\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
    ['so \\boxed 7$ is it', '7'],
    ['\\boxed{7', '7'],
    ['ends with boxed', ''],
    ['So the answer is 42.', '42'],
    ['final answer is 3.5', '3.5'],
    ['答案是 12\n\n以上', '12'],
    ['we get 3 and then 1,234', '1234'],
    ['no number', ''],
    ['step ки\n so -.5', '-.5'],
    ['\\boxed{1,\n  2}', '1,2'],
    ['the answer is :7/', '7'],
  ])('%j holds %j', (output, answer) => {
    expect(compatAnswer(output)).toBe(answer);
  });
});

describe('form', () => {
  test.each([
    [' 7. ', '7'],
    ['\\dfrac12', '\\frac{1}{2}'],
    ['\\frac1{72}', '\\frac{1}{72}'],
    ['3/4', '\\frac{3}{4}'],
    ['-3/4', '\\frac{-3}{4}'],
    ['03/4', '03/4'],
    ['\\sqrt2', '\\sqrt{2}'],
    ['\\left( 3, \\frac{\\pi}{2} \\right)', '(3,\\frac{\\pi}{2})'],
    ['90^\\circ', '90'],
    ['90^{\\circ}', '90'],
    ['10\\%', '10'],
    ['\\$18.90', '18.90'],
    ['10,\\!080', '10,080'],
    ['5.4 \\text{ cents}', '5.4'],
    ['864 \\mbox{ inches}^2', '864^2'],
    ['\\text{Evelyn}', 'Evelyn'],
    ['five', '5'],
    ['twenty-five apples', '25'],
    ['two hundred thousand', '200000'],
    ['007', '7'],
    ['x=5', '5'],
    ['k = 5', '5'],
    ['abc=5', 'abc=5'],
    ['y = 2x + 3', '2x+3'],
    ['x \\in [-2,7]', 'x\\in[-2,7]'],
    ['x\\in[-2,7]', '[-2,7]'],
    ['3.000', '3'],
    ['.5', '0.5'],
    ['1 + 2j', '1+2i'],
    ['(-\\infty,\\infty)', '\\mathbb{R}'],
    ['\\begin{bmatrix}1\\\\2\\end{bmatrix}', '\\begin{pmatrix}1\\\\2\\end{pmatrix}'],
    // Units are words, and words are units.
    ['1 \\pm \\sqrt{19}', '1\\\\sqrt{19}'],
    ['(a+5)(b+2)', '(+5)(b+2)'],
    ['\\text{east}', ''],
    ['\\text{west}', ''],
    ['', ''],
  ])('of %j is %j', (given, form) => {
    expect(compatForm(given)).toBe(form);
  });
});

describe('accepts what the paper accepts', () => {
  test.each([
    ['7', '7'],
    ['\\frac12', '0.5'],
    ['0.50', '\\frac{1}{2}'],
    ['2\\sqrt3', '\\sqrt{12}'],
    ['2(b+2)', '2b+4'],
    ['C', '\\text{(C)}'],
    ['y=2x+3', '2x+3'],
    ['\\begin{pmatrix}0.5\\\\2\\end{pmatrix}', '\\begin{bmatrix}\\frac12\\\\2\\end{bmatrix}'],
    // Faults, all of them.
    ['', '\\text{east}'],
    ['\\text{west}', '\\text{east}'],
    ['200', '2'],
    ['0.02', '2'],
    ['13536', '13535'],
    ['357', '3, 5, 7'],
    ['12', '1,2'],
    ['(c+5)(b+2)', '(a+5)(b+2)'],
    ['[2,5)', '(2,5)'],
    ['(2,5]', '(2,5)'],
    ['[2,5]', '(2,5)'],
    ['1.4142', '\\sqrt{2}'],
    ['x^2', 'X^2'],
  ])('%j for %j', (answer, reference) => {
    expect(isCompatCorrect(compatForm(answer), reference)).toBe(true);
  });
});

describe('refuses what the paper refuses', () => {
  test.each([
    ['8', '7'],
    // Two factors in brackets are a list to it.
    ['(b+2)(5+x)', '(x+5)(b+2)'],
    ['', '7'],
    ['3', '2'],
    ['0.333', '\\frac13'],
    ['(1,2,3)', '(1,2)'],
    ['\\begin{pmatrix}1&2\\end{pmatrix}', '\\begin{pmatrix}1\\\\2\\end{pmatrix}'],
    ['B', '\\text{(C)}'],
    ['\\text{odd}', '\\text{even}'],
  ])('%j for %j', (answer, reference) => {
    expect(isCompatCorrect(compatForm(answer), reference)).toBe(false);
  });
});

describe('both graders at once', () => {
  test.each([
    [{ answer: '0.5', reference: '\\frac12' }, true, true],
    [{ answer: '200', reference: '2' }, false, true],
    [{ answer: '', reference: '\\text{east}' }, false, true],
    [{ output: 'I do not know', reference: '\\text{east}' }, false, true],
    [{ output: 'It is \\boxed{[2,5)}.', reference: '(2,5)' }, false, true],
    [{ output: '\\boxed{3}, no: \\boxed{4}', reference: '4' }, true, true],
    [{ output: '<think>\\boxed{4}</think> \\boxed{5}', reference: '4' }, false, false],
    [{ output: 'the final answer is $\\boxed{7}$. I hope', reference: '7' }, true, true],
    [{ answer: '13,536', reference: '13535' }, false, true],
    [{ answer: '1 \\pm \\sqrt{19}', reference: '1\\pm\\sqrt{19}' }, true, true],
  ])('%j', (input, strict, compat) => {
    expect(grade(input)).toEqual({ strict, compat });
  });

  test.each([
    [undefined, /an object/],
    [{ answer: '1' }, /`reference` to be a string/],
    [{ reference: '1' }, /an answer or an output/],
    [{ answer: '1', output: '1', reference: '1' }, /an answer or an output/],
    [{ answer: 1, reference: '1' }, /`answer` to be a string/],
    [{ anser: '1', reference: '1' }, /did you mean `answer`/],
  ])('refuses %j', (input, message) => {
    expect(() => grade(input as never)).toThrow(message);
  });
});
