// Opens a reward model: its package, its tokenizer, its token tree, its format.
import { type EngineOptions, openTree } from '../engine/engine.js';
import { invalidOption, refuseUnknownKeys } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import { isEmbeddedKind } from '../model/embedded.js';
import { type ModelPackage, openPackage } from '../model/package.js';
import {
  adoptTokenizer,
  checkTokenizer,
  openTokenizer,
  type Tokenizer,
  type TransformersTokenizer,
} from '../text/tokenizer.js';
import { formatOf } from './formats.js';
import { Reward } from './reward.js';

/** Options that loading a policy and loading a reward model share. */
export interface LoadOptions {
  /**
   * Bytes of the KV cache pool, an integer >= 1; memory is touched only as it is used.
   * @default 1 GiB
   * @example 2 ** 30
   */
  readonly kvMemory?: number;
  /**
   * Threads that the model computes with, an integer >= 1.
   * @default the machine's cores, at most 8
   * @example 2
   */
  readonly threads?: number;
  /**
   * A tokenizer to use in place of the package's own, also one of transformers.js 4.
   * @default the package's
   */
  readonly tokenizer?: Tokenizer | TransformersTokenizer;
}

/** Options of {@link loadReward}. */
export type LoadRewardOptions = LoadOptions;

/**
 * Loads a process reward model. Whoever loads it disposes it. How it reads questions and steps, its
 * format, was settled when it was imported.
 * @param source a model package's directory, or an embedded model's name
 * @throws OptionError on a bad or unknown option; ModelError on a missing, damaged or wrong package;
 *   EngineError where ONNX Runtime cannot be opened or memory is short
 * @example
 * await using reward = await loadReward('./skywork-prm-1.5b');
 * @example
 * // espalier import Llama3.1-8B-PRM-Deepseek-Data ./rlhflow-8b --format rlhflow
 * await using reward = await loadReward('./rlhflow-8b', { kvMemory: 4 * 2 ** 30 });
 */
export async function loadReward(source: string, options: LoadRewardOptions = {}): Promise<Reward> {
  checkLoadOptions('loadReward', source, options, []);
  const model = await openPackage(source, { role: 'reward' });
  const tokenizer = await tokenizerOf(model, options);
  const format = formatOf(model, tokenizer);
  const tree = await openTree(
    model,
    tokenizer.tokenBytes(model.manifest.dimensions.vocabulary),
    engineOptions(options),
  );
  return new Reward({
    name: model.manifest.name,
    tree,
    cost: modelCost(model),
    format,
    isEmbedded: isEmbeddedKind(tokenizer),
  });
}

/** The tokenizer that the caller hands in, or the package's own. @throws OptionError, ModelError */
export async function tokenizerOf(model: ModelPackage, options: LoadOptions): Promise<Tokenizer> {
  if (options.tokenizer !== undefined) return adoptTokenizer(options.tokenizer);
  return openTokenizer(model.directory);
}

/** The dimensions that a model's FLOPs are counted from. */
export function modelCost({ manifest }: ModelPackage): ModelCost {
  const { dimensions, matrixParameters } = manifest;
  return {
    matrixWeights: matrixParameters.body,
    headWeights: matrixParameters.head,
    layers: dimensions.layers,
    heads: dimensions.heads,
    headDim: dimensions.headDim,
  };
}

/** The part of the options that the engine takes. */
export function engineOptions({ kvMemory, threads }: LoadOptions): EngineOptions {
  return { ...(kvMemory && { kvMemory }), ...(threads && { threads }) };
}

/** Checks what both loaders take. @throws OptionError */
export function checkLoadOptions(
  what: string,
  source: unknown,
  options: LoadOptions,
  more: readonly string[],
): void {
  if (typeof source !== 'string' || source === '') {
    throw invalidOption(
      'source',
      "a model package's directory or an embedded model's name",
      source,
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(`${what} options`, 'an object', options);
  }
  const known = ['kvMemory', 'threads', 'tokenizer', ...more];
  refuseUnknownKeys(`an option of ${what}`, options as Record<string, unknown>, known);
  for (const name of ['kvMemory', 'threads'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw invalidOption(name, 'an integer >= 1', value);
    }
  }
  if (options.tokenizer !== undefined) checkTokenizer(options.tokenizer);
}
