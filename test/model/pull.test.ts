// Pulling models from a hub on this machine: the package is that of a local import, whatever goes
// wrong on the way, and what is downloaded is never downloaded twice. Refusals: pull-refusals.test.ts.
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ModelError } from '../../src/errors.js';
import type { PullProgress } from '../../src/model/pull.js';
import { COMMIT, type Fault, filesOf, type Served } from './fake-hub.js';
import {
  cleanUp,
  expectSamePackage,
  failure,
  filesBelow,
  golden,
  ID,
  LLAMA,
  localImport,
  localLlama,
  onWeights,
  partialBytes,
  setup,
  TOTAL,
  WEIGHTS,
} from './pull-scene.js';

const fp32 = { precision: 'fp32' } as const;
afterAll(cleanUp);

describe('pullModel', () => {
  test('makes the package of a local import, and leaves no checkpoint', async () => {
    const { hub, cache, destination, pull } = await setup();
    const seen: PullProgress[] = [];
    const model = await pull(ID, { ...fp32, onDownload: (progress) => seen.push(progress) });
    expect(model.manifest.source).toBe(`${ID}@${COMMIT}`);
    expectSamePackage(destination, await localLlama());
    expect(filesBelow(cache)).toEqual([]);
    expect(seen.at(-1)).toMatchObject({ kind: 'download', file: WEIGHTS, kept: 0 });
    expect(seen.at(-1)).toMatchObject({ bytes: hub.bytesOf(), total: hub.bytesOf() });
  });

  test('downloads what an import needs and nothing else', async () => {
    const files = new Map(LLAMA);
    for (const name of ['pytorch_model.bin', 'onnx/model.onnx', 'other.gguf', 'tokenizer.model']) {
      files.set(name, Buffer.from('not needed'));
    }
    files.set('README.md', Buffer.from('---\nlicense: mit\n---\n'));
    const { hub, pull } = await setup({ files });
    expect((await pull()).manifest.licence).toBe('mit');
    const paths = hub.served.filter(({ kind }) => kind === 'file').map(({ path }) => path);
    expect([...new Set(paths)].sort()).toEqual(
      ['README.md', 'config.json', WEIGHTS, 'tokenizer.json', 'tokenizer_config.json'].sort(),
    );
  });

  test('takes the shards that an index names', async () => {
    const source = golden('architectures/mistral');
    const files = filesOf(source);
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      files.set(name, LLAMA.get(name) as Buffer);
    }
    const { hub, pull } = await setup({ files });
    await pull();
    expect(hub.bytesOf('model-00002-of-00002.safetensors')).toBeGreaterThan(0);
    expect(hub.bytesOf('golden.safetensors')).toBe(0);
  });

  test.each([
    ['the only GGUF file', ['llama'], '', {}, 'llama.gguf'],
    ['a GGUF file of several', ['llama', 'qwen3'], '@main:qwen3.gguf', {}, 'qwen3.gguf'],
    ['a GGUF file by option', ['llama', 'qwen3'], '', { file: 'llama.gguf' }, 'llama.gguf'],
  ])('takes %s', async (_, names, suffix, options, expected) => {
    const files = new Map(
      names.map((name) => [`${name}.gguf`, readFileSync(golden(`gguf/${name}.gguf`))]),
    );
    const { hub, destination, pull } = await setup({ files });
    await pull(`${ID}${suffix}`, { ...fp32, ...options });
    const local = await localImport(golden(`gguf/${expected}`), `${ID}@${COMMIT}:${expected}`);
    expectSamePackage(destination, local);
    expect(hub.bytesOf()).toBe(files.get(expected)?.length);
  });

  test('knows a reward model by the name it was published under', async () => {
    const id = 'peiyi9979/math-shepherd-mistral-7b-prm';
    const { pull } = await setup({ id, files: filesOf(golden('reward-models/math-shepherd')) });
    const { manifest } = await pull(id);
    expect(manifest).toMatchObject({ role: 'reward', prmFormat: 'math-shepherd' });
  });

  test('finds a revision, and says of one that is not there', async () => {
    const { pull } = await setup({ revisions: ['main', 'refs/pr/1'] });
    await pull(ID, { revision: 'refs/pr/1' });
    const error = await failure(pull(`${ID}@v2`, { overwrite: true }));
    expect(error).toMatchObject({ code: 'MISSING_MODEL' });
    expect(error.message).toMatch(/got 404 Not Found \(RevisionNotFound\); check the revision/);
  });

  test('keeps the checkpoint on request; another import needs no download then', async () => {
    const { hub, cache, pull } = await setup();
    await pull(ID, { keep: true });
    expect(filesBelow(cache)).toHaveLength(4);
    const before = hub.bytesOf();
    const seen: PullProgress[] = [];
    await pull(ID, { ...fp32, overwrite: true, onDownload: (progress) => seen.push(progress) });
    expect(hub.bytesOf()).toBe(before);
    expect(seen.at(-1)).toMatchObject({ bytes: before, kept: before });
    expect(filesBelow(cache)).toEqual([]);
  });

  test('downloads a kept file again that was damaged since', async () => {
    const { hub, cache, destination, pull } = await setup();
    await pull(ID, { keep: true });
    const path = filesBelow(cache).find((name) => name.endsWith(WEIGHTS)) as string;
    const damaged = readFileSync(join(cache, path));
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    writeFileSync(join(cache, path), damaged);
    await pull(ID, { ...fp32, overwrite: true });
    expect(hub.bytesOf(WEIGHTS)).toBe(2 * TOTAL);
    expectSamePackage(destination, await localLlama());
  });

  test('refuses a checkpoint that cannot be imported before its weights are downloaded', async () => {
    const files = new Map(LLAMA);
    const config = JSON.parse(String(LLAMA.get('config.json'))) as object;
    const other = { ...config, architectures: ['FalconForCausalLM'] };
    files.set('config.json', Buffer.from(JSON.stringify(other)));
    const { hub, destination, pull } = await setup({ files });
    expect(await failure(pull())).toMatchObject({ code: 'UNSUPPORTED_MODEL' });
    expect(await failure(pull(ID, { role: 'reward' }))).toBeInstanceOf(ModelError);
    expect(hub.served.filter(({ path }) => path === WEIGHTS)).toEqual([]);
    expect(existsSync(destination)).toBe(false);
  });

  test('refuses a destination that is taken before it asks the hub', async () => {
    const { hub, pull } = await setup();
    await pull();
    const before = hub.served.length;
    expect(await failure(pull())).toMatchObject({ code: 'WRITE_FAILED' });
    expect(hub.served).toHaveLength(before);
  });
});

