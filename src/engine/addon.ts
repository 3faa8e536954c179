// The contract of the native addon, typed once; src/engine/ is its only user.
// JavaScript validates, native code gets clean positional arguments and answers in batches.
import type { EngineSpec } from '../model/package.js';
import type { NodeId } from './token-tree.js';

/** Index of a loaded model inside its engine. */
export type ModelIndex = number & { readonly space: 'engine model' };
/** Chosen by JavaScript, unique among unfinished requests of an engine. */
export type RequestId = number & { readonly space: 'engine request' };

/** What the addon needs to open a model package. */
export interface AddonModelSpec extends EngineSpec {
  /** Threads that a step runs on. */
  readonly threads: number;
  /** KV pool size in pages of 16 slots. */
  readonly pages: number;
  /** Most rows in a step that fill known tokens. */
  readonly chunk: number;
  /** Bytes of all tokens, concatenated; token i is [offsets[i], offsets[i + 1]). */
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
}

/** Sampling parameters as the addon takes them. */
export interface AddonSampling {
  readonly streamKey: bigint;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  /** Empty: none. */
  readonly delimiter: Uint8Array;
  readonly stops: readonly Uint8Array[];
}

/** One finished request: `error` and `code` (an ErrorCode of src/errors.ts), or an answer. */
export interface Completion {
  readonly request: RequestId;
  readonly error?: string;
  readonly code?: string;
}

/** Answer to `load`. */
export interface LoadAnswer {
  readonly model: ModelIndex;
}

/** Answer to `extend`. */
export interface ExtendAnswer {
  readonly node: NodeId;
  /** [readAt.length, headWidth] */
  readonly heads: Float32Array;
  readonly computed: number;
}

/** Answer to `sample`, for one child. */
export interface SampleAnswer {
  readonly node: NodeId;
  readonly tokens: Int32Array;
  readonly logProbs: Float32Array;
  /** 0 eos, 1 delimiter, 2 stop, 3 length */
  readonly finish: number;
}

/** Answer to `stats`. */
export interface StatsAnswer {
  /** pages, pagesUsed, nodes, steps, prefilled, decoded, runSeconds, engineSeconds */
  readonly stats: Float64Array;
}

/**
 * One engine: one thread, any number of models. Stopped and joined when its environment ends.
 * Nodes and models named here must be live: src/engine/ sees to it.
 */
export interface AddonEngine {
  load(request: RequestId, spec: AddonModelSpec): void;
  extend(
    request: RequestId,
    model: ModelIndex,
    parent: NodeId,
    tokens: Int32Array,
    readAt: Int32Array,
  ): void;
  /** `requests[i]` answers for the child with path key `pathKeys[i]`. */
  sample(
    requests: Int32Array,
    model: ModelIndex,
    parent: NodeId,
    pathKeys: BigUint64Array,
    maxTokens: Int32Array,
    sampling: AddonSampling,
  ): void;
  /** Unfinished requests among these complete with code ABORTED by the next step. */
  abort(requests: Int32Array): void;
  release(model: ModelIndex, node: NodeId): void;
  /** Answered in order with everything queued before. */
  stats(request: RequestId, model: ModelIndex): void;
  /** Pending requests of the model complete with code DISPOSED first. */
  unload(request: RequestId, model: ModelIndex): void;
}

export interface Addon {
  /** Opens ONNX Runtime's library; throws with what was found and expected. */
  openRuntime(libraryPath: string): { readonly version: string; readonly providers: string[] };
  /** `onCompletions` is called once for each engine step that finished anything. */
  Engine: new (
    libraryPath: string,
    onCompletions: (batch: Completion[]) => void,
  ) => AddonEngine;
}
