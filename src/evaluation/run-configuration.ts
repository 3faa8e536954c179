// What goes into run.json, and what is read from it: everything that determines a run's results, and
// what their costs are counted by. Never a clock, a path or a degree of parallelism.
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import type { ModelCost } from '../ledger.js';
import type { Manifest } from '../model/manifest.js';
import type { AutoStrategy } from '../search/auto-strategy.js';
import { resolveOptions, type SearchOptions } from '../search/options.js';
import type { PolicyPrompt } from '../search/prompts/policy-prompt.js';
import { checkStrategy, type Strategy } from '../search/strategy.js';
import type { Dataset } from './dataset.js';
import type { ModelCosts } from './run-cost.js';
import type { Json, RunConfiguration, SavedRun } from './run-directory.js';
import { placeName, type Shard, type UnitSelection, unitsOf } from './units.js';

/** A loaded model and the package that it came from. */
export interface ConfiguredModel {
  readonly manifest: Manifest;
  readonly cost: ModelCost;
}

/** `difficulty`: samples that tell how hard each problem is, and are used for nothing else. */
export type Purpose = 'evaluation' | 'difficulty';

export interface ConfigurationParts {
  /** Of espalier and ONNX Runtime. */
  readonly versions: { readonly [name: string]: string };
  readonly dataset: Dataset;
  readonly units: Omit<UnitSelection, 'seed'>;
  /** @default 'evaluation' */
  readonly purpose?: Purpose;
  readonly policy: ConfiguredModel;
  /** Undefined where the strategy calls none. */
  readonly reward: ConfiguredModel | undefined;
  readonly search: Omit<SearchOptions, 'signal' | 'onTrace'>;
}

/**
 * The configuration of a run.
 * @throws OptionError on search options that no search takes
 */
export function configureRun(parts: ConfigurationParts): RunConfiguration {
  const { dataset, units, search } = parts;
  const { strategy, auto, seed, ...resolved } = resolveOptions(search);
  const { temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens } = resolved;
  const { tokens = null, flops = null, milliseconds = null } = search.limits ?? {};
  return {
    format: 1,
    purpose: parts.purpose ?? 'evaluation',
    versions: parts.versions,
    machine: { platform: process.platform, arch: process.arch },
    dataset: datasetFacts(dataset, units.limit),
    repeats: units.repeats ?? 1,
    shard: units.shard === undefined ? null : { ...units.shard },
    policy: modelFacts(parts.policy),
    prompt: promptFacts(search.policy.prompt),
    reward: parts.reward === undefined ? null : modelFacts(parts.reward),
    options: {
      strategy: auto === undefined ? { ...strategy } : { ...autoFacts(auto.strategy) },
      seed,
      temperature,
      topK,
      topP,
      minP,
      maxSteps,
      maxStepTokens,
      maxPathTokens,
      limits: { tokens, flops, milliseconds },
    },
  };
}

/** What run.json says about `auto`: the plan by the hash of its file. */
export function autoFacts({ plan, stop, ...rest }: AutoStrategy): RecordedAuto {
  const isNamed = typeof stop === 'string';
  return { ...rest, stop: isNamed ? stop : { ...stop }, plan: { sha256: plan.sha256 } };
}

/** `auto` as runs and tables have it. */
export type RecordedAuto = Omit<AutoStrategy, 'plan' | 'stop'> & {
  readonly stop: 'certain' | 'never' | { readonly probability: number };
  readonly plan: { readonly sha256: string };
};

/** What run.json says about how a policy is asked. */
export function promptFacts({ family, systemPrompt, place }: PolicyPrompt): Json {
  return { family, systemPrompt, place };
}

/** What run.json says about a dataset. @param limit how many of its problems; undefined: all */
export function datasetFacts(
  { name, sha256, fields, problems }: Dataset,
  limit: number | undefined,
): Json {
  return {
    name,
    sha256,
    problems: problems.length,
    limit: limit ?? null,
    ...(fields && { fields: { ...fields } }),
  };
}

