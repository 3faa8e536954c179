// A loaded model's token tree, by way of the addon: checks every argument, keeps track of who owns
// which node, connects abort signals.
import { DisposedError, EngineError, invalidOption } from '../errors.js';
import type {
  AddonSampling,
  ExtendAnswer,
  ModelIndex,
  RequestId,
  SampleAnswer,
  StatsAnswer,
} from './addon.js';
import type { PendingRequest, Requests } from './engine.js';
import type {
  ChildRequest,
  Extension,
  FinishReason,
  NodeId,
  SampledRun,
  SampleOptions,
  TokenTree,
  TreeStats,
} from './token-tree.js';

const finishReasons: readonly FinishReason[] = ['eos', 'delimiter', 'stop', 'length'];
const encoder = new TextEncoder();

/** What a tree knows of its model. */
export interface TreeModel {
  readonly name: string;
  readonly vocabulary: number;
  readonly headWidth: number;
  readonly context: number;
}

export class ModelTree implements TokenTree {
  readonly root = 0 as NodeId;
  readonly headWidth: number;
  readonly context: number;
  readonly #requests: Requests;
  readonly #index: ModelIndex;
  readonly #model: TreeModel;
  /** Tokens on the path to the end of each node that the caller owns. */
  readonly #lengths = new Map<NodeId, number>([[0 as NodeId, 0]]);
  readonly #watched = new WeakMap<AbortSignal, Set<RequestId>>();
  #disposal: Promise<void> | undefined;

  constructor(requests: Requests, index: ModelIndex, model: TreeModel) {
    this.#requests = requests;
    this.#index = index;
    this.#model = model;
    this.headWidth = model.headWidth;
    this.context = model.context;
  }

  async extend(
    parent: NodeId,
    tokens: ArrayLike<number>,
    options: { readonly readAt?: readonly number[]; readonly signal?: AbortSignal } = {},
  ): Promise<Extension> {
    const length = this.#lengthOf(parent) + tokens.length;
    const ids = this.#checkTokens(tokens, length);
    const readAt = checkReadAt(options.readAt ?? [], ids.length);
    throwIfAborted(options.signal);
    const request = this.#requests.expect<ExtendAnswer>(this.#model.name);
    this.#requests.addon.extend(request.id, this.#index, parent, ids, readAt);
    const [answer] = this.#watch([request], options.signal);
    const { node, heads, computed } = await (answer ?? request.done);
    this.#lengths.set(node, length);
    return { node, heads, computed };
  }

