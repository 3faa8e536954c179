// Known sets, fetched from a server on this machine: what is checked, what is kept, what is refused; and
// their published counts, where the files are at hand.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDataset } from '../../src/evaluation/dataset.js';
import { knownDatasets } from '../../src/evaluation/known-datasets.js';
import { parseProblems } from '../../src/evaluation/problem.js';
import { sharedData } from './shared-data.js';

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A file of a known set's size and number of problems, and of none of its text. */
function forge(name: string, answer = '1'): string {
  const known = knownDatasets[name];
  if (known === undefined) throw new Error(name);
  const { problem = 'problem', id = 'id' } = known.fields;
  const lines = Array.from({ length: known.problems }, (_, i) => {
    const rest = { level: 1, subject: 'x' };
    return JSON.stringify({ [problem]: 'p', answer, [id]: i, ...rest });
  });
  const text = `${lines.join('\n')}\n`;
  return text.replace('"p"', `"${'p'.repeat(known.bytes - text.length + 1)}"`);
}

let server: Server;
let endpoint: string;
let directory: string;
let cache: string;
let requests: string[] = [];
let serve: (url: string) => string | Buffer | number = () => 404;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-known-'));
  server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(url);
    const served = serve(url);
    if (typeof served === 'number') response.writeHead(served).end();
    else response.end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  requests = [];
  cache = await mkdtemp(join(directory, 'cache-'));
});

const open = (name: string) => openDataset(name, { cache, endpoint });
const kept = async () =>
  existsSync(join(cache, 'datasets')) ? readdir(join(cache, 'datasets')) : [];

describe('a set whose hash is pinned', () => {
  it('refuses other bytes of its size, and keeps none of them', async () => {
    serve = () => forge('math500');
    await expect(open('math500')).rejects.toMatchObject({
      name: 'ModelError',
      code: 'HASH_MISMATCH',
      message: expect.stringMatching(
        /to be of sha256 5a424d.*, got [0-9a-f]{64}; nothing was kept/,
      ),
    });
    expect(requests).toEqual([`/${knownDatasets.math500?.path}`]);
    expect(await kept()).toEqual([]);
  });

  it('refuses another hash without asking anyone', async () => {
    const asked = open(`math500@${'0'.repeat(64)}`);
    await expect(asked).rejects.toMatchObject({ name: 'OptionError' });
    await expect(open('math500@123')).rejects.toThrow('the 64 hexadecimal digits of a sha256');
    expect(requests).toEqual([]);
  });

  const file = sharedData('math500.jsonl');
  it.skipIf(file === undefined)('is fetched once, then read from the cache', async () => {
    const bytes = await readFile(file ?? '');
    serve = () => bytes;
    const downloads: string[] = [];
    const onDownload = (url: string) => void downloads.push(url);
    const first = await openDataset('math500', { cache, endpoint, onDownload });
    expect(first).toMatchObject({ name: 'math500', sha256: knownDatasets.math500?.sha256 });
    expect(first.problems).toHaveLength(500);
    serve = () => 500;
    expect(await openDataset('math500', { cache, endpoint, onDownload })).toEqual(first);
    expect(downloads).toHaveLength(1);
    expect(await kept()).toEqual(['math500.jsonl']);
    // A damaged copy is fetched again.
    await writeFile(join(cache, 'datasets', 'math500.jsonl'), bytes.subarray(0, 100_000));
    await expect(open('math500')).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    serve = () => bytes;
    expect(await open('math500')).toEqual(first);
  });
});

describe('a set whose hash is not pinned', () => {
  it('is given only to who names the hash of what came', async () => {
    const text = forge('amc23');
    serve = () => text;
    const named = `amc23@${sha256(text)}`;
    const message = `of sha256 ${sha256(text)}: once you trust them, ask for ${named}`;
    for (let i = 0; i < 2; i++) {
      await expect(open('amc23')).rejects.toMatchObject({
        name: 'OptionError',
        message: expect.stringContaining(message),
      });
    }
    const dataset = await open(named);
    expect(dataset).toMatchObject({ name: 'amc23', sha256: sha256(text) });
    expect(dataset.problems).toHaveLength(40);
    expect(requests).toHaveLength(1);
  });

  it('is fetched again where the cache has other bytes, and refused where the server has', async () => {
    const [one, other] = [forge('gsm8k', '#### 1'), forge('gsm8k', '#### 2')];
    serve = () => one;
    const wanted = `gsm8k@${sha256(other)}`;
    await expect(open(wanted)).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
    await expect(open('gsm8k')).rejects.toThrow(`gsm8k@${sha256(one)}`);
    serve = () => other;
    expect((await open(wanted)).problems[5]?.answer).toBe('2');
    expect(requests).toHaveLength(3);
  });
});

