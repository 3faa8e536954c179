// What a fork costs: pages and time by prefix length. Sampling one token below a prefix runs one row
// however many children there are, so what 64 children take beyond one child is the fork itself.
import { openTree } from '../src/engine/engine.js';
import type { NodeId, TokenTree } from '../src/engine/token-tree.js';
import { openPackage } from '../src/model/package.js';
import { openTokenizer } from '../src/text/tokenizer.js';
import { randomPackage, smol135m } from './random-checkpoint.js';
import type { Benchmark } from './report.js';
import { median } from './run-trial.js';

const sampling = { streamKey: 1n, temperature: 0.7, topK: 0, topP: 1, minP: 0 };

export const fork: Benchmark = {
  name: 'fork',
  about: '64 children of one node, by prefix length',
  async run({ threads, repeats, onProgress }) {
    const model = await openPackage(await randomPackage(smol135m, 'int8'));
    const tokenizer = await openTokenizer(model.directory);
    const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
    const tree = await openTree(model, bytes, { threads });
    const rows = [];
    const prefixes = [64, 512, 2048];
    for (const [index, prefix] of prefixes.entries()) {
      const prompt = Int32Array.from({ length: prefix }, (_, i) => 5 + ((i * 7919) % 250));
      const { node } = await tree.extend(tree.root, prompt, { readAt: [prefix - 1] });
      const before = (await tree.stats()).pagesUsed;
      const times = await timeForks(tree, node, 4 * repeats);
      const after = (await tree.stats()).pagesUsed;
      rows.push({ prefix, 'pages copied': after - before, ...times });
      tree.release(node);
      onProgress(index + 1, prefixes.length);
    }
    await tree.dispose();
    return [{ title: 'Fork', rows }];
  },
};

async function timeForks(tree: TokenTree, node: NodeId, rounds: number) {
  const one: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await timeSample(tree, node, 1));
    many.push(await timeSample(tree, node, 64));
  }
  return {
    'ms for 1 child': 1000 * median(one),
    'ms for 64 children': 1000 * median(many),
    'us a child': (1e6 * (median(many) - median(one))) / 63,
  };
}

async function timeSample(tree: TokenTree, node: NodeId, count: number): Promise<number> {
  const children = Array.from({ length: count }, (_, i) => ({
    pathKey: BigInt(i),
    maxTokens: 1,
  }));
  const begin = performance.now();
  const runs = await Promise.all(tree.sample(node, children, sampling));
  const seconds = (performance.now() - begin) / 1000;
  for (const run of runs) tree.release(run.node);
  return seconds;
}