/** What run.json says about a model. */
export function modelFacts({ manifest, cost }: ConfiguredModel): Json {
  const files = Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256] as const);
  const { matrixWeights, headWeights, layers, heads, headDim } = cost;
  return {
    name: manifest.name,
    architecture: manifest.architecture,
    precision: manifest.precision,
    cost: { matrixWeights, headWeights, layers, heads, headDim },
    sha256: Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** The part of run.json that evaluations of runs need. */
interface ReadableRun {
  readonly purpose: Purpose;
  readonly dataset: {
    readonly name: string;
    readonly sha256: string;
    readonly problems: number;
    readonly limit: number | null;
  };
  readonly repeats: number;
  readonly shard: Shard | null;
  readonly policy: ReadableModel;
  /** Absent in runs of versions that did not record it. */
  readonly prompt?: { readonly family: string };
  readonly reward: ReadableModel | null;
  readonly options: { readonly strategy: unknown; readonly seed: number };
}

interface ReadableModel<C = ModelCost | null> {
  readonly name: string;
  /** Null where outputs came from elsewhere. */
  readonly cost: C;
  readonly sha256: { readonly [file: string]: string };
}

/**
 * A run's configuration, read back.
 * @throws ModelError INVALID_FILE where it is not one
 */
export function readConfigured({ path, configuration }: SavedRun): ReadableRun {
  const run = configuration as unknown as ReadableRun;
  const isRun =
    typeof run.dataset?.problems === 'number' &&
    typeof run.repeats === 'number' &&
    (run.policy?.cost === null || typeof run.policy?.cost?.matrixWeights === 'number') &&
    typeof run.options?.seed === 'number';
  if (isRun) return run;
  const message = expectedMessage('run.json', 'the configuration of an evaluation', path);
  throw new ModelError(message, 'INVALID_FILE');
}

/**
 * What a run's models cost.
 * @throws OptionError on outputs that came from elsewhere; as readConfigured
 */
export function modelCostsOf(run: SavedRun): ModelCosts {
  const { policy, reward } = readConfigured(run);
  if (policy.cost !== null) return { policy: policy.cost, reward: reward?.cost ?? undefined };
  const expected = "sampled here, or recorded with a policy's package, so that its costs are known";
  throw invalidOption('run', expected, run.path);
}

/** Whether a run is of `auto`, which has no strategy of its own. @throws as readConfigured */
export function isAutoRun(run: SavedRun): boolean {
  const { strategy } = readConfigured(run).options;
  return (strategy as { name?: unknown } | null)?.name === 'auto';
}

/**
 * A run's fixed strategy.
 * @throws as readConfigured; OptionError on `auto`, and on one that this version lacks
 */
export function strategyOf(run: SavedRun): Strategy {
  return checkStrategy(readConfigured(run).options.strategy);
}

/**
 * Checks that a run, or its shard, has every unit once and no other.
 * @throws OptionError where units are missing; ModelError where a line is there twice
 */
export function checkFinished(run: SavedRun): void {
  const { dataset, repeats, shard, options } = readConfigured(run);
  const places = new Set(run.records.map(placeName));
  const units = unitsOf(new Array<object>(dataset.problems).fill({}), {
    seed: options.seed,
    repeats,
    ...(dataset.limit !== null && { limit: dataset.limit }),
    ...(shard !== null && { shard }),
  });
  const missing = units.filter((unit) => !places.has(placeName(unit)));
  if (missing.length > 0) {
    const expected = `a finished run (${missing.length} of ${units.length} searches are missing)`;
    throw invalidOption('run', expected, run.path);
  }
  if (run.records.length === units.length) return;
  const message = expectedMessage('results.jsonl', 'one line a search', run.path);
  throw new ModelError(message, 'INVALID_FILE');
}
