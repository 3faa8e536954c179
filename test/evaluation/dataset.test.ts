// The dataset reader: what it accepts, and that every bad line is named by its number.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset, parseProblems } from '../../src/evaluation/dataset.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-dataset-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('parseProblems', () => {
  it('reads ids, levels and answers as the known datasets write them', () => {
    const text = [
      '{"problem":"a","answer":"1","level":"Level 3","subject":"Algebra","unique_id":"t/1.json"}',
      '',
      '{"problem":"b","answer":42,"level":2,"id":7}',
      '{"problem":"c","answer":"x"}',
    ].join('\r\n');
    expect(parseProblems(text, 'set.jsonl')).toEqual([
      { id: 't/1.json', problem: 'a', answer: '1', level: 3, subject: 'Algebra' },
      { id: '7', problem: 'b', answer: '42', level: 2 },
      { id: '4', problem: 'c', answer: 'x' },
    ]);
  });

  it.each([
    ['{"problem":"a","answer":"1"', 'Expected `set.jsonl:1` to be a JSON object, got'],
    ['\n\n[1]', 'Expected `set.jsonl:3` to be a JSON object, got an array of 1'],
    ['null', 'Expected `set.jsonl:1` to be a JSON object, got null'],
    ['{"answer":"1"}', 'Expected `set.jsonl:1 problem` to be a string that is not empty'],
    ['{"problem":"a"}', 'Expected `set.jsonl:1 answer` to be a string that is not empty'],
    ['{"problem":" ","answer":"1"}', 'set.jsonl:1 problem'],
    ['{"problem":"a","answer":""}', 'set.jsonl:1 answer'],
    ['{"problem":"a","answer":["1"]}', 'set.jsonl:1 answer'],
    ['{"problem":"a","answer":"1","level":"hard"}', 'set.jsonl:1 level'],
    ['{"problem":"a","answer":"1","subject":3}', 'set.jsonl:1 subject'],
    ['{"problem":"a","answer":"1","id":{}}', 'set.jsonl:1 id'],
    ['{"problem":"a","answer":"1","id":1}\n{"problem":"b","answer":"1","id":"1"}', 'line 1 has it'],
    ['', 'Expected `set.jsonl` to be one problem a line'],
  ])('refuses %j', (text, message) => {
    expect(() => parseProblems(text, 'set.jsonl')).toThrow(
      expect.objectContaining({
        name: 'ModelError',
        code: 'INVALID_FILE',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('openDataset', () => {
  it('hashes the bytes of the file', async () => {
    const path = join(directory, 'own.jsonl');
    const text = '{"problem":"1 + 1?","answer":"2"}\n';
    await writeFile(path, text);
    const dataset = await openDataset(path);
    expect(dataset.name).toBe('own.jsonl');
    expect(dataset.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(dataset.problems).toHaveLength(1);
  });

  it('names the nearest embedded dataset', async () => {
    await expect(openDataset('mini500')).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: expect.stringContaining('did you mean `mini-500`?'),
    });
  });

  it('says which file it could not read', async () => {
    await expect(openDataset(join(directory, 'none.jsonl'))).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining('none.jsonl'),
    });
    await expect(openDataset(directory)).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });
});
