// What a fork costs: pages copied and the engine's own time, by prefix length.
import { openTree } from '../src/engine/engine.js';
import type { NodeId, TokenTree } from '../src/engine/token-tree.js';
import { openPackage } from '../src/model/package.js';
import { openTokenizer } from '../src/text/tokenizer.js';
import { promptOf, randomPackage, smol135m } from './random-checkpoint.js';
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
      const prompt = promptOf(prefix);
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

/** Seconds of the engine alone: the forward pass runs the same one row for one child and for 64. */
async function timeForks(tree: TokenTree, node: NodeId, rounds: number) {
  const one: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await engineSeconds(tree, node, 1));
    many.push(await engineSeconds(tree, node, 64));
  }
  return {
    'us for 1 child': 1e6 * median(one),
    'us for 64 children': 1e6 * median(many),
    'us a further child': (1e6 * (median(many) - median(one))) / 63,
  };
}

async function engineSeconds(tree: TokenTree, node: NodeId, count: number): Promise<number> {
  const children = Array.from({ length: count }, (_, i) => ({
    pathKey: BigInt(i),
    maxTokens: 1,
  }));
  const before = (await tree.stats()).engineSeconds;
  const runs = await Promise.all(tree.sample(node, children, sampling));
  for (const run of runs) tree.release(run.node);
  return (await tree.stats()).engineSeconds - before;
}
