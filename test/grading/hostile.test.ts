// Nothing crashes, hangs or costs more than its bound: hostile texts, and thousands of random ones.
import { beforeAll, describe, expect, test } from 'vitest';
import { Answer, answerWork } from '../../src/grading/answer.js';
import { grade } from '../../src/grading/grade.js';
import { groupEquivalent } from '../../src/grading/groups.js';
import { hostileTexts } from './hostile-texts.js';
import { randomAnswer, randomNumbers } from './random-answers.js';

const names = Object.keys(hostileTexts);

/** Processor time of a call in milliseconds: the least of six, so that neighbours do not count. */
function cost(call: () => void): number {
  let least = Infinity;
  for (let i = 0; i < 6; i++) {
    const before = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

beforeAll(() => {
  // A fresh process still compiles what it runs.
  for (const text of Object.values(hostileTexts))
    grade({ answer: text, reference: `${text}\\quad` });
});

test.each(names)('%s', (name) => {
  const text = hostileTexts[name] ?? '';
  // White space that the normal form keeps, so that the texts differ and must be worked out.
  const again = `${text}\\quad`;
  let spent = 0;
  const milliseconds = cost(() => {
    const [a, b] = [new Answer(text), new Answer(again)];
    expect(a.isSame(b, 'counts')).toBe(b.isSame(a, 'counts'));
    a.answers(b);
    expect(a.spent).toBeLessThanOrEqual(answerWork);
    expect(b.spent).toBeLessThanOrEqual(answerWork);
    spent = a.spent + b.spent;
  });
  expect(milliseconds, `${spent} work units`).toBeLessThan(50);
  const verdicts = [
    grade({ answer: text, reference: '7' }),
    grade({ answer: '7', reference: text }),
    grade({ output: text, reference: '7' }),
    grade({ output: `The answer is \\boxed{${text}}.`, reference: '7' }),
  ];
  if (name === 'boxes in boxes') return;
  for (const { strict } of verdicts) expect(strict).toBe(false);
});

test('pairs of different texts stay under their bound, in work units and in time', () => {
  let worst = { ms: 0, pair: '' };
  names.forEach((name, i) => {
    for (const stride of [1, 5, 17, 29, 43]) {
      const other = names[(i + stride) % names.length] ?? '';
      const compare = () => {
        const [a, b] = [name, other].map((each) => new Answer(hostileTexts[each] ?? ''));
        if (a === undefined || b === undefined) return;
        expect(a.isSame(b, 'counts'), `${name}, ${other}`).toBe(false);
        a.answers(b);
        expect(Math.max(a.spent, b.spent)).toBeLessThanOrEqual(answerWork);
      };
      const before = process.cpuUsage();
      compare();
      const { user, system } = process.cpuUsage(before);
      // Most are far below it; only those near it are worth the exact measure.
      const ms = user + system < 20_000 ? (user + system) / 1000 : cost(compare);
      if (ms > worst.ms) worst = { ms, pair: `${name}, ${other}` };
    }
  });
  expect(worst.ms, worst.pair).toBeLessThan(50);
});

test('a grade of both kinds stays under its bound', () => {
  const worst = names.map((name) => {
    const text = hostileTexts[name] ?? '';
    return { name, ms: cost(() => grade({ answer: text, reference: `${text}\\quad` })) };
  });
  worst.sort((a, b) => b.ms - a.ms);
  // Two graders on two answers each.
  expect(worst[0]?.ms, worst[0]?.name).toBeLessThan(100);
});

test('every pair of hostile texts is graded in a moment', () => {
  let worst = { ms: 0, pair: '' };
  names.forEach((name, i) => {
    // Each with itself and with a few others; a matrix among them, which the paper's rules favour.
    for (const other of [name, names[(i * 7 + 3) % names.length] ?? '', 'a matrix of nothing']) {
      const before = process.cpuUsage();
      const answer = hostileTexts[other] ?? '';
      grade({ answer, reference: `${hostileTexts[name]}\\quad` });
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms > worst.ms) worst = { ms, pair: `${other} for ${name}` };
    }
  });
  expect(worst.ms, worst.pair).toBeLessThan(1000);
});

test('hostile answers vote alone, and in any order', () => {
  const texts = names.map((name) => (hostileTexts[name] ?? '').slice(0, 3000));
  const classes = groupEquivalent(texts);
  expect(classes.flat().sort((a, b) => a - b)).toEqual(texts.map((_, i) => i));
  const turned = groupEquivalent([...texts].reverse());
  const last = texts.length - 1;
  const back = turned.map((group) => group.map((i) => last - i).sort((a, b) => a - b));
  expect(back.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual(classes);
});

describe('5,000 random answers', () => {
  const next = randomNumbers(2024);
  const answers = Array.from({ length: 5000 }, () => randomAnswer(next));

  test('are graded, each like its neighbour is by it', () => {
    let read = 0;
    answers.forEach((text, i) => {
      const a = new Answer(text);
      const b = new Answer(answers[(i + 1) % answers.length] ?? '');
      expect(a.isSame(b, 'counts'), text).toBe(b.isSame(a, 'counts'));
      expect(a.isSame(b, 'optional'), text).toBe(b.isSame(a, 'optional'));
      expect(a.spent, text).toBeLessThanOrEqual(answerWork);
      if (a.kind !== 'unread') read++;
    });
    // Else the generator tests nothing but refusals.
    expect(read).toBeGreaterThan(1500);
  });

  test('pass through both graders as answers and as outputs', () => {
    answers.forEach((text, i) => {
      const reference = answers[(i * 7 + 1) % answers.length] ?? '';
      const { strict, compat } =
        i % 2 ? grade({ answer: text, reference }) : grade({ output: text, reference });
      expect([typeof strict, typeof compat]).toEqual(['boolean', 'boolean']);
    });
  });
});
