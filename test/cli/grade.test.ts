// `espalier grade` on files of records, right and wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { espalier } from './command-line.js';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-grade-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function fileOf(...lines: readonly (string | object)[]): Promise<string> {
  const path = join(folder, 'records.jsonl');
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  await writeFile(path, text.join('\n'));
  return path;
}

const records = [
  { answer: '0.5', reference: '\\frac12' },
  '',
  { output: 'So it is \\boxed{[2,5)}.', reference: '(2,5)', id: 'other fields stay' },
  { answer: 7, reference: 7 },
  { answer: null, reference: '7' },
  { output: 'who knows', reference: '7' },
];

describe('espalier grade', () => {
  it('prints one JSON document', async () => {
    const { code, stdout, stderr } = await espalier(['grade', await fileOf(...records), '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { strict, compat, results } = JSON.parse(stdout);
    expect(strict).toMatchObject({ correct: 2, total: 5, rate: 0.4 });
    expect(compat).toMatchObject({ correct: 3, total: 5, rate: 0.6 });
    expect(strict.low).toBeLessThan(0.4);
    expect(results).toEqual([
      { line: 1, answer: '0.5', strict: true, compat: true },
      { line: 3, answer: '[2,5)', strict: false, compat: true },
      { line: 4, answer: '7', strict: true, compat: true },
      { line: 5, answer: '', strict: false, compat: false },
      { line: 6, answer: null, strict: false, compat: false },
    ]);
  });

  it('prints a table, and where the graders differ', async () => {
    const { code, stdout } = await espalier(['grade', await fileOf(...records)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^strict +2 of 5 +40\.0% +\d/m);
    expect(stdout).toMatch(/^compat +3 of 5 +60\.0% +\d/m);
    expect(stdout).toMatch(/^The graders differ on 1: line 3$/m);
  });

  it('reads many lines in pieces', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => ({
      output: `${'é'.repeat(40)} the answer is ${i}.`,
      reference: String(i % 2 ? i : -1),
    }));
    const { stdout } = await espalier(['grade', await fileOf(...many), '--json']);
    expect(JSON.parse(stdout).strict).toMatchObject({ correct: 1500, total: 3000 });
  });

  it.each([
    ['{"answer": "1", "reference": "1"}\n{"answer": ', /records\.jsonl:2/],
    ['[]', /records\.jsonl:1/],
    ['\n\n{"answer": "1"}', /records\.jsonl:3 reference/],
    ['{"reference": "1"}', /records\.jsonl:1.*an answer or an output/],
    ['{"answer": "1", "output": "1", "reference": "1"}', /an answer or an output/],
    ['{"answer": {}, "reference": "1"}', /records\.jsonl:1 answer/],
    ['{"output": null, "reference": "1"}', /records\.jsonl:1 output/],
    ['{"answer": "1", "reference": " "}', /records\.jsonl:1 reference/],
    ['', /one record a line/],
  ])('refuses %j by its line', async (text, message) => {
    const { code, stdout, stderr } = await espalier(['grade', await fileOf(text), '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(JSON.parse(stdout).error.code).toBe('INVALID_FILE');
  });

  it('refuses wrong usage', async () => {
    expect((await espalier(['grade'])).code).toBe(2);
    expect((await espalier(['grade', join(folder, 'none.jsonl')])).code).toBe(2);
    expect((await espalier(['grade', folder])).code).toBe(2);
    const { code, stderr } = await espalier(['grade', await fileOf(...records), '--jsn']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/did you mean `--json`/);
  });

  it('stops when interrupted', async () => {
    const signal = AbortSignal.abort();
    const { code, stdout } = await espalier(['grade', await fileOf(...records)], { signal });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  });
});