it('takes its server and its cache from the environment', async () => {
  const text = forge('amc23');
  serve = () => text;
  vi.stubEnv('ESPALIER_DATASETS', endpoint);
  vi.stubEnv('ESPALIER_CACHE', cache);
  try {
    expect((await openDataset(`amc23@${sha256(text)}`)).problems).toHaveLength(40);
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await kept()).toEqual(['amc23.jsonl']);
});

describe('a download that fails', () => {
  it.each([
    ['no such file', () => 404, /got 404 Not Found; without a network/],
    ['too little', () => forge('aime24').slice(0, 5000), /got 5000 bytes \(the published file has/],
    ['too much', () => `${forge('aime24')}\n`, /got more bytes/],
    ['another page', () => 'x'.repeat(knownDatasets.aime24?.bytes ?? 0), /got others \(/],
  ])('says that it found %s, and how to go on', async (_, answer, message) => {
    serve = answer;
    const failure = open('aime24');
    await expect(failure).rejects.toMatchObject({ name: 'ModelError', code: 'DOWNLOAD_FAILED' });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/fetch it elsewhere and use --dataset FILE$/);
    expect(await kept()).toEqual([]);
  });

  it('says so without a network, and which fields the file has', async () => {
    const failure = openDataset('gsm8k', { cache, endpoint: 'http://127.0.0.1:9' });
    await expect(failure).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    await expect(failure).rejects.toThrow(/FILE --field problem=question --field id=idx$/);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    controller.abort();
    const { signal } = controller;
    const stopped = openDataset('amc23', { cache, endpoint, signal });
    await expect(stopped).rejects.toBe(signal.reason);
  });

  it('says where the cache cannot be written', async () => {
    await mkdir(cache, { recursive: true });
    await writeFile(join(cache, 'datasets'), 'a file');
    serve = () => forge('amc23');
    await expect(open('amc23')).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });
});

describe('published counts', () => {
  const math500 = sharedData('math500.jsonl');
  const aime24 = sharedData('aime24.jsonl');
  const gsm8k = sharedData('gsm8k-1019.jsonl');
  const read = async (name: string, file: string | undefined) => {
    const bytes = await readFile(file ?? '');
    const problems = parseProblems(bytes.toString('utf8'), name, knownDatasets[name]?.fields);
    return { bytes, problems };
  };

  it.skipIf(math500 === undefined)('MATH-500, by level and subject', async () => {
    const { bytes, problems } = await read('math500', math500);
    expect([bytes.length, sha256(bytes)]).toEqual([
      knownDatasets.math500?.bytes,
      knownDatasets.math500?.sha256,
    ]);
    const counts = (of: (problem: (typeof problems)[number]) => unknown) =>
      problems.reduce<Record<string, number>>((seen, problem) => {
        const name = String(of(problem));
        seen[name] = (seen[name] ?? 0) + 1;
        return seen;
      }, {});
    expect(counts(({ level }) => level)).toEqual({ 1: 43, 2: 90, 3: 105, 4: 128, 5: 134 });
    expect(counts(({ subject }) => subject)).toEqual({
      Algebra: 124,
      'Intermediate Algebra': 97,
      Prealgebra: 82,
      'Number Theory': 62,
      Precalculus: 56,
      Geometry: 41,
      'Counting & Probability': 38,
    });
    expect(new Set(problems.map(({ id }) => id)).size).toBe(500);
    expect(problems.every(({ id }) => /^test\/.*\.json$/.test(id))).toBe(true);
  });

  it.skipIf(aime24 === undefined)('AIME 2024', async () => {
    const { bytes, problems } = await read('aime24', aime24);
    expect([bytes.length, sha256(bytes)]).toEqual([
      knownDatasets.aime24?.bytes,
      knownDatasets.aime24?.sha256,
    ]);
    expect(problems).toHaveLength(30);
    expect(problems.every(({ answer }) => /^\d{1,3}$/.test(answer))).toBe(true);
  });

  it.skipIf(gsm8k === undefined)('GSM8K, its first 1,019 problems', async () => {
    const { problems } = await read('gsm8k', gsm8k);
    expect(problems).toHaveLength(1019);
    expect(problems.every(({ answer }) => /^-?[\d,]+(\.\d+)?$/.test(answer))).toBe(true);
    expect([problems[0]?.id, problems.at(-1)?.id]).toEqual(['0', '1018']);
  });
});
