// One engine for each JavaScript environment, shared by all its models, and the way to open one.
// Turns the addon's batches of completions into promises.
import { availableParallelism } from 'node:os';
import {
  DisposedError,
  EngineError,
  type ErrorCode,
  invalidOption,
  ModelError,
  refuseUnknownKeys,
} from '../errors.js';
import { kvBytesPerToken, PAGE_SLOTS, pagesIn } from '../model/capacity.js';
import { engineSpec, type ModelPackage } from '../model/package.js';
import type { TokenBytes } from '../text/token-bytes.js';
import type { AddonEngine, Completion, LoadAnswer, RequestId } from './addon.js';
import { findRuntimeLibrary, loadAddon } from './load-addon.js';
import { ModelTree } from './model-tree.js';
import type { TokenTree } from './token-tree.js';

const defaultKvMemory = 2 ** 30;
// Prefill rows of a step: wide enough for the matrix products, short enough not to hold up decoding.
const prefillChunk = 512;

/** Options of a model's engine. */
export interface EngineOptions {
  /**
   * Bytes of the KV pool, shared by everything that searches with this model. Memory is touched
   * only as it is used.
   * @default 1 GiB
   */
  readonly kvMemory?: number;
  /**
   * Threads that a step runs on.
   * @default the machine's cores, at most 8
   */
  readonly threads?: number;
}

/** A request to the addon that has not been answered. */
export interface PendingRequest<Answer> {
  readonly id: RequestId;
  readonly done: Promise<Answer>;
}

/** Requests to the addon that have not been answered. */
export class Requests {
  readonly addon: AddonEngine;
  readonly #pending = new Map<RequestId, (completion: Completion) => void>();
  #next = 0;

  constructor() {
    this.addon = new (loadAddon().Engine)(findRuntimeLibrary(), (batch) => {
      for (const completion of batch) this.#answer(completion);
    });
  }

  /** A new request's id, and the promise of its answer; rejects with the engine's error. */
  expect<Answer>(what: string): PendingRequest<Answer> {
    this.#next = (this.#next + 1) % 0x7fff_ffff;
    const id = this.#next as RequestId;
    const done = new Promise<Answer>((resolve, reject) => {
      this.#pending.set(id, (completion) => {
        if (completion.error === undefined) resolve(completion as Completion & Answer);
        else reject(engineFailure(what, completion.error, completion.code as ErrorCode));
      });
    });
    return { id, done };
  }

  #answer(completion: Completion): void {
    const settle = this.#pending.get(completion.request);
    this.#pending.delete(completion.request);
    settle?.(completion);
  }
}

let shared: Requests | undefined;

/**
 * Opens a model package's graph in this environment's engine, with a KV pool of its own.
 * @throws OptionError on options out of range; ModelError INVALID_MODEL if ONNX Runtime refuses the
 *   graph; EngineError ENGINE_UNAVAILABLE without the native libraries
 */
export async function openTree(
  modelPackage: ModelPackage,
  tokenBytes: TokenBytes,
  options: EngineOptions = {},
): Promise<TokenTree> {
  refuseUnknownKeys('option', options as Record<string, unknown>, ['kvMemory', 'threads']);
  const { manifest } = modelPackage;
  const spec = engineSpec(modelPackage);
  const pageBytes = kvBytesPerToken(spec) * PAGE_SLOTS;
  const threads = options.threads ?? Math.min(8, availableParallelism());
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw invalidOption('threads', 'an integer from 1 to 256', options.threads);
  }
  const kvMemory = options.kvMemory ?? defaultKvMemory;
  if (!Number.isFinite(kvMemory) || kvMemory < pageBytes) {
    throw invalidOption('kvMemory', `at least ${pageBytes} bytes (one page)`, options.kvMemory);
  }
  shared ??= new Requests();
  const request = shared.expect<LoadAnswer>(manifest.name);
  shared.addon.load(request.id, {
    ...spec,
    threads,
    pages: pagesIn(kvMemory, spec),
    chunk: prefillChunk,
    tokenBytes: tokenBytes.bytes,
    tokenOffsets: tokenBytes.offsets,
  });
  const { model } = await request.done;
  return new ModelTree(shared, model, {
    name: manifest.name,
    vocabulary: spec.vocabulary,
    headWidth: spec.headWidth,
    context: spec.context,
  });
}

function engineFailure(what: string, message: string, code: ErrorCode): Error {
  switch (code) {
    case 'DISPOSED':
      return new DisposedError(what);
    case 'INVALID_MODEL':
      return new ModelError(message, code);
    case 'ABORTED':
    case 'POOL_TOO_SMALL':
    case 'POOL_EXHAUSTED':
      return new EngineError(message, code);
    default:
      return new EngineError(message);
  }
}
