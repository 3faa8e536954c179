// What tests of `pull` share: a hub with the golden Llama, a cache of its own, the package that a local
// import makes.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { importModel } from '../../src/model/import.js';
import { type PullOptions, pullModel } from '../../src/model/pull.js';
import { COMMIT, FakeHub, type FakeRepository, type Fault, filesOf } from './fake-hub.js';
import { GOLDEN_LLAMA, Scratch } from './golden-llama.js';

export const ID = 'tiny-lab/Tiny-Llama';
export const WEIGHTS = 'model.safetensors';
export const LLAMA = filesOf(GOLDEN_LLAMA);
export const TOTAL = LLAMA.get(WEIGHTS)?.length ?? 0;
export const golden = (name: string) =>
  fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
/** No test waits for long. */
const patience = { attempts: 4, firstWaitMs: 1, maxWaitMs: 2000, stallMs: 1500 };

const scratch = new Scratch();
const hubs: FakeHub[] = [];

/** Stops all hubs and removes all files; for `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const hub of hubs) await hub.stop();
  scratch.remove();
}

let places = 0;
/** A hub with one repository, a cache of its own, and a place for the package. */
export async function setup(repository: Partial<FakeRepository> = {}) {
  const hub = await new FakeHub({ id: ID, files: LLAMA, ...repository }).start();
  hubs.push(hub);
  const place = scratch.at(`place-${places++}`);
  const [cache, destination] = [join(place, 'cache'), join(place, 'package')];
  hub.settle = (bytes) =>
    vi.waitFor(() => expect(partialBytes(cache)).toBeGreaterThanOrEqual(bytes), {
      timeout: 20_000,
      interval: 5,
    });
  const pull = (model = ID, options: PullOptions = {}) =>
    pullModel(model, destination, { endpoint: hub.endpoint, cache, patience, ...options });
  return { hub, place, cache, destination, pull };
}

/** All files below a directory, relative to it. */
export function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

/** Of the file that is coming. */
export function partialBytes(cache: string): number {
  const partial = filesBelow(cache).find((name) => name.endsWith('.partial'));
  return partial === undefined ? 0 : statSync(join(cache, partial)).size;
}

export function expectSamePackage(found: string, expected: string): void {
  const names = readdirSync(expected).sort();
  expect(readdirSync(found).sort()).toEqual(names);
  for (const name of names) {
    expect(readFileSync(join(found, name)).equals(readFileSync(join(expected, name))), name).toBe(
      true,
    );
  }
}

const imported = new Map<string, Promise<string>>();
/** The package that importing a checkpoint locally makes. */
export function localImport(source: string, named: string): Promise<string> {
  const place = scratch.at(`local-${named.replaceAll(/\W/g, '-')}`);
  const options = { name: 'package', source: named, precision: 'fp32' } as const;
  const run = async () => (await importModel(source, place, options)).directory;
  const running = imported.get(place) ?? run();
  imported.set(place, running);
  return running;
}

export const localLlama = () => localImport(GOLDEN_LLAMA, `${ID}@${COMMIT}`);

/** Answers the first requests for the weights' bytes with these faults, one after the other. */
export function onWeights(hub: FakeHub, ...faults: readonly (Fault | undefined)[]): void {
  const queue = [...faults];
  hub.fault = ({ host, path }) =>
    host === 'storage' && path === WEIGHTS ? queue.shift() : undefined;
}

export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: Error & { code?: string }) => error,
  );
}
