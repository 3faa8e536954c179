// How often node-llama-cpp, on the same file, gives the token that espalier's fp32 took: ten prompts,
// 64 greedy tokens each, fed one after another.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTree } from '../src/engine/engine.js';
import type { TokenTree } from '../src/engine/token-tree.js';
import { openPackage } from '../src/model/package.js';
import { openTokenizer } from '../src/text/tokenizer.js';
import { agreementTrial, nodeLlamaCpp } from './peers.js';
import type { Benchmark } from './report.js';
import { runProgram } from './run-trial.js';
import { hasSmollm2, smollm2Chats, smollm2File, smollm2Package } from './smollm2.js';

const tokens = 64;

export const agreement: Benchmark = {
  name: 'agreement',
  about: "node-llama-cpp's next token against espalier's in fp32, SmolLM2-135M-Instruct",
  async run({ threads }) {
    if (!hasSmollm2) console.warn(`SKIPPED: agreement, for want of ${smollm2File}`);
    if (!hasSmollm2 || nodeLlamaCpp() === null) return [];
    const chats = await answerAll(threads);
    const scratch = mkdtempSync(join(tmpdir(), 'espalier-agreement-'));
    try {
      const file = join(scratch, 'chats.json');
      writeFileSync(file, JSON.stringify(chats));
      const { tokens, same } = await runProgram<{ tokens: number; same: number }>(
        agreementTrial(file, threads),
      );
      return [{ title: 'Agreement', rows: [{ tokens, same, share: same / tokens }] }];
    } finally {
      rmSync(scratch, { recursive: true });
    }
  },
};

/** Each chat's ids and the greedy tokens of espalier's fp32 after them. */
async function answerAll(threads: number) {
  const model = await openPackage(await smollm2Package('fp32'));
  const tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const tree = await openTree(model, bytes, { threads });
  const chats = await Promise.all(
    smollm2Chats.map(async (ids) => ({ ids, greedy: await answer(tree, ids) })),
  );
  await tree.dispose();
  return chats;
}

/** So many greedy tokens; those after an end of sequence too. */
async function answer(tree: TokenTree, ids: readonly number[]): Promise<number[]> {
  const greedy = { streamKey: 0n, temperature: 0, topK: 0, topP: 1, minP: 0 };
  let { node } = await tree.extend(tree.root, ids);
  const answer: number[] = [];
  while (answer.length < tokens) {
    const child = { pathKey: 0n, maxTokens: tokens - answer.length };
    const [run] = await Promise.all(tree.sample(node, [child], greedy));
    if (run === undefined) break;
    answer.push(...run.tokens);
    node = run.node;
  }
  return answer;
}
