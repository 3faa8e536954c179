// Loads the models that a command's flags ask for, and the embedded ones where they ask for none.
import { expectedMessage, OptionError } from '../errors.js';
import type { ConfiguredModel } from '../evaluation/run-configuration.js';
import { type ModelPackage, openPackage } from '../model/package.js';
import type { LoadOptions } from '../scoring/load.js';
import type { Reward } from '../scoring/reward.js';
import type { AnyStrategy } from '../search/auto-strategy.js';
import type { Policy } from '../search/policy.js';
import type { Environment } from './environment.js';
import { checkPlanModels } from './plan-flags.js';
import { promptOptions } from './prompt-flags.js';
import { rewardUse, type SearchFlags } from './search-flags.js';

/** The embedded models that serve where none is named. */
export const defaultPolicy = 'policy-2m';
export const defaultReward = 'prm-3m';

type ModelFlags = Pick<
  SearchFlags,
  'policy' | 'reward' | 'kvMemory' | 'threads' | 'family' | 'systemPrompt'
>;

/** Loaded models; `dispose` frees both. */
export interface OpenModels {
  readonly policy: Policy;
  /** Undefined where the strategy calls none. */
  readonly reward: Reward | undefined;
  dispose(): Promise<void>;
}

/** The packages behind the flags, checked but not loaded. */
export interface ModelPackages {
  readonly policy: ModelPackage;
  readonly reward: ModelPackage | undefined;
}

/**
 * Finds and checks the packages that a search needs; starts no engine.
 * @throws ModelError; OptionError on a reward model that the strategy would not call, and on models
 *   that its plan was not fitted to
 */
export async function findModels(flags: ModelFlags, strategy: AnyStrategy): Promise<ModelPackages> {
  const use = rewardUse(strategy);
  if (use === 'never' && flags.reward !== undefined) {
    const expected = `left out with ${strategy.name}, which calls no reward model`;
    throw new OptionError(expectedMessage('--reward', expected, flags.reward));
  }
  const policy = await openPackage(flags.policy ?? defaultPolicy, { role: 'policy' });
  const name = flags.reward ?? (use === 'always' ? defaultReward : undefined);
  const reward = name === undefined ? undefined : await openPackage(name, { role: 'reward' });
  checkPlanModels(strategy, policy, reward);
  return { policy, reward };
}

/** Loaded models beside the manifests of their packages. */
export function configuredModels(
  packages: ModelPackages,
  { policy, reward }: OpenModels,
): { readonly policy: ConfiguredModel; readonly reward: ConfiguredModel | undefined } {
  return {
    policy: { manifest: packages.policy.manifest, cost: policy.cost },
    reward: reward && packages.reward && { manifest: packages.reward.manifest, cost: reward.cost },
  };
}

/** Loads checked packages. @throws as the library's loaders; nothing stays loaded then */
export async function loadModels(
  { policy: policyPackage, reward: rewardPackage }: ModelPackages,
  flags: ModelFlags,
  environment: Environment,
): Promise<OpenModels> {
  const { kvMemory, threads } = flags;
  const options: LoadOptions = {
    ...(kvMemory === undefined ? {} : { kvMemory }),
    ...(threads === undefined ? {} : { threads }),
  };
  const policy = await environment.loadPolicy(policyPackage.directory, {
    ...options,
    ...promptOptions(flags),
  });
  try {
    const reward =
      rewardPackage && (await environment.loadReward(rewardPackage.directory, options));
    return {
      policy,
      reward,
      dispose: async () => {
        await reward?.dispose();
        await policy.dispose();
      },
    };
  } catch (error) {
    await policy.dispose();
    throw error;
  }
}
