// `espalier pull` over a hub on this machine: what it prints, and what is left when it is interrupted or
// killed in the middle.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMIT } from '../model/fake-hub.js';
import {
  cleanUp,
  expectSamePackage,
  filesBelow,
  ID,
  localLlama,
  onWeights,
  partialBytes,
  setup,
  TOTAL,
  WEIGHTS,
} from '../model/pull-scene.js';
import { espalier, startEspalier } from './command-line.js';

let scene: Awaited<ReturnType<typeof setup>>;
let env: Record<string, string>;
beforeEach(async () => {
  scene = await setup();
  env = { HF_ENDPOINT: scene.hub.endpoint, ESPALIER_CACHE: scene.cache, HF_TOKEN: '' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(cleanUp);

const half = (cache: string) =>
  vi.waitFor(() => expect(partialBytes(cache)).toBeGreaterThan(TOTAL / 2), 60_000);

describe('espalier pull', () => {
  it('makes the package and says what it is', async () => {
    const args = ['pull', `${ID}@main`, scene.destination, '--precision', 'fp32'];
    const { code, stdout, stderr } = await espalier(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^package: LlamaForCausalLM, policy, 67\.8 K parameters, fp32, /);
    expectSamePackage(scene.destination, await localLlama());
  });

  it('prints the manifest with --json, and shows bytes, rate and matrices on a terminal', async () => {
    onWeights(scene.hub, { pauseMs: 30 });
    const { stdout, stderr } = await espalier(['pull', ID, scene.destination, '--json'], {
      columns: 100,
    });
    expect(JSON.parse(stdout).source).toBe(`${ID}@${COMMIT}`);
    expect(stderr).toMatch(
      /[\d.]+ KiB of 272\.4 KiB · [\d.]+ KiB\/s, [\d.]+ s left · model\.safetensors/,
    );
    expect(stderr).toMatch(/importing: \d+ of 10 matrices/);
  });

  it('says on a terminal what it waits for', async () => {
    scene.hub.fault = ({ host }) =>
      host === 'hub' && scene.hub.served.length === 1
        ? { status: 429, headers: { 'retry-after': '1' } }
        : undefined;
    const { stderr } = await espalier(['pull', ID, scene.destination], { columns: 80 });
    expect(stderr).toContain('too many requests: trying again in 1.00 s');
  });

  it('keeps the checkpoint with --keep', async () => {
    const { stdout } = await espalier(['pull', ID, scene.destination, '--keep']);
    const folder = /^checkpoint kept in (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(existsSync(join(folder, WEIGHTS))).toBe(true);
  });

  it('has all options of import', async () => {
    const options = async (command: string) =>
      (await espalier([command, '--help'])).stdout.match(/^ {2}(--[a-z-]+)/gm) ?? [];
    expect(await options('pull')).toEqual(expect.arrayContaining(await options('import')));
    expect(await options('import')).toContain('  --precision');
  });

  it.each([
    [['--precision', 'int5'], 2, /`--precision`/],
    [['--revision', 'v9'], 1, /RevisionNotFound\); check the revision/],
    [['--role', 'reward'], 1, /which is a policy unless a format is named/],
  ])('refuses %j', async (flags, code, message) => {
    const outcome = await espalier(['pull', ID, scene.destination, ...flags]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(scene.destination)).toBe(false);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('goes on after %s', async (signal) => {
    const { hub, cache, destination } = scene;
    onWeights(hub, { pauseMs: 100 });
    const args = ['pull', ID, destination, '--precision', 'fp32'];
    const child = startEspalier(args, env);
    await half(cache);
    child.kill(signal);
    const { code, stderr } = await child.done;
    if (signal === 'SIGINT') {
      expect(code).toBe(130);
      expect(stderr).toMatch(
        /^Interrupted: nothing was written to .*package\. [\d.]+ KiB of 272\.4 KiB are kept in .*: run the same command to go on\.\n$/,
      );
    }
    expect(existsSync(destination)).toBe(false);
    const left = partialBytes(cache);
    expect(left).toBeLessThan(TOTAL);

    const before = hub.served.length;
    expect((await startEspalier(args, env).done).code).toBe(0);
    expectSamePackage(destination, await localLlama());
    expect(filesBelow(cache)).toEqual([]);
    // Three small files come from the cache; the weights from where they broke off.
    const again = hub.served.slice(before).filter(({ bytes }) => bytes > 0);
    expect(again).toMatchObject([
      { host: 'storage', path: WEIGHTS, range: `bytes=${left}-`, bytes: TOTAL - left },
    ]);
  });
});
