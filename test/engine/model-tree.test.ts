// The native engine through its TypeScript face, on an embedded model: the same tokens in any
// company, every page given back, improper use detected.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeId, TokenTree } from '../../src/engine/token-tree.js';
import { DisposedError, OptionError } from '../../src/errors.js';
import { children, openEmbedded, sampleAll, sampling } from './open-embedded.js';

let tree: TokenTree;
let prompt: number[];
let root: NodeId;

beforeAll(async () => {
  ({ tree, prompt } = await openEmbedded('policy-0.4m', { threads: 2 }));
  root = (await tree.extend(tree.root, prompt)).node;
});

afterAll(() => tree.dispose());

describe('same keys, same tokens', () => {
  test('alone, in a crowd and on another number of threads', async () => {
    const alone = [];
    for (const child of children(12)) alone.push(...(await sampleAll(tree, root, [child])));
    expect(await sampleAll(tree, root, children(12))).toEqual(alone);

    const crowd = sampleAll(tree, root, children(100, 96, 1000));
    expect(await sampleAll(tree, root, children(12))).toEqual(alone);
    await crowd;

    for (const threads of [1, 3]) {
      const other = await openEmbedded('policy-0.4m', { threads });
      const { node } = await other.tree.extend(other.tree.root, prompt);
      expect(await sampleAll(other.tree, node, children(12))).toEqual(alone);
      await other.tree.dispose();
    }
    expect(new Set(alone.map((run) => run.tokens.join())).size).toBeGreaterThan(2);
  });

  test('whether a path grew in one run or step by step', async () => {
    const greedy = { ...sampling, temperature: 0 };
    const [whole] = await sampleAll(tree, root, children(1), greedy);
    const tokens: number[] = [];
    const owned: NodeId[] = [];
    let parent = root;
    for (let finish = ''; finish !== 'eos'; ) {
      const options = { ...greedy, delimiter: '\n\n' };
      const [run] = await Promise.all(tree.sample(parent, children(1), options));
      if (run === undefined) throw new Error('no run');
      owned.push(run.node);
      tokens.push(...run.tokens);
      parent = run.node;
      finish = run.finish;
    }
    expect(tokens).toEqual(whole?.tokens);
    for (const node of owned) tree.release(node);
  });

  test('in a pool so small that branches give way to each other', async () => {
    const wide = await sampleAll(tree, root, children(8, 96, 50));
    const kvMemory = 14 * 16 * 2 * 4 * 4 * 3 * 32; // 14 pages of 4 layers, 3 heads of 32
    const small = await openEmbedded('policy-0.4m', { kvMemory });
    const { node } = await small.tree.extend(small.tree.root, prompt);
    expect((await small.tree.stats()).pages).toBe(14);
    expect(await sampleAll(small.tree, node, children(8, 96, 50))).toEqual(wide);
    await small.tree.dispose();
  });

  test('head outputs of a prompt, at once and token by token', async () => {
    const readAt = prompt.map((_, i) => i);
    const whole = await tree.extend(tree.root, prompt, { readAt });
    expect(whole.heads.length).toBe(prompt.length * tree.headWidth);
    const owned = [whole.node];
    let parent = tree.root;
    for (const [i, token] of prompt.entries()) {
      const step = await tree.extend(parent, [token], { readAt: [0] });
      const row = whole.heads.subarray(i * tree.headWidth, (i + 1) * tree.headWidth);
      expect(step.heads).toEqual(row);
      owned.push(step.node);
      parent = step.node;
    }
    for (const node of owned) tree.release(node);
  });
});

test('known tokens are found, not run again', async () => {
  const again = await tree.extend(tree.root, prompt, { readAt: [prompt.length - 1] });
  expect(again.computed).toBeLessThanOrEqual(2);
  tree.release(again.node);
});

