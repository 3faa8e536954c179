// How well a policy predicts a text, window by window: what a precision, or an import, costs.
import type { NodeId, TokenTree } from '../engine/token-tree.js';
import { invalidOption } from '../errors.js';

export interface PerplexityOptions {
  /** Tokens of a window, `begin` included; the last one may be shorter. */
  readonly window: number;
  /** Tokens that every window begins with (BOS); they are not predicted. @default none */
  readonly begin?: readonly number[];
  readonly signal?: AbortSignal;
  /** Called after each window. */
  readonly onWindow?: (done: number, total: number) => void;
}

export interface WindowLoss {
  /** Predicted tokens. */
  readonly tokens: number;
  /** Their negative log-likelihood, summed, in nats. */
  readonly loss: number;
}

export interface Perplexity {
  /** exp(loss / tokens) over all windows. */
  readonly perplexity: number;
  readonly tokens: number;
  readonly windows: readonly WindowLoss[];
}

/** Head outputs that are held at a time, at most. */
const MAX_HEAD_NUMBERS = 8 * 2 ** 20;

/**
 * Predicts every token of a text but the first of each window (without `begin`), from those before it
 * in its window.
 * @param tree a policy's; nothing stays in it
 * @throws OptionError on a window that the model's context cannot hold, or a text too short;
 *   EngineError ABORTED
 */
export async function measurePerplexity(
  tree: TokenTree,
  ids: readonly number[],
  options: PerplexityOptions,
): Promise<Perplexity> {
  const { window, begin = [], signal, onWindow } = options;
  const least = begin.length + 2;
  if (!Number.isSafeInteger(window) || window < least || window > tree.context) {
    const expected = `an integer from ${least} to the model's context, ${tree.context}`;
    throw invalidOption('window', expected, window);
  }
  const step = window - begin.length;
  const needed = begin.length > 0 ? 1 : 2;
  if (ids.length < needed) {
    throw invalidOption('text', `at least ${needed} tokens long`, ids.length);
  }
  const total = Math.ceil(ids.length / step);
  const windows: WindowLoss[] = [];
  for (let start = 0; start < ids.length; start += step) {
    const tokens = [...begin, ...ids.slice(start, start + step)];
    const first = Math.max(1, begin.length); // the first predicted token
    if (tokens.length <= first) break;
    const loss = await windowLoss(tree, tokens, first, signal);
    windows.push({ tokens: tokens.length - first, loss });
    onWindow?.(windows.length, total);
  }
  const tokens = windows.reduce((sum, each) => sum + each.tokens, 0);
  const loss = windows.reduce((sum, each) => sum + each.loss, 0);
  return { perplexity: Math.exp(loss / tokens), tokens, windows };
}

/** The loss of tokens [first, end), in nats. */
async function windowLoss(
  tree: TokenTree,
  tokens: readonly number[],
  first: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const chunk = Math.max(1, Math.floor(MAX_HEAD_NUMBERS / tree.headWidth));
  let parent: NodeId = tree.root;
  let loss = 0;
  try {
    for (let start = 0; start < tokens.length; start += chunk) {
      const part = tokens.slice(start, start + chunk);
      // The head at a token predicts the next one; the window's last token predicts nothing.
      const readAt = part.map((_, i) => i).filter((i) => isPredictor(start + i));
      const { node, heads } = await tree.extend(parent, part, {
        readAt,
        ...(signal === undefined ? {} : { signal }),
      });
      if (parent !== tree.root) tree.release(parent);
      parent = node;
      for (const [row, i] of readAt.entries()) {
        const logits = heads.subarray(row * tree.headWidth, (row + 1) * tree.headWidth);
        loss += lossOf(logits, tokens[start + i + 1] as number);
      }
    }
  } finally {
    if (parent !== tree.root) tree.release(parent);
  }
  return loss;

  function isPredictor(position: number): boolean {
    return position + 1 >= first && position + 1 < tokens.length;
  }
}

/** -log softmax(logits)[id], in double precision. */
function lossOf(logits: Float32Array, id: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return Math.log(sum) + largest - (logits[id] as number);
}
