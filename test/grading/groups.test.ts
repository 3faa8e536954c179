// Classes for votes: the same whatever the order, never joined by an answer in between, and quick.
import { describe, expect, test } from 'vitest';
import { groupEquivalent } from '../../src/grading/groups.js';
import { randomNumbers } from './random-answers.js';
import { rightCases } from './right-cases.js';

/** Classes as sets of texts, in an order of their own. */
function classesOf(answers: readonly string[]): readonly string[] {
  return groupEquivalent(answers)
    .map((group) => JSON.stringify(group.map((i) => answers[i]).sort()))
    .sort();
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

describe('classes', () => {
  test.each<[string, string[], number[][]]>([
    ['none', [], []],
    ['one', ['7'], [[0]]],
    [
      'equal texts',
      ['7', '8', ' 7 ', '$8$'],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['equal numbers', ['0.5', '1/3', '\\frac12', '1/2'], [[0, 2, 3], [1]]],
    ['equal sets', ['1,2', '\\{2,1\\}', '(1,2)', '2,1'], [[0, 1, 3], [2]]],
    ['brackets', ['(2,5)', '[2,5)', '2<x<5', '(2,5]'], [[0, 2], [1], [3]]],
    ['signs', ['1\\pm\\sqrt2', '1+\\sqrt2,1-\\sqrt2', '1+\\sqrt2'], [[0, 1], [2]]],
    ['empty answers', ['', '7', '', '7'], [[0], [1, 3], [2]]],
    ['unreadable answers', ['\\foo', '\\bar', '\\foo'], [[0, 2], [1]]],
    ['a unit that one leaves out', ['5', '5\\text{ cm}'], [[0, 1]]],
    ['two units, and none', ['5', '5\\text{ cm}', '5\\text{ m}'], [[0], [1], [2]]],
    ['a name that one leaves out', ['x=5', '5', '6'], [[0, 1], [2]]],
    ['two names, and none', ['x=5', '5', 'y=5'], [[0], [1], [2]]],
    ['a percentage and its number', ['50\\%', '50'], [[0, 1]]],
    ['a percentage and its value', ['50\\%', '0.5'], [[0, 1]]],
    ['a percentage between two', ['50', '50\\%', '0.5'], [[0], [1, 2]]],
    ['degrees between two', ['180', '180^\\circ', '\\pi'], [[0], [1, 2]]],
    ['a line and its expression', ['y=2x+3', '2x+3', '2x-y+3=0'], [[0, 2], [1]]],
  ])('%s', (_, answers, classes) => {
    expect(groupEquivalent(answers)).toEqual(classes);
  });

  test('do not depend on the order', () => {
    const next = randomNumbers(7);
    const all = Object.values(rightCases).flat(2);
    for (let round = 0; round < 12; round++) {
      const answers = shuffled(all, next).slice(0, 40);
      const classes = classesOf(answers);
      expect(classesOf(shuffled(answers, next))).toEqual(classes);
    }
  });

  test('part the answers, each in one class', () => {
    const answers = Object.values(rightCases).flat(2);
    const classes = groupEquivalent(answers);
    expect(classes.flat().sort((a, b) => a - b)).toEqual(answers.map((_, i) => i));
    for (const group of classes) expect([...group].sort((a, b) => a - b)).toEqual(group);
    const firsts = classes.map(([first = -1]) => first);
    expect([...firsts].sort((a, b) => a - b)).toEqual(firsts);
  });
});

test('256 different answers take a moment', () => {
  const answers = Array.from({ length: 256 }, (_, i) => `\\frac{${i}\\sqrt{${i + 2}}}{7}+\\pi`);
  const before = process.cpuUsage();
  expect(groupEquivalent(answers)).toHaveLength(256);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(2000);
});
