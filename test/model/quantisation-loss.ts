// What a precision costs: a model's distributions at the tokens that it writes itself, compared with
// those of its fp32 form.
import type { NodeId, TokenTree } from '../../src/engine/token-tree.js';

/** Means over the compared rows. */
export interface QuantisationLoss {
  /** KL(fp32 || other) in nats. */
  readonly divergence: number;
  /** Share of rows where both prefer the same token. */
  readonly agreement: number;
  readonly rows: number;
}

/** The greedy continuation of a prompt. */
export async function writeGreedily(
  tree: TokenTree,
  prompt: readonly number[],
  maxTokens: number,
): Promise<Int32Array> {
  const { node } = await tree.extend(tree.root, prompt);
  const [run] = tree.sample(node, [{ pathKey: 1n, maxTokens }], {
    streamKey: 1n,
    temperature: 0,
    topK: 0,
    topP: 1,
    minP: 0,
  });
  const sampled = await (run as Promise<{ node: NodeId; tokens: Int32Array }>);
  tree.release(sampled.node);
  tree.release(node);
  return sampled.tokens;
}

/** Head outputs after the prompt's last token and after each token of `written`; a row each. */
export async function headsAlong(
  tree: TokenTree,
  prompt: readonly number[],
  written: Int32Array,
): Promise<Float32Array[]> {
  const ids = [...prompt, ...written];
  const readAt = ids.map((_, i) => i).slice(prompt.length - 1, -1);
  const { node, heads } = await tree.extend(tree.root, ids, { readAt });
  tree.release(node);
  return readAt.map((_, i) => heads.subarray(i * tree.headWidth, (i + 1) * tree.headWidth));
}

/** Compares rows of logits. */
export function compareLogits(
  reference: readonly Float32Array[],
  other: readonly Float32Array[],
): QuantisationLoss {
  let divergence = 0;
  let agreeing = 0;
  reference.forEach((row, i) => {
    const [p, q] = [logProbabilities(row), logProbabilities(other[i] as Float32Array)];
    p.forEach((logP, token) => {
      divergence += Math.exp(logP) * (logP - (q[token] as number));
    });
    if (indexOfLargest(p) === indexOfLargest(q)) agreeing++;
  });
  const rows = reference.length;
  return { divergence: divergence / rows, agreement: agreeing / rows, rows };
}

function logProbabilities(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b));
  const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return values.map((value) => value - largest - Math.log(total));
}

function indexOfLargest(values: Float64Array): number {
  return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
}
