// What goes into run.json: everything that determines a run's results, and what their costs are
// counted by. Never a clock, a path or a degree of parallelism.
import type { ModelCost } from '../ledger.js';
import type { Manifest } from '../model/manifest.js';
import { resolveOptions, type SearchOptions } from '../search/options.js';
import type { Dataset } from './dataset.js';
import type { Json, RunConfiguration } from './run-directory.js';
import type { UnitSelection } from './units.js';

/** A loaded model and the package that it came from. */
export interface ConfiguredModel {
  readonly manifest: Manifest;
  readonly cost: ModelCost;
}

export interface ConfigurationParts {
  /** Of espalier and ONNX Runtime. */
  readonly versions: { readonly [name: string]: string };
  readonly dataset: Dataset;
  readonly units: Omit<UnitSelection, 'seed'>;
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
  const { strategy, seed, ...resolved } = resolveOptions(search);
  const { temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens } = resolved;
  const { tokens = null, flops = null, milliseconds = null } = search.limits ?? {};
  return {
    format: 1,
    versions: parts.versions,
    machine: { platform: process.platform, arch: process.arch },
    dataset: {
      name: dataset.name,
      sha256: dataset.sha256,
      problems: dataset.problems.length,
      limit: units.limit ?? null,
    },
    repeats: units.repeats ?? 1,
    shard: units.shard === undefined ? null : { ...units.shard },
    policy: modelFacts(parts.policy),
    reward: parts.reward === undefined ? null : modelFacts(parts.reward),
    options: {
      strategy: { ...strategy },
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