test('aborting at 500 random moments gives every page back', async () => {
  const before = await tree.stats();
  let aborted = 0;
  for (let i = 0; i < 500; i++) {
    const controller = new AbortController();
    const options = { ...sampling, signal: controller.signal };
    const runs = tree.sample(root, children(1 + (i % 8), 64, i * 100), options);
    const extension = tree.extend(root, prompt, { signal: controller.signal });
    const results = Promise.allSettled<{ node: NodeId }>([...runs, extension]);
    for (let turns = (i * 7919) % 60; turns > 0; turns--) await new Promise(setImmediate);
    controller.abort();
    for (const result of await results) {
      if (result.status === 'fulfilled') tree.release(result.value.node);
      else expect(result.reason).toMatchObject({ name: 'EngineError', code: 'ABORTED' });
      aborted += result.status === 'rejected' ? 1 : 0;
    }
  }
  expect(aborted).toBeGreaterThan(100);
  const after = await tree.stats();
  expect(after.pagesUsed).toBe(before.pagesUsed);
  expect(after.nodes).toBe(before.nodes);
});

test('the event loop turns while the engine works', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await sampleAll(tree, root, children(200, 96, 7000));
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
});

describe('improper use', () => {
  test.each<[string, () => unknown]>([
    ['an id out of range', () => tree.extend(tree.root, [tree.headWidth + 1000])],
    ['a negative id', () => tree.extend(tree.root, [-1])],
    ['a fractional id', () => tree.extend(tree.root, [0.5])],
    ['no tokens', () => tree.extend(tree.root, [])],
    ['readAt past the end', () => tree.extend(tree.root, [1, 2], { readAt: [2] })],
    ['readAt that falls', () => tree.extend(tree.root, [1, 2], { readAt: [1, 0] })],
    ['more tokens than the context', () => tree.extend(tree.root, Array(100_000).fill(1))],
    ['a parent nobody owns', () => tree.extend(123456 as NodeId, [1])],
    ['sampling below the root', () => tree.sample(tree.root, children(1), sampling)],
    ['no children', () => tree.sample(root, [], sampling)],
    ['no tokens to sample', () => tree.sample(root, children(1, 0), sampling)],
    ['temperature', () => tree.sample(root, children(1), { ...sampling, temperature: -1 })],
    ['temperature NaN', () => tree.sample(root, children(1), { ...sampling, temperature: NaN })],
    ['topK', () => tree.sample(root, children(1), { ...sampling, topK: 1.5 })],
    ['topP', () => tree.sample(root, children(1), { ...sampling, topP: 0 })],
    ['minP', () => tree.sample(root, children(1), { ...sampling, minP: 1 })],
    ['releasing the root', () => tree.release(tree.root)],
  ])('%s', async (_, use) => {
    await expect(async () => use()).rejects.toThrow(/^Expected `.*` to be .*, got /);
    await expect(async () => use()).rejects.toBeInstanceOf(OptionError);
  });

  test('a node released twice', async () => {
    const { node } = await tree.extend(root, [1, 2, 3]);
    tree.release(node);
    expect(() => tree.release(node)).toThrow(OptionError);
    await expect(tree.extend(node, [1])).rejects.toThrow(OptionError);
  });

  test('engine options', async () => {
    await expect(openEmbedded('policy-0.4m', { threads: 0 })).rejects.toThrow(OptionError);
    await expect(openEmbedded('policy-0.4m', { kvMemory: 10 })).rejects.toThrow(/one page/);
    const unknown = { kvMemroy: 1 } as object;
    await expect(openEmbedded('policy-0.4m', unknown)).rejects.toThrow(/did you mean `kvMemory`/);
  });

  test('a prompt that can never fit', async () => {
    const small = await openEmbedded('policy-0.4m', { kvMemory: 16 * 2 * 4 * 4 * 3 * 32 });
    await expect(small.tree.extend(small.tree.root, prompt)).rejects.toMatchObject({
      code: 'POOL_TOO_SMALL',
    });
    await small.tree.dispose();
  });

  test('after dispose', async () => {
    const other = await openEmbedded('policy-0.4m');
    const { node } = await other.tree.extend(other.tree.root, prompt);
    const pending = Promise.allSettled(other.tree.sample(node, children(4), sampling));
    await other.tree.dispose();
    // A solution takes dozens of steps; the disposal waits for one at most.
    for (const result of await pending) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(DisposedError) });
    }
    await expect(other.tree.extend(node, [1])).rejects.toThrow(DisposedError);
    expect(() => other.tree.sample(node, children(1), sampling)).toThrow(DisposedError);
    await other.tree.dispose();
  });
});