  sample(
    parent: NodeId,
    children: readonly ChildRequest[],
    options: SampleOptions,
  ): readonly Promise<SampledRun>[] {
    const length = this.#lengthOf(parent);
    if (length === 0) throw invalidOption('parent', 'a node with tokens above its end', 'the root');
    checkChildren(children);
    const sampling = checkSampling(options);
    throwIfAborted(options.signal);
    const requests = children.map(() => this.#requests.expect<SampleAnswer>(this.#model.name));
    this.#requests.addon.sample(
      Int32Array.from(requests, (request) => request.id),
      this.#index,
      parent,
      BigUint64Array.from(children, (child) => BigInt.asUintN(64, child.pathKey)),
      Int32Array.from(children, (child) => child.maxTokens),
      sampling,
    );
    return this.#watch(requests, options.signal).map(async (answer) => {
      const { node, tokens, logProbs, finish } = await answer;
      this.#lengths.set(node, length + tokens.length);
      return { node, tokens, logProbs, finish: finishReasons[finish] ?? 'length' };
    });
  }

  release(node: NodeId): void {
    if (this.#disposal !== undefined) return; // everything was given back with the pool
    if (node === this.root || !this.#lengths.delete(node)) {
      throw invalidOption('node', 'a node that is owned and not released', node);
    }
    this.#requests.addon.release(this.#index, node);
  }

  async stats(): Promise<TreeStats> {
    this.#checkOpen();
    const request = this.#requests.expect<StatsAnswer>(this.#model.name);
    this.#requests.addon.stats(request.id, this.#index);
    const { stats } = await request.done;
    const [pages = 0, pagesUsed = 0, nodes = 0, steps = 0, prefilled = 0, decoded = 0] = stats;
    const [runSeconds = 0, engineSeconds = 0] = stats.subarray(6);
    return { pages, pagesUsed, nodes, steps, prefilled, decoded, runSeconds, engineSeconds };
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#unload();
    return this.#disposal;
  }

  async #unload(): Promise<void> {
    const request = this.#requests.expect<unknown>(this.#model.name);
    this.#requests.addon.unload(request.id, this.#index);
    await request.done;
  }

  /** The answers to requests, which aborting the signal ends early. */
  #watch<Answer>(
    requests: readonly PendingRequest<Answer>[],
    signal: AbortSignal | undefined,
  ): Promise<Answer>[] {
    if (signal === undefined) return requests.map((request) => request.done);
    const unfinished = this.#unfinishedUnder(signal);
    return requests.map(async ({ id, done }) => {
      unfinished.add(id);
      try {
        return await done;
      } finally {
        unfinished.delete(id);
      }
    });
  }

  /** The requests that a signal's abort ends. One listener a signal: adding one walks them all. */
  #unfinishedUnder(signal: AbortSignal): Set<RequestId> {
    const known = this.#watched.get(signal);
    if (known !== undefined) return known;
    const unfinished = new Set<RequestId>();
    const abort = () => this.#requests.addon.abort(Int32Array.from(unfinished));
    signal.addEventListener('abort', abort, { once: true });
    this.#watched.set(signal, unfinished);
    return unfinished;
  }

  #lengthOf(node: NodeId): number {
    this.#checkOpen();
    const length = this.#lengths.get(node);
    if (length === undefined) {
      throw invalidOption('parent', 'a node that is owned and not released', node);
    }
    return length;
  }

  #checkOpen(): void {
    if (this.#disposal !== undefined) throw new DisposedError(this.#model.name);
  }

  #checkTokens(tokens: ArrayLike<number>, pathLength: number): Int32Array {
    if (tokens.length === 0) throw invalidOption('tokens', 'at least one token', tokens);
    if (pathLength > this.context) {
      const limit = `a path of at most ${this.context} tokens (the model's context)`;
      throw invalidOption('tokens', limit, pathLength);
    }
    for (let i = 0; i < tokens.length; i++) {
      const id = tokens[i] ?? -1;
      if (!Number.isInteger(id) || id < 0 || id >= this.#model.vocabulary) {
        throw invalidOption(`tokens[${i}]`, `a token id below ${this.#model.vocabulary}`, id);
      }
    }
    return Int32Array.from(tokens);
  }
}

function checkReadAt(readAt: readonly number[], count: number): Int32Array {
  let previous = -1;
  for (const index of readAt) {
    if (!Number.isInteger(index) || index <= previous || index >= count) {
      throw invalidOption('readAt', `ascending indices below ${count}`, index);
    }
    previous = index;
  }
  return Int32Array.from(readAt);
}

function checkChildren(children: readonly ChildRequest[]): void {
  if (children.length === 0) throw invalidOption('children', 'at least one child', children);
  for (const { maxTokens } of children) {
    if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > 0x7fff_ffff) {
      throw invalidOption('maxTokens', 'an integer >= 1', maxTokens);
    }
  }
}

function checkSampling(options: SampleOptions): AddonSampling {
  const { temperature, topK, topP, minP } = options;
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw invalidOption('temperature', 'a number >= 0', temperature);
  }
  if (!Number.isInteger(topK) || topK < 0) throw invalidOption('topK', 'an integer >= 0', topK);
  if (!(topP > 0 && topP <= 1)) throw invalidOption('topP', 'a number in (0, 1]', topP);
  if (!(minP >= 0 && minP < 1)) throw invalidOption('minP', 'a number in [0, 1)', minP);
  return {
    streamKey: BigInt.asUintN(64, options.streamKey),
    temperature,
    topK,
    topP,
    minP,
    delimiter: encoder.encode(options.delimiter ?? ''),
    stops: (options.stop ?? []).map((text) => encoder.encode(text)),
  };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new EngineError('The request was aborted', 'ABORTED');
}
