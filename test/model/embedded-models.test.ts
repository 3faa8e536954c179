// The embedded packages: byte for byte what importing their checkpoints gives, and what int8 costs
// them against fp32. The measured losses are printed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { checkpointNames, importCheckpoint } from '../../models/import.js';
import { openTree } from '../../src/engine/engine.js';
import type { TokenTree } from '../../src/engine/token-tree.js';
import { embeddedDirectory, listEmbedded } from '../../src/model/embedded.js';
import { importModel } from '../../src/model/import.js';
import { type ModelPackage, openPackage } from '../../src/model/package.js';
import { openTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { Scratch } from './golden-llama.js';
import { compareLogits, headsAlong, writeGreedily } from './quantisation-loss.js';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const MAX_TOKENS = 200;
const scratch = new Scratch();
afterAll(() => scratch.remove());

const names = checkpointNames();
const packages = await Promise.all(names.map((name) => openPackage(name)));
const policies = packages.filter((model) => model.manifest.role === 'policy');
const rewards = packages.filter((model) => model.manifest.role === 'reward');

test('two policies and a reward model are embedded, 25 MB at most', () => {
  expect(listEmbedded()).toEqual(names);
  expect(policies.length).toBeGreaterThanOrEqual(2);
  expect(rewards.length).toBeGreaterThanOrEqual(1);
  const files = packages.flatMap((model) => Object.values(model.manifest.files));
  expect(files.reduce((sum, file) => sum + file.bytes, 0)).toBeLessThan(25e6);
  expect(embeddedDirectory('../models')).toBeUndefined();
});

test.each(names)('%s is what its checkpoint gives', async (name) => {
  const again = await importCheckpoint(name, scratch.path);
  const files = ['espalier.json', ...Object.keys(again.manifest.files)];
  expect(files).toHaveLength(5);
  for (const file of files) {
    const path = join(MODELS, name, file);
    expect(existsSync(path), path).toBe(true);
    expect(readFileSync(join(again.directory, file)).equals(readFileSync(path)), path).toBe(true);
  }
});

/** Every 12th problem of the embedded benchmark, so that all levels are there. */
function questions(): string[] {
  const lines = readFileSync(join(MODELS, 'data', 'mini-500.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines
    .filter((_, i) => i % 12 === 0)
    .map((line) => (JSON.parse(line) as { problem: string }).problem);
}

interface Opened {
  readonly tokenizer: Tokenizer;
  readonly exact: TokenTree; // fp32
  readonly int8: TokenTree;
}

async function withBoth<T>(model: ModelPackage, use: (opened: Opened) => Promise<T>): Promise<T> {
  const checkpoint = join(MODELS, 'checkpoints', model.manifest.name);
  const destination = scratch.at(`fp32-${model.manifest.name}-${Math.random()}`);
  const plain = await importModel(checkpoint, destination, { precision: 'fp32' });
  const tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const options = { kvMemory: 2 ** 26, threads: 2 };
  const [exact, int8] = [
    await openTree(plain, bytes, options),
    await openTree(model, bytes, options),
  ];
  try {
    return await use({ tokenizer, exact, int8 });
  } finally {
    await exact.dispose();
    await int8.dispose();
  }
}

describe.each(policies)('int8 against fp32: $manifest.name', (model) => {
  test('divergence and greedy agreement', async () => {
    await withBoth(model, async ({ tokenizer, exact, int8 }) => {
      const [reference, other]: [Float32Array[], Float32Array[]] = [[], []];
      let sameText = 0;
      const asked = questions();
      for (const content of asked) {
        const prompt = tokenizer.chatPrompt([{ role: 'user', content }]);
        const written = await writeGreedily(exact, prompt, MAX_TOKENS);
        const again = await writeGreedily(int8, prompt, MAX_TOKENS);
        if (written.join() === again.join()) sameText++;
        reference.push(...(await headsAlong(exact, prompt, written)));
        other.push(...(await headsAlong(int8, prompt, written)));
      }
      const loss = compareLogits(reference, other);
      console.log(
        `${model.manifest.name}: KL ${loss.divergence.toExponential(2)} nats, same first token ` +
          `${(100 * loss.agreement).toFixed(2)}% of ${loss.rows}, same greedy solution ` +
          `${sameText} of ${asked.length}`,
      );
      expect(loss.rows).toBeGreaterThan(1000);
      expect(loss.divergence).toBeLessThan(0.02);
      expect(loss.agreement).toBeGreaterThan(0.97);
    });
  });
});

describe.each(rewards)('int8 against fp32: $manifest.name', (model) => {
  test('margins at step ends', async () => {
    const writer = policies[0] as ModelPackage;
    await withBoth(writer, async ({ tokenizer, exact: policy }) => {
      await withBoth(model, async ({ exact, int8 }) => {
        const [reference, other]: [number[], number[]] = [[], []];
        const [delimiter] = tokenizer.encode(model.manifest.stepDelimiter);
        for (const content of questions()) {
          const prompt = tokenizer.chatPrompt([{ role: 'user', content }]);
          const written = await writeGreedily(policy, prompt, MAX_TOKENS);
          const margins = async (tree: TokenTree) =>
            (await headsAlong(tree, prompt, written))
              .slice(1) // after each written token but the last
              .filter((_, i) => written[i] === delimiter)
              .map((row) => row[0] as number);
          reference.push(...(await margins(exact)));
          other.push(...(await margins(int8)));
        }
        const errors = reference.map((margin, i) => Math.abs(margin - (other[i] as number)));
        const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
        const r = correlation(reference, other);
        console.log(
          `${model.manifest.name}: ${errors.length} steps, margins differ by ${mean.toFixed(3)} ` +
            `on average, correlation ${r.toFixed(4)}`,
        );
        expect(errors.length).toBeGreaterThan(50);
        expect(r).toBeGreaterThan(0.98);
      });
    });
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((x, y) => x + y, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return (
    product(a, meanA, b, meanB) /
    Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB))
  );
}
