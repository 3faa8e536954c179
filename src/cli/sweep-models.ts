// Loads all models of a sweep, each once, under the names of their packages.
import type { ConfiguredModel } from '../evaluation/run-configuration.js';
import { type ModelPackage, openPackage } from '../model/package.js';
import type { LoadOptions } from '../scoring/load.js';
import type { Reward } from '../scoring/reward.js';
import type { Policy } from '../search/policy.js';
import type { PromptOptions } from '../search/prompts/policy-prompt.js';
import type { Environment } from './environment.js';

/** A loaded model and what its package says. */
export interface NamedModel<M> {
  readonly model: M;
  readonly facts: ConfiguredModel;
}

/** Loaded models by package name; `dispose` frees all. */
export interface SweepModels {
  readonly policies: ReadonlyMap<string, NamedModel<Policy>>;
  readonly rewards: ReadonlyMap<string, NamedModel<Reward>>;
  dispose(): Promise<void>;
}

/** The packages of a sweep, checked but not loaded. */
export interface SweepPackages {
  readonly policies: readonly ModelPackage[];
  readonly rewards: readonly ModelPackage[];
}

/** Finds and checks packages; starts no engine. @throws ModelError */
export async function findSweepModels(
  policies: readonly string[],
  rewards: readonly string[],
): Promise<SweepPackages> {
  return {
    policies: await Promise.all(policies.map((name) => openPackage(name, { role: 'policy' }))),
    rewards: await Promise.all(rewards.map((name) => openPackage(name, { role: 'reward' }))),
  };
}

/** Loads checked packages. @throws as the library's loaders; nothing stays loaded then */
export async function loadSweepModels(
  packages: SweepPackages,
  options: LoadOptions,
  prompt: PromptOptions,
  { loadPolicy, loadReward }: Environment,
): Promise<SweepModels> {
  const policies = new Map<string, NamedModel<Policy>>();
  const rewards = new Map<string, NamedModel<Reward>>();
  const dispose = async (): Promise<void> => {
    for (const { model } of [...rewards.values(), ...policies.values()]) await model.dispose();
  };
  try {
    for (const { directory, manifest } of packages.policies) {
      const model = await loadPolicy(directory, { ...options, ...prompt });
      policies.set(manifest.name, { model, facts: { manifest, cost: model.cost } });
    }
    for (const { directory, manifest } of packages.rewards) {
      const model = await loadReward(directory, options);
      rewards.set(manifest.name, { model, facts: { manifest, cost: model.cost } });
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { policies, rewards, dispose };
}
