// What `models show` says to fit, against the engine's own pool: as many branches of as many tokens are
// live at once in it, and one more page each is more than it has.
import { describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import type { TokenTree } from '../../src/engine/token-tree.js';
import {
  type Capacity,
  capacityOf,
  kvBytesPerToken,
  PAGE_SLOTS,
} from '../../src/model/capacity.js';
import { openPackage } from '../../src/model/package.js';
import { openTokenizer } from '../../src/text/tokenizer.js';

const model = await openPackage('policy-0.4m');
const { dimensions, files } = model.manifest;
const pageBytes = kvBytesPerToken(dimensions) * PAGE_SLOTS;
const weights = (files['model.onnx']?.bytes ?? 0) + (files['model.onnx.data']?.bytes ?? 0);

async function open(kvMemory: number): Promise<TokenTree> {
  const tokenizer = await openTokenizer(model.directory);
  return openTree(model, tokenizer.tokenBytes(dimensions.vocabulary), { kvMemory, threads: 1 });
}

/** Pages in use with so many branches of so many cached tokens live over a prefix. */
async function pagesUsed(
  tree: TokenTree,
  prefix: number,
  branches: number,
  tokens: number,
): Promise<number> {
  const shared = await tree.extend(
    tree.root,
    Array.from({ length: prefix }, (_, i) => 10 + (i % 9)),
  );
  const nodes = await Promise.all(
    Array.from({ length: branches }, async (_, branch) => {
      // No two begin alike: what is alike is shared.
      const own = Array.from({ length: tokens }, (_, i) => (i === 0 ? 20 + branch : 20 + (i % 9)));
      return tree.extend(shared.node, own, { readAt: [tokens - 1] });
    }),
  );
  const { pagesUsed: used } = await tree.stats();
  for (const { node } of [...nodes, shared]) tree.release(node);
  return used;
}

describe('capacityOf', () => {
  test('is the engine’s own pool', async () => {
    for (const spare of [0, pageBytes - 1]) {
      const capacity = capacityOf(model.manifest, weights + 1234 * pageBytes + spare);
      expect(capacity).toMatchObject({ weights, pages: 1234, tokens: 1234 * 16 });
      const tree = await open(capacity.kvMemory);
      expect((await tree.stats()).pages).toBe(1234);
      await tree.dispose();
    }
  });

  test('counts fp16 matrices as the CPU holds them, in fp32', () => {
    const { body, head } = model.manifest.matrixParameters;
    const capacity = capacityOf({ ...model.manifest, precision: 'fp16' }, 1e9);
    expect(capacity.weights).toBe(weights + 2 * (body + head));
  });

  test.each([4, 16, 64, 256])('%d branches fit as it says, and no more', async (branches) => {
    const capacity: Capacity = capacityOf(model.manifest, weights + 300 * pageBytes);
    const { prefix, pages, budgets } = capacity;
    const ownTokens = budgets.find((each) => each.branches === branches)?.ownTokens ?? Number.NaN;
    const tree = await open(2 * 300 * pageBytes);
    expect(await pagesUsed(tree, prefix, branches, ownTokens)).toBeLessThanOrEqual(pages);
    if (ownTokens < dimensions.context - prefix) {
      expect(await pagesUsed(tree, prefix, branches, ownTokens + 1)).toBeGreaterThan(pages);
    } else {
      expect(branches).toBe(4);
    }
    await tree.dispose();
  });

  test('is nothing where the weights do not fit', () => {
    expect(capacityOf(model.manifest, weights - 1)).toMatchObject({
      kvMemory: 0,
      pages: 0,
      tokens: 0,
      budgets: [4, 16, 64, 256].map((branches) => ({ branches, ownTokens: 0 })),
    });
  });
});
