// Datasets by name and by path.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/evaluation/dataset.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-dataset-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('openDataset', () => {
  it('hashes the bytes of the file', async () => {
    const path = join(directory, 'own.jsonl');
    const text = '{"problem":"1 + 1?","answer":"2"}\n';
    await writeFile(path, text);
    const dataset = await openDataset(path);
    expect(dataset.name).toBe('own.jsonl');
    expect(dataset.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(dataset.problems).toHaveLength(1);
    expect(dataset).not.toHaveProperty('fields');
  });

  it('reads fields of other names, and keeps which', async () => {
    const path = join(directory, 'other.jsonl');
    await writeFile(path, '{"question":"1 + 1?","answer":"#### 2"}\n');
    const fields = { problem: 'question' };
    const dataset = await openDataset(path, { fields });
    expect(dataset.fields).toEqual(fields);
    expect(dataset.problems).toEqual([{ id: '1', problem: '1 + 1?', answer: '2' }]);
    await expect(openDataset(path)).rejects.toThrow('the record has question, answer');
    await expect(openDataset(path, { fields: { id: '' } })).rejects.toThrow('`field id`');
    for (const name of ['mini-500', 'math500']) {
      await expect(openDataset(name, { fields })).rejects.toThrow(`left out with ${name}`);
    }
  });

  it('has 500 problems each of which tells its level', async () => {
    for (const name of ['mini-500', 'calibration']) {
      const { problems } = await openDataset(name);
      expect(new Set(problems.map(({ level }) => level))).toEqual(new Set([1, 2, 3, 4, 5]));
    }
  });

  it('names the nearest dataset', async () => {
    for (const [given, near] of [
      ['mini500', 'mini-500'],
      ['math-500', 'math500'],
      ['gsm8', 'gsm8k'],
    ]) {
      await expect(openDataset(given ?? '')).rejects.toMatchObject({
        code: 'UNKNOWN_OPTION',
        message: expect.stringContaining(`did you mean \`${near}\`?`),
      });
    }
  });

  it('says which file it could not read', async () => {
    await expect(openDataset(join(directory, 'none.jsonl'))).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining('none.jsonl'),
    });
    await expect(openDataset(directory)).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });
});
