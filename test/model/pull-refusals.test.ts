// What `pull` refuses, and what it says then: no access, too many requests, hubs that are none,
// repositories that would reach elsewhere, full disks, options that make no sense. Secrets stay secret.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { OptionError } from '../../src/errors.js';
import type { PullOptions, PullProgress } from '../../src/model/pull.js';
import type { FakeRepository, Fault, Served } from './fake-hub.js';
import {
  cleanUp,
  expectSamePackage,
  failure,
  filesBelow,
  ID,
  LLAMA,
  localLlama,
  onWeights,
  setup,
  TOTAL,
  WEIGHTS,
} from './pull-scene.js';

const TOKEN = 'hf_sesame';
afterEach(() => vi.unstubAllEnvs());
afterAll(cleanUp);

describe('access', () => {
  const gated = (accepted: boolean): Partial<FakeRepository> => ({
    gate: { token: TOKEN, accepted },
  });

  test.each<[string, Partial<FakeRepository>, PullOptions, RegExp]>([
    [
      'a gated model without a token',
      gated(true),
      {},
      /got 401 Unauthorized \(GatedRepo\); accept its terms at http:\S+\/tiny-lab\/Tiny-Llama, then set HF_TOKEN/,
    ],
    [
      'a gated model whose terms are not accepted',
      gated(false),
      { token: TOKEN },
      /got 403 Forbidden \(GatedRepo\); accept its terms at \S+ with the account of HF_TOKEN/,
    ],
    [
      'a token that is none',
      gated(true),
      { token: 'hf_wrong' },
      /got 401 Unauthorized; check the token/,
    ],
    [
      'a model that is not there, or private',
      { id: 'tiny-lab/other' },
      {},
      /got 401 Unauthorized \(RepoNotFound\); check the name; if it is private or gated, set HF_TOKEN/,
    ],
    [
      'a model that this token does not open',
      { id: 'tiny-lab/other' },
      { token: TOKEN },
      /check the name, and that the account of HF_TOKEN may read it/,
    ],
  ])('%s', async (_, repository, options, message) => {
    const { destination, cache, pull } = await setup(repository);
    const error = await failure(pull(ID, options));
    expect(error).toMatchObject({ name: 'ModelError', code: 'ACCESS_DENIED' });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('hf_');
    expect(existsSync(destination)).toBe(false);
    expect(filesBelow(cache)).toEqual([]);
  });

  test('a repository that a hub says is not there', async () => {
    const { hub, pull } = await setup();
    hub.fault = () => ({ status: 404 });
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'MISSING_MODEL' });
    expect(error.message).toMatch(/got 404 Not Found; check the name and the revision/);
  });

  test('is opened by HF_TOKEN, which the hub alone sees', async () => {
    const { hub, destination, pull } = await setup(gated(true));
    vi.stubEnv('HF_TOKEN', `${TOKEN}\n`);
    vi.stubEnv('HF_ENDPOINT', `${hub.endpoint}/`);
    await pull(ID, { precision: 'fp32', endpoint: undefined } as unknown as PullOptions);
    expectSamePackage(destination, await localLlama());
    const seen = (host: Served['host']) =>
      hub.served.filter((each) => each.host === host).map(({ authorization }) => authorization);
    expect(new Set(seen('hub'))).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(new Set(seen('storage'))).toEqual(new Set([undefined]));
  });

  test('a storage’s signed link is in no error', async () => {
    const { hub, pull } = await setup();
    hub.fault = ({ host, url }) =>
      host === 'storage' ? { status: 302, headers: { location: url } } : undefined;
    const error = await failure(pull());
    expect(error.message).toMatch(/within 8 redirects/);
    expect(`${error.message}${error.stack}`).not.toContain('SECRET');
  });
});

