// The 500 references of MATH-500, where the file is at hand: ../shared/data/math500.jsonl beside the
// repository, or $ESPALIER_DATA/math500.jsonl. Its text stays out of this repository: what is kept
// of it is counts and hashes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Answer, answerWork } from '../../src/grading/answer.js';
import { grade } from '../../src/grading/grade.js';

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const file = join(process.env.ESPALIER_DATA ?? beside, 'math500.jsonl');
const isHere = existsSync(file);
if (!isHere) console.warn(`skipped: the MATH-500 references, for want of ${file}`);

/** Other ways to write an answer that leave its mathematics alone but not its text. */
const rewritings: readonly ((answer: string) => string)[] = [
  (answer) => `${answer}\\quad`,
  (answer) => answer.replaceAll('\\frac', '\\cfrac'),
  (answer) => `\\boxed{${answer}}`,
];

describe.skipIf(!isHere)('MATH-500', () => {
  let records: readonly { readonly answer: string; readonly solution: string }[] = [];
  let references: readonly string[] = [];

  beforeAll(() => {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    records = lines.map((line) => JSON.parse(line));
    references = records.map(({ answer }) => answer);
  });

  test('has the references that the counts below are of', () => {
    expect(references).toHaveLength(500);
    const hash = createHash('sha256').update(references.join('\n')).digest('hex');
    expect(hash).toBe('e312d1b644e0de4ee15c3e61b55112c287c6dd89e34317a8adf8cd80ac350bed');
  });

  test('every reference can be read, as the type that it is', () => {
    const counts: Record<string, number> = {};
    for (const reference of references) {
      const { kind } = new Answer(reference);
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    expect(counts).toEqual({
      scalar: 452,
      sequence: 16,
      matrix: 7,
      numeral: 6,
      set: 6,
      text: 5,
      region: 3,
      relation: 3,
      labelled: 2,
    });
  });

  test('every reference answers itself, worked out anew', () => {
    for (const reference of references) {
      expect(grade({ answer: reference, reference }), reference).toEqual({
        strict: true,
        compat: true,
      });
      const own = new Answer(reference);
      if (own.kind === 'text') continue;
      for (const rewrite of rewritings) {
        const again = new Answer(rewrite(reference));
        expect(again.isSame(own, 'counts'), `${reference} as ${rewrite(reference)}`).toBe(true);
        expect(again.spent).toBeLessThanOrEqual(answerWork);
      }
    }
  });

  test('every solution holds its reference', () => {
    for (const { answer, solution } of records) {
      expect(grade({ output: solution, reference: answer }), answer).toEqual({
        strict: true,
        compat: true,
      });
    }
  });

  test('different references that are equal are the five known ones', () => {
    // A fraction, a root, a list and thousands in two spellings each; and an angle in two units.
    const distinct = [...new Set(references)].map((text) => ({ text, answer: new Answer(text) }));
    const pairs: string[] = [];
    distinct.forEach((a, i) => {
      for (const b of distinct.slice(i + 1)) {
        if (a.answer.isSame(b.answer, 'counts')) pairs.push(`${a.text} = ${b.text}`);
      }
    });
    expect(distinct).toHaveLength(301);
    expect(pairs.map(shortHash).join(' ')).toBe(
      'aa287ce11888 81891443ff7f 876679da4451 a4f78bafa77d 4394cdb40849',
    );
  });

  test('different references of which one answers the other are the known ones', () => {
    // Those five both ways, and seven that differ by a unit or by a name in front.
    const distinct = [...new Set(references)].map((text) => ({ text, answer: new Answer(text) }));
    const pairs: string[] = [];
    for (const a of distinct) {
      for (const b of distinct) {
        if (a !== b && a.answer.answers(b.answer)) pairs.push(`${a.text} answers ${b.text}`);
      }
    }
    expect(pairs.map(shortHash).join(' ')).toBe(
      '03d0149822db 0f4702677850 abc4622dc5f1 42531cc78f6d 6fc5454d0979 c7016d245e1e ' +
        '084ff80ee88b bb326d558ee9 3f5ccd5d8f29 6aaeb9e2c836 205dda8725a3 9bea3c232688 ' +
        '0c710503a80e e264cf010eb3 53c4a83cd1ed f1f8bb5d750e dbac264d3e4a 7aee3c7fb527 ' +
        'ebf5a014f071 f85914b726a5 faaefdc1f914 497f2057b37c f1de2c9176e3 06117860cc0e',
    );
  });
});

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
