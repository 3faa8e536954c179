// Finding answers in texts, their normal form, and when a step closes one.
import { describe, expect, test } from 'vitest';
import {
  answersEquivalent,
  closesAnswer,
  extractAnswer,
  groupAnswers,
  normaliseAnswer,
} from '../../src/search/answer.js';

describe('extractAnswer', () => {
  test.each([
    ['The answer is \\boxed{68}.', '68'],
    ['\\boxed{1} then \\boxed{2}', '2'],
    ['\\boxed{\\frac{1}{2}}', '\\frac{1}{2}'],
    ['\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
    ['\\boxed{\\left\\{ x \\right.}', '\\{ x'],
    ['$\\boxed 7$', '7'],
    ['\\boxed{3} and \\boxed{4', '3'],
    ['So the answer is 42.', '42'],
    ['The answer is: $\\dfrac{3}{4}$.\nDone', '\\frac{3}{4}'],
    ['final answer is 3.5', '3.5'],
    ['the answer is 5. I hope it is correct.', '5'],
    ['\\boxed{5} but the answer is 6', '5'],
    ['we get 3 and then 1,234', '1234'],
    ['\\boxed{}', null],
    ['\\boxed{ }', null],
    ['no number at all', null],
    ['', null],
    ['<think>\\boxed{1}</think> it is \\boxed{2}', '2'],
    ['<think>\\boxed{1}', null],
    ['\\boxed{1}</think>', null],
  ])('%j holds %j', (text, answer) => {
    expect(extractAnswer(text, true)).toBe(answer);
  });

  test('takes the last number of complete paths alone', () => {
    expect(extractAnswer('Ben has 70 cards', true)).toBe('70');
    expect(extractAnswer('Ben has 70 cards', false)).toBe(null);
    expect(extractAnswer('the answer is 70', false)).toBe('70');
  });
});

describe('closesAnswer', () => {
  const above = 'so \\boxed{1';
  test.each([
    [`${above}2}\n\n`, above.length, true],
    ['\\boxed{1}\n\nmore\n\n', '\\boxed{1}\n\n'.length, false],
    ['\\boxed{1', 0, false],
    ['\\boxed mention', 0, false],
    ['<think>\\boxed{1}\n\n', 0, false],
    ['<think>a</think>\\boxed{1}\n\n', 0, true],
    ['\\boxed{}', 0, true],
  ])('%j from %i: %s', (text, from, closes) => {
    expect(closesAnswer(text, from)).toBe(closes);
  });
});

describe('normal form', () => {
  test.each([
    [' 7 ', '7'],
    ['$7$', '7'],
    ['\\(7\\)', '7'],
    ['7.', '7'],
    ['007', '7'],
    ['0', '0'],
    ['-0', '0'],
    ['-0.50', '-0.5'],
    ['+3', '3'],
    ['12,345', '12345'],
    ['1,2', '1,2'],
    ['1,2345', '1,2345'],
    ['4.0', '4'],
    ['\\text{east}', 'east'],
    ['\\tfrac12', '\\frac12'],
    ['\\left(1,\\ 2\\right)', '(1, 2)'],
    ['\\leftarrow', '\\leftarrow'],
    ['x  +\ny', 'x + y'],
    ['\\$18.90', '\\$18.90'],
    ['5\\mbox{ cm}', '5\\text{ cm}'],
    ['11,\\! 111', '11111'],
    ['\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}', '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}'],
  ])('%j is %j', (given, normal) => {
    expect(normaliseAnswer(given)).toBe(normal);
    expect(normaliseAnswer(normal)).toBe(normal);
  });

  test('groups keep the order of what they group', () => {
    const items = ['b', 'a', 'b', 'c', 'a'].map((answer, index) => ({ answer, index }));
    const groups = groupAnswers(items, (item) => item.answer);
    expect(groups.map((group) => group.map((item) => item.index))).toEqual([[0, 2], [1, 4], [3]]);
    expect(answersEquivalent('1', '1')).toBe(true);
  });

  test('groups are of equal mathematics', () => {
    const answers = ['\\frac{1}{2}', '(1,2)', '0.5', '[1,2]', '1/2', '0.51'];
    expect(groupAnswers(answers, (answer) => answer)).toEqual([
      ['\\frac{1}{2}', '0.5', '1/2'],
      ['(1,2)'],
      ['[1,2]'],
      ['0.51'],
    ]);
    expect(answersEquivalent('0.5', '\\frac{1}{2}')).toBe(true);
    expect(answersEquivalent('0.5', '\\frac{1}{3}')).toBe(false);
  });
});

test('hostile texts take no more than a moment', () => {
  const startedAt = performance.now();
  for (const piece of ['\\boxed{', '{', '<think>', '1,000', ' \\boxed', 'answer is ', '\\ ']) {
    extractAnswer(piece.repeat(20_000), true);
    closesAnswer(piece.repeat(20_000), 0);
  }
  expect(performance.now() - startedAt).toBeLessThan(5000);
});
