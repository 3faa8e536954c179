// Splitting whole paths into steps: joined again they are the text, and none is blank.
import { describe, expect, test } from 'vitest';
import { comparePathIds } from '../../src/search/path-id.js';
import { splitSteps } from '../../src/search/steps.js';

describe('splitSteps', () => {
  test.each([
    ['', []],
    ['\n\n', []],
    ['a', ['a']],
    ['a\n\nb', ['a\n\n', 'b']],
    ['a\n\nb\n\n', ['a\n\n', 'b\n\n']],
    ['\n\na\n\n', ['\n\na\n\n']],
    ['a\n\n\n\nb', ['a\n\n', '\n\nb']],
    ['a\n\n\n \n', ['a\n\n\n \n']],
    ['a\nb\n\nc\n\n\nd', ['a\nb\n\n', 'c\n\n', '\nd']],
  ])('%j', (text, steps) => {
    expect(splitSteps(text, '\n\n')).toEqual(steps);
  });

  test('loses nothing of any text', () => {
    for (let seed = 0; seed < 3 ** 8; seed++) {
      const text = Array.from({ length: 8 }, (_, i) => 'a\n '[Math.floor(seed / 3 ** i) % 3]).join(
        '',
      );
      const steps = splitSteps(text, '\n\n');
      expect(steps.join('')).toBe(text.trim() === '' ? '' : text);
      expect(steps.every((step) => step.trim() !== '')).toBe(true);
    }
  });
});

test('path ids are in depth-first order by number', () => {
  const ordered = ['', '0', '0.0', '0.2', '0.10', '0.10.1', '1', '2', '10', '10.0'];
  expect([...ordered].reverse().sort(comparePathIds)).toEqual(ordered);
  expect(comparePathIds('1.2', '1.2')).toBe(0);
});
