// The engine's sampling against a plain one in TypeScript: the uniform number of every token from
// the twin generator, drawn from the head's outputs for the same path.
import { expect, test } from 'vitest';
import { childPathKey, rootPathKey, streamKeyOf, uniformAt } from '../../src/random.js';
import { loadPolicy } from '../../src/search/load.js';
import { search } from '../../src/search/search.js';
import { majority } from '../../src/search/strategy.js';

/** Draws by running sums over ascending ids. `logits` is [vocabulary]. */
function draw(logits: Float32Array, temperature: number, uniform: number): number {
  const maximum = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const weights = Array.from(logits, (logit) => Math.exp((logit - maximum) / temperature));
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}

function logProb(logits: Float32Array, token: number): number {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return (logits[token] ?? Number.NaN) - Math.log(total);
}

test('every token is the one that its key draws', async () => {
  await using policy = await loadPolicy('policy-0.4m', { threads: 2, kvMemory: 2 ** 26 });
  const { tree } = policy;
  const question = 'Tom has 45 buttons. Oli has 12 fewer buttons than Tom. How many has Oli?';
  const prompt = policy.encodePrompt(question);
  const seed = 2 ** 53 - 1;
  const strategy = majority({ budget: 16 });
  const { paths } = await search(question, { policy, strategy, seed, temperature: 1.3 });
  const streamKey = streamKeyOf(seed, prompt);
  let distinct = 0;
  for (const [index, { tokens, logProb: ofPath }] of paths.entries()) {
    const readAt = tokens.map((_, at) => prompt.length - 1 + at);
    const known = [...prompt, ...tokens.slice(0, -1)];
    const { node, heads } = await tree.extend(tree.root, known, { readAt });
    tree.release(node);
    const key = childPathKey(rootPathKey, 0, index);
    let sum = 0;
    for (const [at, token] of tokens.entries()) {
      const logits = heads.subarray(at * tree.headWidth, (at + 1) * tree.headWidth);
      expect(draw(logits, 1.3, uniformAt(streamKey, key, at)), `path ${index}, ${at}`).toBe(token);
      sum += logProb(logits, token);
    }
    expect(sum).toBeCloseTo(ofPath, 3);
    distinct += new Set(tokens).size;
  }
  expect(distinct).toBeGreaterThan(100);
});
