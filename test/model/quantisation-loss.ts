// What a precision costs: a model's distributions, at tokens that it writes itself or along a text,
// compared with those of its fp32 form.
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

/** Rows that are compared at a time: their logits are held twice. */
const CHUNK_ROWS = 64;

/** Compares two forms of a policy at every token of a text, window by window. */
export async function compareOnText(
  reference: TokenTree,
  other: TokenTree,
  ids: readonly number[],
  window: number,
): Promise<QuantisationLoss> {
  const losses: QuantisationLoss[] = [];
  for (let start = 0; start < ids.length; start += window) {
    let parents = [reference.root, other.root] as const;
    for (let i = start; i < Math.min(start + window, ids.length); i += CHUNK_ROWS) {
      const part = ids.slice(i, Math.min(i + CHUNK_ROWS, start + window));
      const readAt = part.map((_, row) => row);
      const [a, b] = [
        await reference.extend(parents[0], part, { readAt }),
        await other.extend(parents[1], part, { readAt }),
      ];
      if (i > start) {
        reference.release(parents[0]);
        other.release(parents[1]);
      }
      parents = [a.node, b.node];
      const rows = (heads: Float32Array) =>
        readAt.map((row) => heads.subarray(row * other.headWidth, (row + 1) * other.headWidth));
      losses.push(compareLogits(rows(a.heads), rows(b.heads)));
    }
    reference.release(parents[0]);
    other.release(parents[1]);
  }
  const mean = (of: (loss: QuantisationLoss) => number) =>
    losses.reduce((sum, loss) => sum + of(loss) * loss.rows, 0) / ids.length;
  return {
    divergence: mean((loss) => loss.divergence),
    agreement: mean((loss) => loss.agreement),
    rows: ids.length,
  };
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
  const largest = values[indexOfLargest(values)] as number;
  let total = 0;
  for (const value of values) total += Math.exp(value - largest);
  return values.map((value) => value - largest - Math.log(total));
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}
