// What the engine computes from imported packages: against Hugging Face's logits, rotated against
// plain, int8 against fp32.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import type { NodeId, TokenTree } from '../../src/engine/token-tree.js';
import { importModel } from '../../src/model/import.js';
import type { ImportOptions } from '../../src/model/import-options.js';
import { openTokenizer } from '../../src/text/tokenizer.js';
import { type GoldenPrompt, goldenPrompts, largestError, Scratch } from './golden-llama.js';

const scratch = new Scratch();
const trees: TokenTree[] = [];
let prompts: GoldenPrompt[];

beforeAll(async () => {
  prompts = await goldenPrompts();
});
afterAll(async () => {
  for (const tree of trees) await tree.dispose();
  scratch.remove();
});

async function open(name: string, checkpoint: string, options: ImportOptions): Promise<TokenTree> {
  const model = await importModel(checkpoint, scratch.at(name), options);
  const tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const tree = await openTree(model, bytes, { kvMemory: 2 ** 24, threads: 2 });
  trees.push(tree);
  return tree;
}

/** Head outputs at every token, [T, headWidth]. */
async function heads(tree: TokenTree, ids: readonly number[]): Promise<Float32Array> {
  const extension = await tree.extend(tree.root, ids, { readAt: ids.map((_, i) => i) });
  tree.release(extension.node);
  return extension.heads;
}

describe('a tiny Llama', () => {
  test('fp32 logits equal those of Hugging Face within 1e-4', async () => {
    const tree = await open('plain', scratch.checkpoint('plain-source'), { precision: 'fp32' });
    for (const { ids, logits } of prompts) {
      expect(largestError(await heads(tree, ids), logits)).toBeLessThan(1e-4);
    }
  });

  test('fp32 logits do not depend on how the prompt is cut into nodes', async () => {
    const tree = await open('cut', scratch.checkpoint('cut-source'), { precision: 'fp32' });
    const { ids, logits } = prompts.at(-1) as GoldenPrompt;
    let parent: NodeId = tree.root;
    const found: number[] = [];
    for (let start = 0; start < ids.length; start += 11) {
      const tokens = ids.slice(start, start + 11);
      const next = await tree.extend(parent, tokens, { readAt: tokens.map((_, i) => i) });
      found.push(...next.heads);
      if (parent !== tree.root) tree.release(parent);
      parent = next.node;
    }
    tree.release(parent);
    expect(largestError(found, logits)).toBeLessThan(1e-4);
  });

  test('the rotated fp32 graph equals the plain one within 1e-4', async () => {
    const tree = await open('rotated', scratch.checkpoint('rotated-source'), {
      precision: 'fp32',
      rotate: true,
    });
    for (const { ids, logits } of prompts) {
      expect(largestError(await heads(tree, ids), logits)).toBeLessThan(1e-4);
    }
  });

  test.each([false, true])('a reward model reads its one column (rotated: %s)', async (rotate) => {
    const checkpoint = scratch.checkpoint(`reward-source-${rotate}`, {
      architectures: ['LlamaForStepReward'],
    });
    const options = { precision: 'fp32', role: 'reward', rotate } as const;
    const tree = await open(`reward-${rotate}`, checkpoint, options);
    expect(tree.headWidth).toBe(1);
    for (const { ids, scores } of prompts) {
      expect(largestError(await heads(tree, ids), scores)).toBeLessThan(1e-4);
    }
  });

  test('int8 stays near fp32 on random weights', async () => {
    const tree = await open('int8', scratch.checkpoint('int8-source'), { precision: 'int8' });
    for (const { ids, logits } of prompts) {
      const found = await heads(tree, ids);
      // Logits of these weights have a standard deviation of about 1; 7-bit activations leave a few
      // percent of it. A wrong scale, order or fold is an error of order 1.
      expect(rootMeanSquareError(found, logits)).toBeLessThan(0.1);
    }
  });
});

function rootMeanSquareError(found: Float32Array, expected: Float32Array): number {
  const sum = found.reduce((total, value, i) => total + (value - (expected[i] as number)) ** 2, 0);
  return Math.sqrt(sum / expected.length);
}
