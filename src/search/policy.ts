// A policy: the model that writes steps, with its tokenizer, its prompt and its defaults.
// It owns its token tree until `dispose()`; searches borrow it.
import type { TokenTree } from '../engine/token-tree.js';
import { DisposedError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import type { PolicyPrompt } from './prompts/policy-prompt.js';

/** Sampling defaults of a model family. */
export interface PolicyDefaults {
  readonly temperature: number;
  readonly topP: number;
  readonly maxPathTokens: number;
}

/** What a policy is made of. */
export interface PolicyParts {
  readonly name: string;
  readonly tree: TokenTree;
  readonly cost: ModelCost;
  readonly prompt: PolicyPrompt;
  /** Whether it is one of the embedded models, under whatever name. */
  readonly isEmbedded: boolean;
  /** Text of sampled tokens; special tokens (end of sequence) are left out. */
  readonly decode: (tokens: ArrayLike<number>) => string;
  /** Ends a step. */
  readonly delimiter: string;
  readonly defaults: PolicyDefaults;
}

/**
 * A loaded policy. Made by `loadPolicy`; any number of searches may use it at once.
 * @example await using policy = await loadPolicy('./llama-3.2-1b');
 */
export class Policy implements AsyncDisposable {
  readonly name: string;
  /** How it is asked. */
  readonly prompt: PolicyPrompt;
  /** Whether it is one of the embedded models, under whatever name. */
  readonly isEmbedded: boolean;
  readonly delimiter: string;
  readonly defaults: PolicyDefaults;
  readonly cost: ModelCost;
  readonly #parts: PolicyParts;
  #isDisposed = false;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.prompt = parts.prompt;
    this.isEmbedded = parts.isEmbedded;
    this.delimiter = parts.delimiter;
    this.defaults = parts.defaults;
    this.cost = parts.cost;
  }

  /** Longest prompt and path together, in tokens. */
  get context(): number {
    return this.#parts.tree.context;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** The token tree that searches grow. @throws DisposedError */
  get tree(): TokenTree {
    this.#check();
    return this.#parts.tree;
  }

  /** Token ids of the prompt for a question. @throws DisposedError */
  encodePrompt(question: string): readonly number[] {
    this.#check();
    return this.prompt.encode(question);
  }

  /** Text of sampled tokens, special tokens left out. */
  decode(tokens: ArrayLike<number>): string {
    return this.#parts.decode(tokens);
  }

  /** Rejects searches that use it with DisposedError and frees its memory. Calling it again is harmless. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#parts.tree.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #check(): void {
    if (this.#isDisposed) throw new DisposedError('policy');
  }
}