describe('a download that breaks off', () => {
  test.each<[string, readonly (Fault | undefined)[]]>([
    ['cut connections', [{ cutAfter: 100_000 }, { cutAfter: 50_001 }]],
    ['a silence', [{ stallAfter: 65_536 }]],
    ['errors of the storage', [{ cutAfter: 99_999 }, { status: 503 }, { status: 500 }]],
    ['a link that ran out', [{ cutAfter: 99_999 }, { status: 403 }]],
  ])('goes on after %s, no byte twice', async (_, faults) => {
    const { hub, destination, pull } = await setup();
    onWeights(hub, ...faults);
    const waits: PullProgress[] = [];
    await pull(ID, {
      ...fp32,
      onDownload: (progress) => progress.kind === 'wait' && waits.push(progress),
    });
    expectSamePackage(destination, await localLlama());
    expect(waits).toHaveLength(faults.length);
    expect(hub.bytesOf(WEIGHTS)).toBe(TOTAL);
    const last = hub.served.at(-1) as Served;
    expect(last.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(last.ifRange).toBe('"storage-tag"');
  });

  test('goes on in another call after being aborted', async () => {
    const { hub, cache, destination, pull } = await setup();
    const abort = new AbortController();
    const reason = new Error('enough');
    const first = pull(ID, {
      signal: abort.signal,
      onDownload: (progress) => {
        if (progress.kind === 'download' && progress.bytes > 150_000) abort.abort(reason);
      },
    });
    expect(await failure(first)).toBe(reason);
    expect(existsSync(destination)).toBe(false);
    expect(filesBelow(cache).filter((name) => name.endsWith('.partial'))).toHaveLength(1);
    const before = hub.served.length;
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    const [resumed] = hub.served.slice(before).filter(({ host }) => host === 'storage');
    expect(Number(/\d+/.exec(resumed?.range ?? '')?.[0])).toBeGreaterThan(100_000);
    expect(resumed?.status).toBe(206);
  });

  test.each([
    ['damaged', () => 1000],
    ['too long', (size: number) => size + TOTAL],
  ])('starts again where what is left of it is %s', async (_, at) => {
    const { hub, cache, destination, pull } = await setup();
    onWeights(hub, { cutAfter: 100_000 }, { status: 404 }, { status: 404 }, { status: 404 });
    await failure(pull(ID, fp32));
    const name = filesBelow(cache).find((each) => each.endsWith('.partial')) as string;
    const file = openSync(join(cache, name), 'r+');
    writeSync(file, 'x', at(partialBytes(cache)));
    closeSync(file);
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(filesBelow(cache)).toEqual([]);
  });

  test('goes on after the repository got another commit', async () => {
    const { hub, cache, destination, pull } = await setup();
    onWeights(hub, { cutAfter: 100_000 }, { status: 404 }, { status: 404 }, { status: 404 });
    await failure(pull(ID, fp32));
    hub.commit = COMMIT.replaceAll('c', 'd');
    hub.repository = { ...hub.repository, files: new Map([...LLAMA, ['NEWS', Buffer.from('x')]]) };
    const { manifest } = await pull(ID, { ...fp32, source: `${ID}@${COMMIT}` });
    expect(manifest.name).toBe('package');
    expectSamePackage(destination, await localLlama());
    expect(hub.bytesOf(WEIGHTS)).toBe(TOTAL);
    // The other commit's small files stay; the weights were this one's too.
    expect(filesBelow(cache).filter((name) => !name.includes(COMMIT))).toEqual([]);
  });

  test('starts again where the storage has no ranges', async () => {
    const { hub, destination, pull } = await setup();
    onWeights(hub, { cutAfter: 100_000 }, { ignoreRange: true });
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(hub.bytesOf(WEIGHTS)).toBe(100_000 + TOTAL);
  });

  test('starts again where the file changed meanwhile', async () => {
    const { hub, destination, pull } = await setup();
    const other = Buffer.alloc(TOTAL, 7);
    onWeights(hub, { content: other, cutAfter: 100_000, headers: { etag: '"other-tag"' } });
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(hub.served.at(-1)).toMatchObject({ ifRange: '"other-tag"', status: 200, bytes: TOTAL });
  });

  test('is put up with for as long as it gets on', async () => {
    const files = new Map([['big.gguf', Buffer.alloc(8 * 2 ** 20, 'no model')]]);
    const { hub, pull } = await setup({ files });
    hub.fault = ({ host }) => (host === 'storage' ? { cutAfter: 1.25 * 2 ** 20 } : undefined);
    // More cuts than attempts are allowed to get nowhere; what the import says comes after them all.
    expect(await failure(pull())).toMatchObject({ code: 'INVALID_FILE' });
    expect(hub.served.filter(({ host }) => host === 'storage')).toHaveLength(7);
    expect(hub.bytesOf()).toBe(8 * 2 ** 20);
  });

  test('gives up in the end, and goes on when called again', async () => {
    const { hub, destination, pull } = await setup();
    onWeights(hub, ...Array.from({ length: 4 }, () => ({ cutAfter: 40_000 })));
    const error = await failure(pull(ID, fp32));
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(error.message).toMatch(/a broken connection \(UND_ERR_SOCKET\).*; check the network/);
    expect(existsSync(destination)).toBe(false);
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(hub.bytesOf(WEIGHTS)).toBe(TOTAL);
  });

  test('is not shared by two pulls at once', async () => {
    const { hub, pull } = await setup();
    onWeights(hub, { pauseMs: 20 });
    const first = pull();
    await vi.waitFor(() => expect(hub.bytesOf(WEIGHTS)).toBeGreaterThan(0));
    const error = await failure(pull(ID, { overwrite: true }));
    expect(error.message).toMatch(/a free folder, got one that process \d+ on .* is filling; wait/);
    await first;
  });
});

describe('bytes that are wrong', () => {
  const wrong = Buffer.alloc(TOTAL, 7);

  test('are thrown away once', async () => {
    const { hub, destination, pull } = await setup();
    onWeights(hub, { content: wrong });
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(hub.bytesOf(WEIGHTS)).toBe(2 * TOTAL);
  });

  test('are an error the second time, and nothing of them is kept', async () => {
    const { hub, cache, destination, pull } = await setup();
    onWeights(hub, { content: wrong }, { content: wrong });
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'HASH_MISMATCH' });
    expect(error.message).toContain(`${ID}: ${WEIGHTS}`);
    expect(existsSync(destination)).toBe(false);
    await pull(ID, fp32);
    expectSamePackage(destination, await localLlama());
    expect(hub.bytesOf(WEIGHTS)).toBe(3 * TOTAL);
    expect(filesBelow(cache)).toEqual([]);
  });

  test('are found in small files too', async () => {
    const { hub, pull } = await setup();
    const { length } = LLAMA.get('config.json') as Buffer;
    hub.fault = ({ path }) =>
      path === 'config.json' ? { content: Buffer.alloc(length, 32) } : undefined;
    expect(await failure(pull())).toMatchObject({ code: 'HASH_MISMATCH' });
  });

  test.each<[string, Fault, RegExp]>([
    ['fewer', { content: Buffer.alloc(TOTAL - 1) }, /got 273703 bytes; run it again/],
    ['more', { content: Buffer.alloc(TOTAL + 1) }, /got 273705 bytes/],
    ['without end', { content: Buffer.alloc(2 * TOTAL), isEndless: true }, /got more bytes/],
  ])('are refused where they are %s (than listed)', async (_, fault, message) => {
    const { hub, pull } = await setup();
    onWeights(hub, fault);
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(error.message).toMatch(message);
  });

  test.each([
    ['commit', { 'x-repo-commit': 'b'.repeat(40) }, /got it at commit b{40}/],
    ['content', { 'x-linked-etag': `"${'a'.repeat(64)}"` }, /got content a{64}/],
  ])('are refused unread where the hub names another %s', async (_, headers, message) => {
    const { hub, pull } = await setup();
    hub.fault = ({ host, path }) => (host === 'hub' && path === WEIGHTS ? { headers } : undefined);
    expect((await failure(pull())).message).toMatch(message);
  });
});
