// What search and scoring see of a loaded model: a tree of token runs whose KV is cached.
// Tokens in, tokens and head outputs out; never a tensor. The native engine implements it, and test/ has a fake.

/** A node of the token tree, owned by whoever received it until `release`. Not an index. */
export type NodeId = number & { readonly space: 'token-tree node' };

/** Result of `extend`. The caller owns `node`. */
export interface Extension {
  readonly node: NodeId;
  /** The head's fp32 outputs at `readAt`, row by row; [readAt.length, headWidth]. */
  readonly heads: Float32Array;
  /** Tokens that were really run for this call; the rest was found in the tree. */
  readonly computed: number;
}

/** One child to be grown by `sample`. */
export interface ChildRequest {
  /** Identifies the child among all paths of a search; keys its random numbers. 64 bits. */
  readonly pathKey: bigint;
  /** Upper limit for sampled tokens, >= 1. */
  readonly maxTokens: number;
}

/** How the children of one `sample` call are drawn and where they end. */
export interface SampleOptions {
  /** Keys the random numbers together with each child's path key; 64 bits, from seed and prompt. */
  readonly streamKey: bigint;
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0: no limit. */
  readonly topK: number;
  /** 1: no limit. */
  readonly topP: number;
  /** 0: no limit. */
  readonly minP: number;
  /** Ends the child with the token that completes it, once there is non-blank text before it. */
  readonly delimiter?: string;
  /** Each ends the child with the token that completes it. */
  readonly stop?: readonly string[];
  /** Aborting rejects what is unfinished with EngineError `ABORTED` and frees its pages by the next step. */
  readonly signal?: AbortSignal;
}

/** Why a sampled run ended. */
export type FinishReason = 'eos' | 'delimiter' | 'stop' | 'length';

/** One grown child. The caller owns `node`. */
export interface SampledRun {
  readonly node: NodeId;
  /** All sampled tokens in order, the end-of-sequence token included when `finish` is 'eos'. */
  readonly tokens: Int32Array;
  /** Log-probability of each token at temperature 1, before truncation, in nats. */
  readonly logProbs: Float32Array;
  readonly finish: FinishReason;
}

/** Counters of a tree. Pages hold 16 KV slots. */
export interface TreeStats {
  readonly pages: number;
  readonly pagesUsed: number;
  readonly nodes: number;
  /** Engine steps run for this model. */
  readonly steps: number;
  /** Rows run to fill known tokens / to decode sampled ones. */
  readonly prefilled: number;
  readonly decoded: number;
  /** Seconds inside ONNX Runtime (custom ops included), and inside the engine around it. */
  readonly runSeconds: number;
  readonly engineSeconds: number;
}

/** A model's KV tree. Calls only queue work; everything queued for a model shares its batches. */
export interface TokenTree {
  /** The empty node, never released. */
  readonly root: NodeId;
  /** Columns of the head: the vocabulary of a policy, 1 or 2 of a reward model. */
  readonly headWidth: number;
  /** Longest path in tokens. */
  readonly context: number;

  /**
   * Makes a node for `tokens` below `parent`, reusing the longest run that is already there by
   * token content. `readAt` holds ascending indices into `tokens` whose head outputs are returned;
   * a last token that is not read stays pending until the first `sample` or `extend` below runs it.
   * @throws EngineError POOL_TOO_SMALL (can never fit), ABORTED; OptionError on ids out of range
   */
  extend(
    parent: NodeId,
    tokens: ArrayLike<number>,
    options?: { readonly readAt?: readonly number[]; readonly signal?: AbortSignal },
  ): Promise<Extension>;

  /**
   * Grows `children.length` children below `parent` (which holds at least one token); one promise a
   * child, settled as each finishes, no barrier. The same keys give the same tokens in any company.
   */
  sample(
    parent: NodeId,
    children: readonly ChildRequest[],
    options: SampleOptions,
  ): readonly Promise<SampledRun>[];

  /** Gives a node back; its pages are freed once nothing below uses them. Idempotent use is an error. */
  release(node: NodeId): void;

  /** Counters after everything queued before this call was taken up. */
  stats(): Promise<TreeStats>;

  /** Rejects pending work within one step and frees the pool. */
  dispose(): Promise<void>;
}
