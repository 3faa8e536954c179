// A reward model: the model that scores steps, in its own token tree, with its own format.
// It owns its tree until `dispose()`; searches borrow it.
import type { TokenTree } from '../engine/token-tree.js';
import { DisposedError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import type { RewardFormat } from './reward-format.js';

/** What a reward model is made of. */
export interface RewardParts {
  readonly name: string;
  readonly tree: TokenTree;
  readonly cost: ModelCost;
  readonly format: RewardFormat;
  /** Whether it was made for the embedded models' texts, under whatever name. */
  readonly isEmbedded: boolean;
}

/**
 * A loaded process reward model. Made by `loadReward`; any number of searches may use it at once.
 * @example await using reward = await loadReward('./skywork-prm-1.5b');
 */
export class Reward implements AsyncDisposable {
  readonly name: string;
  readonly cost: ModelCost;
  readonly format: RewardFormat;
  /** Whether it was made for the embedded models' texts, under whatever name. */
  readonly isEmbedded: boolean;
  readonly #tree: TokenTree;
  #isDisposed = false;

  constructor(parts: RewardParts) {
    this.name = parts.name;
    this.cost = parts.cost;
    this.format = parts.format;
    this.isEmbedded = parts.isEmbedded;
    this.#tree = parts.tree;
  }

  /** Longest question and solution together, in tokens. */
  get context(): number {
    return this.#tree.context;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** The token tree that scoring grows. @throws DisposedError */
  get tree(): TokenTree {
    if (this.#isDisposed) throw new DisposedError('reward');
    return this.#tree;
  }

  /** Rejects searches that use it with DisposedError and frees its memory. Calling it again is harmless. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#tree.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
