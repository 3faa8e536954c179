// The contract of the native addon, typed once; src/engine/ is its only user.
// JavaScript validates, native code gets clean positional arguments and answers in batches.
import type { NodeId } from './token-tree.js';

/** Index of a loaded model inside its engine. */
export type ModelIndex = number & { readonly space: 'engine model' };
/** Chosen by JavaScript, unique among unfinished requests of an engine. */
export type RequestId = number & { readonly space: 'engine request' };

/** What the addon needs to open a model package. */
export interface AddonModelSpec {
  readonly modelPath: string;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Ids must lie in [0, vocabulary). */
  readonly vocabulary: number;
  readonly headWidth: number;
  /** 'logits' or 'score_logits'. */
  readonly outputName: string;
  /** Whether the graph has a `logit_scale` output (int8). */
  readonly hasLogitScale: boolean;
  readonly context: number;
  /** KV pool size in pages of 16 slots. */
  readonly pages: number;
  /** Most rows in a step that fill known tokens. */
  readonly chunk: number;
  readonly endTokens: Int32Array;
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

/** One finished request. `error` set: failed; `code` is an ErrorCode of src/errors.ts. */
export interface Completion {
  readonly request: RequestId;
  readonly error?: string;
  readonly code?: string;
  /** load */
  readonly model?: ModelIndex;
  /** extend and sample */
  readonly node?: NodeId;
  /** extend: [readAt.length, headWidth] */
  readonly heads?: Float32Array;
  readonly computed?: number;
  /** sample */
  readonly tokens?: Int32Array;
  readonly logProbs?: Float32Array;
  readonly finish?: 0 | 1 | 2 | 3; // eos, delimiter, stop, length
}

/** One engine: one thread, any number of models, one ONNX Runtime pool. */
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
  /** [pages, pagesUsed, nodes, steps, prefilled, decoded, runSeconds, engineSeconds] */
  stats(model: ModelIndex): Float64Array;
  unload(request: RequestId, model: ModelIndex): void;
  /** Stops and joins the thread; pending requests complete with code DISPOSED first. */
  dispose(): void;
}

export interface Addon {
  /** Opens ONNX Runtime's library; throws with what was found and expected. */
  openRuntime(libraryPath: string): { readonly version: string; readonly providers: string[] };
  Engine: new (
    libraryPath: string,
    threads: number,
    onCompletions: (batch: Completion[]) => void,
  ) => AddonEngine;
}
