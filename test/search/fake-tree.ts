// A deterministic token tree for tests: tokens are character codes, the texts come from a function of
// the path, the heads from a function of the text. It checks its user: double release, use after
// release, leaks. It can finish work in a random order, fail on demand, and honours abort and dispose.
import type {
  ChildRequest,
  Extension,
  FinishReason,
  NodeId,
  SampledRun,
  SampleOptions,
  TokenTree,
  TreeStats,
} from '../../src/engine/token-tree.js';
import { DisposedError, EngineError } from '../../src/errors.js';

/** Ends a scripted text; the fake's end-of-sequence token. */
export const EOS = '\u0003';

export interface FakeOptions {
  /** What a child goes on to say; cut by the fake at its delimiter, EOS or limit. */
  readonly say?: (pathKey: bigint, above: string, options: SampleOptions) => string;
  /** Head output at the end of a text. */
  readonly head?: (text: string) => number;
  readonly context?: number;
  /** Seed of a random order of completion; without it work completes in the order it was queued. */
  readonly shuffle?: number;
  /** Fails the work of this index, counting from 0. */
  readonly failAt?: number;
  readonly failure?: Error;
}

interface Work {
  readonly signal: AbortSignal | undefined;
  readonly finish: () => void;
  readonly reject: (error: Error) => void;
}

export class FakeTree implements TokenTree {
  readonly root = 0 as NodeId;
  readonly headWidth = 1;
  readonly context: number;
  /** Calls, for tests that count. */
  readonly extended: { readonly text: string; readonly readAt: readonly number[] }[] = [];
  sampledTokens = 0;
  computedTokens = 0;
  mostInFlight = 0;
  readonly #options: FakeOptions;
  readonly #nodes = new Map<NodeId, string>();
  readonly #queue: Work[] = [];
  readonly #free: NodeId[] = [];
  #next = 1;
  #works = 0;
  #random: number;
  #isPumping = false;
  #isDisposed = false;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.context = options.context ?? 100_000;
    this.#random = options.shuffle ?? 0;
  }

  /** Nodes that were handed out and not given back. */
  get held(): number {
    return this.#nodes.size;
  }

  extend(
    parent: NodeId,
    tokens: ArrayLike<number>,
    options: { readonly readAt?: readonly number[]; readonly signal?: AbortSignal } = {},
  ): Promise<Extension> {
    const text = this.#textOf(parent) + String.fromCharCode(...Array.from(tokens));
    const readAt = options.readAt ?? [];
    if (readAt.some((at, i) => at <= (readAt[i - 1] ?? -1) || at >= tokens.length)) {
      throw new Error('readAt must ascend within the tokens');
    }
    this.extended.push({ text, readAt });
    const start = text.length - tokens.length;
    return this.#enqueue(options.signal, () => {
      const computed = tokens.length - Math.max(0, this.#longestHeld(text, readAt, start) - start);
      this.computedTokens += computed;
      const heads = Float32Array.from(readAt, (at) => {
        return (this.#options.head ?? hashMargin)(text.slice(0, start + at + 1));
      });
      return { node: this.#make(text), heads, computed };
    });
  }

  sample(
    parent: NodeId,
    children: readonly ChildRequest[],
    options: SampleOptions,
  ): readonly Promise<SampledRun>[] {
    const above = this.#textOf(parent);
    if (above === '') throw new Error('sample below the empty root');
    return children.map(({ pathKey, maxTokens }) => {
      if (!(maxTokens >= 1)) throw new Error(`maxTokens ${maxTokens}`);
      const said = this.#options.say?.(pathKey, above, options) ?? EOS;
      const [text, finish] = cut(said, maxTokens, options.delimiter);
      return this.#enqueue(options.signal, () => {
        this.sampledTokens += text.length;
        return {
          node: this.#make(above + text),
          tokens: Int32Array.from(text, (character) => character.charCodeAt(0)),
          logProbs: new Float32Array(text.length).fill(-0.5),
          finish,
        };
      });
    });
  }

  release(node: NodeId): void {
    if (this.#isDisposed) throw new DisposedError('fake tree');
    if (!this.#nodes.delete(node)) throw new Error(`release of node ${node}, which is not held`);
    this.#free.push(node);
  }

  async stats(): Promise<TreeStats> {
    const nodes = this.#nodes.size;
    return {
      pages: 1,
      pagesUsed: nodes,
      nodes,
      steps: 0,
      prefilled: 0,
      decoded: 0,
      runSeconds: 0,
      engineSeconds: 0,
    };
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const work of this.#queue.splice(0)) work.reject(new DisposedError('fake tree'));
  }

  #textOf(node: NodeId): string {
    if (this.#isDisposed) throw new DisposedError('fake tree');
    if (node === this.root) return '';
    const text = this.#nodes.get(node);
    if (text === undefined) throw new Error(`use of node ${node}, which is not held`);
    return text;
  }

  #make(text: string): NodeId {
    // Ids come back into use at once: a stale one then hits a stranger's node.
    const node = this.#free.pop() ?? (this.#next++ as NodeId);
    this.#nodes.set(node, text);
    return node;
  }

  /** Tokens of a text found below held nodes; rows to be read have to run. */
  #longestHeld(text: string, readAt: readonly number[], start: number): number {
    let longest = 0;
    for (const held of this.#nodes.values()) {
      let length = 0;
      while (length < text.length && held[length] === text[length]) length++;
      longest = Math.max(longest, length);
    }
    const firstRead = readAt[0];
    return firstRead === undefined ? longest : Math.min(longest, start + firstRead);
  }

  #enqueue<T>(signal: AbortSignal | undefined, make: () => T): Promise<T> {
    const index = this.#works++;
    return new Promise<T>((resolve, reject) => {
      const fails = index === this.#options.failAt;
      const failure = this.#options.failure ?? new EngineError('Expected pages', 'POOL_EXHAUSTED');
      const finish = () => (fails ? reject(failure) : resolve(make()));
      this.#queue.push({ signal, finish, reject });
      this.mostInFlight = Math.max(this.mostInFlight, this.#queue.length);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      const [work] = this.#queue.splice(this.#pick(this.#queue.length), 1);
      if (work === undefined) return;
      if (work.signal?.aborted) work.reject(new EngineError('Expected no abort', 'ABORTED'));
      else work.finish();
      this.#pump();
    });
  }

  #pick(length: number): number {
    if (this.#options.shuffle === undefined) return 0;
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * length);
  }
}

/** Where the engine would end a run: at EOS, at the first delimiter after text, or at the limit. */
function cut(
  said: string,
  maxTokens: number,
  delimiter: string | undefined,
): readonly [string, FinishReason] {
  for (let length = 1; length <= said.length; length++) {
    const text = said.slice(0, length);
    if (text.endsWith(EOS)) return [text, 'eos'];
    if (delimiter !== undefined && text.endsWith(delimiter) && text.trim() !== '') {
      return [text, 'delimiter'];
    }
    if (length === maxTokens) return [text, 'length'];
  }
  throw new Error(`the fake has nothing more to say after ${JSON.stringify(said)}`);
}

/** FNV-1a of a text. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

/** A margin in [-4, 4) that depends on the whole text. */
export function hashMargin(text: string): number {
  return Math.fround((hashText(text) / 2 ** 32) * 8 - 4);
}