describe('a hub that is busy or broken', () => {
  test('waits as long as it is asked to', async () => {
    const { hub, destination, pull } = await setup();
    const seen: PullProgress[] = [];
    const busy: Fault = { status: 429, headers: { 'retry-after': '1' } };
    let asked = 0;
    hub.fault = ({ kind }) => (kind === 'info' && asked++ === 0 ? busy : undefined);
    const startedAt = performance.now();
    await pull(ID, { precision: 'fp32', onDownload: (progress) => seen.push(progress) });
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(seen[0]).toEqual({ kind: 'wait', seconds: 1, reason: 'too many requests' });
    expectSamePackage(destination, await localLlama());
  });

  test.each<[Fault['headers'] & object, RegExp]>([
    [{ 'retry-after': '3600' }, /got 429 Too Many Requests; wait 3600 s, then run it again/],
    [{ 'retry-after': new Date(Date.now() + 3.6e6).toUTCString() }, /wait 3[56]\d\d s/],
    [{ ratelimit: '"api";r=0;t=2600' }, /wait 2600 s.*with HF_TOKEN set the limits are wider/],
  ])('does not wait for an hour (%j)', async (headers, message) => {
    const { hub, pull } = await setup();
    onWeights(hub, { cutAfter: 100_000 }, { status: 429, headers });
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(error.message).toMatch(message);
    await pull();
    expect(hub.bytesOf(WEIGHTS)).toBe(TOTAL);
  });

  test('gives up on a hub that stays out of order', async () => {
    const { hub, pull } = await setup();
    hub.fault = () => ({ status: 503 });
    const error = await failure(pull());
    expect(error.message).toMatch(/served by the hub, got 503 Service Unavailable; run it again/);
    expect(hub.served).toHaveLength(4);
  });

  test('says that nobody answers', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { pull } = await setup();
    const error = await failure(pull(ID, { endpoint: `http://127.0.0.1:${port}` }));
    expect(error.message).toMatch(/got a broken connection \(ECONNREFUSED\); check the network/);
    const unknown = await failure(pull(ID, { endpoint: 'http://no-such-hub.invalid' }));
    expect(unknown).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(unknown.message).toContain('http://no-such-hub.invalid');
  });

  test('stops waiting when told to', async () => {
    const { hub, pull } = await setup();
    hub.fault = () => ({ status: 429, headers: { 'retry-after': '2' } });
    const abort = new AbortController();
    const reason = new Error('enough');
    const startedAt = performance.now();
    const onDownload = () => abort.abort(reason);
    expect(await failure(pull(ID, { signal: abort.signal, onDownload }))).toBe(reason);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('a repository that is none, or means harm', () => {
  test.each<[string, Fault]>([
    ['a page', { status: 200, body: '<html>Sign in</html>' }],
    ['another document', { status: 200, body: '{}' }],
    ['a commit that is a path', { status: 200, body: '{"sha":"../../../../etc"}' }],
    ['nothing', { status: 204 }],
    ['a document without end', { status: 200, body: ' '.repeat(65 * 2 ** 20) }],
  ])('refuses %s', async (_, fault) => {
    const { hub, cache, pull } = await setup();
    hub.fault = ({ kind }) => (kind === 'info' ? fault : undefined);
    const error = await failure(pull());
    expect(error).toMatchObject({ name: 'ModelError', code: 'DOWNLOAD_FAILED' });
    expect(error.message).toMatch(/check HF_ENDPOINT/);
    expect(filesBelow(cache)).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a path upwards', { path: '../../../evil.gguf' }],
    ['an absolute path', { path: '/tmp/evil.gguf' }],
    ['a path of another system', { path: '..\\evil.gguf' }],
    ['a name that a terminal obeys', { path: 'evil\u001b[2J.gguf' }],
    ['a size below nothing', { size: -1 }],
    ['a size that is no number', { size: '12' }],
    ['no hash', { oid: '' }],
    ['a hash that is a path', { oid: '../../evil' }],
    ['no file', { type: 'file', path: 3 }],
  ])('refuses a listing with %s', async (_, entry) => {
    const { hub, place, cache, pull } = await setup();
    const plain = { type: 'file', path: 'a.gguf', size: 5, oid: '0'.repeat(40) };
    hub.list = (entries) => [...entries, { ...plain, ...entry }];
    expect(await failure(pull())).toMatchObject({ name: 'ModelError', code: 'DOWNLOAD_FAILED' });
    expect(filesBelow(place)).toEqual([]);
    expect(filesBelow(cache)).toEqual([]);
  });

  test('refuses sizes that no model has', async () => {
    const { hub, pull } = await setup();
    const grown = (name: string, bytes: number) => (entries: Record<string, unknown>[]) =>
      entries.map((entry) =>
        entry.path === name
          ? { ...entry, size: bytes, ...(entry.lfs ? { lfs: { ...entry.lfs, size: bytes } } : {}) }
          : entry,
      );
    hub.list = grown('tokenizer.json', 2 ** 40);
    expect((await failure(pull())).message).toMatch(/tokenizer\.json` to be a file of at most/);
    hub.list = grown(WEIGHTS, 2 ** 50);
    expect(await failure(pull())).toMatchObject({ code: 'INVALID_FILE' });
    expect(hub.bytesOf(WEIGHTS)).toBe(0);
  });

  test('refuses a listing without end', async () => {
    const { hub, pull } = await setup();
    const entry = { type: 'directory', path: 'x', size: 0, oid: '0' };
    hub.list = () => ({ length: 0 });
    expect((await failure(pull())).message).toMatch(/described by the hub/);
    hub.fault = ({ kind }) =>
      kind === 'tree'
        ? {
            status: 200,
            headers: { link: `<${hub.endpoint}/api/models/${ID}/tree/x>; rel="next"` },
            body: JSON.stringify(Array.from({ length: 20_000 }, () => entry)),
          }
        : undefined;
    expect((await failure(pull())).message).toMatch(/at most 100000 files, got more/);
  });

  test('refuses an index that names files elsewhere', async () => {
    const files = new Map(LLAMA);
    const index = { weight_map: { 'model.embed_tokens.weight': '../../evil.safetensors' } };
    files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
    const { hub, pull } = await setup({ files });
    const error = await failure(pull());
    expect(error.message).toMatch(/the name of a safetensors file beside it/);
    expect(hub.served.some(({ url }) => url.includes('evil'))).toBe(false);
  });

  test.each<[string, readonly string[], string, RegExp]>([
    ['pickles', ['pytorch_model.bin'], '', /got weights in pytorch_model\.bin; choose one that/],
    ['nothing', ['README.md'], '', /got no weights/],
    [
      'several GGUF files',
      ['a.gguf', 'b.gguf'],
      '',
      /got a\.gguf, b\.gguf; choose one with --file/,
    ],
    ['another GGUF file', ['a.gguf'], ':c.gguf', /got no such file; there are a\.gguf/],
    ['a part', ['a-00001-of-00002.gguf'], '', /to be a GGUF file in one part/],
    ['no tokenizer', ['config.json', WEIGHTS], '', /a checkpoint with tokenizer\.json/],
  ])('says what it has instead: %s', async (_, names, suffix, message) => {
    const files = new Map(names.map((name) => [name, Buffer.from('x')]));
    const { hub, pull } = await setup({ files });
    expect((await failure(pull(`${ID}${suffix}`))).message).toMatch(message);
    expect(hub.bytesOf()).toBe(0);
  });
});

// A full disk needs a disk that can be filled: a small one in memory, which only root may mount.
const isMountable = process.getuid?.() === 0 && process.platform === 'linux';
if (!isMountable) process.stderr.write('skipped: a full disk (only root may mount a small one)\n');

describe.skipIf(!isMountable)('a full disk', () => {
  async function onSmallDisk(
    bytes: number,
    work: (disk: string, scene: Awaited<ReturnType<typeof setup>>) => Promise<void>,
  ): Promise<void> {
    const scene = await setup();
    mkdirSync(scene.cache, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', scene.cache]);
    try {
      await work(scene.cache, scene);
    } finally {
      execFileSync('umount', [scene.cache]);
    }
  }

  test('is seen before the download', async () => {
    await onSmallDisk(2 ** 20, async (_, { hub, destination, pull }) => {
      const error = await failure(pull());
      expect(error).toMatchObject({ code: 'WRITE_FAILED' });
      expect(error.message).toMatch(/a place with \d+ bytes free, got \d+; free some space/);
      expect(hub.bytesOf()).toBe(0);
      expect(existsSync(destination)).toBe(false);
    });
  });

  test('that fills during the download keeps what came, and the next pull goes on', async () => {
    await onSmallDisk(18 * 2 ** 20, async (disk, { hub, destination, pull }) => {
      const filler = join(disk, 'filler');
      hub.fault = ({ host, path }) => {
        if (host !== 'storage' || path !== WEIGHTS || existsSync(filler)) return undefined;
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(filler, Buffer.alloc(bavail * bsize - 131_072));
        return undefined;
      };
      const error = await failure(pull());
      expect(error).toMatchObject({ code: 'WRITE_FAILED' });
      expect(error.message).toMatch(/got a full disk; free some space, or name another place/);
      expect(existsSync(destination)).toBe(false);
      rmSync(filler);
      hub.fault = () => undefined;
      await pull(ID, { precision: 'fp32' });
      expectSamePackage(destination, await localLlama());
      expect(hub.served.at(-1)).toMatchObject({ status: 206, range: 'bytes=131072-' });
    });
  });
});

describe('options that make no sense', () => {
  test.each<[string, PullOptions & Record<string, unknown>, RegExp]>([
    ['', {}, /`model` to be a model on a hub/],
    ['a/b/c', {}, /`model`/],
    ['../evil', {}, /`model`/],
    ['https://huggingface.co/a/b', {}, /`model`/],
    [ID, { revison: 'x' }, /did you mean `revision`/],
    [ID, { precision: 'int2' as 'int8' }, /`precision`/],
    [ID, { revision: '' }, /`revision` to be a non-empty string/],
    [`${ID}@v1`, { revision: 'v2' }, /`revision` to be "v1", as the model's name says/],
    [ID, { keep: 'yes' as unknown as boolean }, /`keep` to be true or false/],
    [ID, { endpoint: 'huggingface.co' }, /`endpoint` to be the http\(s\) address of a hub/],
    [ID, { endpoint: 'https://me:sesame@hub.example' }, /without a name or password in it/],
    [ID, { token: 'hf_ses\name' }, /`token` to be printable ASCII/],
  ])('%j with %j', async (model, options, message) => {
    const { hub, pull } = await setup();
    const error = await failure(pull(model, options));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('ses');
    expect(hub.served).toEqual([]);
  });
});
