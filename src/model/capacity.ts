// What fits in a given memory: the arithmetic of KV pages, which the engine's pool is cut into, and of
// branches over a shared prefix.
import type { Manifest, ModelDimensions } from './manifest.js';

/** KV slots, one a token, of a page: the unit that the pool is given out in. */
export const PAGE_SLOTS = 16;

/** Slots are int32 in the graph. */
const MAX_PAGES = 2 ** 31 / PAGE_SLOTS - 1;

type KvDimensions = Pick<ModelDimensions, 'layers' | 'kvHeads' | 'headDim'>;

/** Bytes of keys and values, fp32, of one token in all layers. */
export function kvBytesPerToken({ layers, kvHeads, headDim }: KvDimensions): number {
  return 2 * 4 * layers * kvHeads * headDim;
}

/** Pages of a pool of so many bytes. */
export function pagesIn(kvMemory: number, dimensions: KvDimensions): number {
  const pageBytes = kvBytesPerToken(dimensions) * PAGE_SLOTS;
  return Math.min(Math.floor(kvMemory / pageBytes), MAX_PAGES);
}

/** So many branches below one prefix, all live at once. */
export interface BranchCapacity {
  readonly branches: number;
  /** Tokens that each may hold beside the prefix, whole pages of them; at most what the context leaves. */
  readonly ownTokens: number;
}

/** What fits in a memory once the weights are in it. */
export interface Capacity {
  /** Bytes, of weights and KV together. */
  readonly memory: number;
  /** Bytes of the graph and its weights, all of them resident. */
  readonly weights: number;
  /** Bytes left: what to give as `kvMemory`. 0 where the weights alone do not fit. */
  readonly kvMemory: number;
  readonly pages: number;
  /** KV tokens in all. */
  readonly tokens: number;
  /** Tokens of the shared prefix. */
  readonly prefix: number;
  readonly budgets: readonly BranchCapacity[];
}

/** Typical budgets. */
const BUDGETS = [4, 16, 64, 256];
/** A prompt with a system message and a question; a quarter of the context where that is small. */
const USUAL_PREFIX = 512;

/**
 * @param memory bytes for weights and KV. The process itself and what a step works in come on top:
 *   some 200 MB.
 */
export function capacityOf(
  model: Pick<Manifest, 'dimensions' | 'files' | 'precision' | 'matrixParameters'>,
  memory: number,
): Capacity {
  const { dimensions } = model;
  const weights = weightBytes(model);
  const kvMemory = Math.max(0, memory - weights);
  const pages = pagesIn(kvMemory, dimensions);
  const { context } = dimensions;
  const prefix = Math.min(USUAL_PREFIX, Math.floor(context / 4));
  const free = Math.max(0, pages - Math.ceil(prefix / PAGE_SLOTS));
  const budgets = BUDGETS.map((branches) => ({
    branches,
    ownTokens: Math.min(PAGE_SLOTS * Math.floor(free / branches), context - prefix),
  }));
  return { memory, weights, kvMemory, pages, tokens: pages * PAGE_SLOTS, prefix, budgets };
}

/** A CPU holds fp16 matrices in fp32: two bytes a weight more than the file. */
function weightBytes({
  files,
  precision,
  matrixParameters: { body, head },
}: Pick<Manifest, 'files' | 'precision' | 'matrixParameters'>): number {
  const stored = ['model.onnx', 'model.onnx.data'].map((name) => files[name]?.bytes ?? 0);
  const widened = precision === 'fp16' ? 2 * (body + head) : 0;
  return stored.reduce((sum, bytes) => sum + bytes, widened);
}
