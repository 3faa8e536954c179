// The options of `auto`, declared once for every command that takes it.
import type { Command } from 'commander';
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import type { ModelPackage } from '../model/package.js';
import { SavedPlan } from '../planning/plan-document.js';
import { embeddedPlan, readPlan } from '../planning/read-plan.js';
import {
  type AnyStrategy,
  type AutoStrategy,
  auto,
  type EarlyStop,
} from '../search/auto-strategy.js';
import { numberValue, textValue } from './option-values.js';

/** Values of the flags, as commander collects them. */
export interface PlanFlags {
  readonly plan?: string;
  readonly meanFlops?: number;
  readonly stop?: EarlyStop;
}

/** Adds the flags that a sweep takes too. */
export function addPlanFlags(command: Command): Command {
  return command
    .option(
      '--plan <file>',
      "auto: what espalier plan wrote (default: the embedded models')",
      textValue('--plan', "a plan's file"),
    )
    .option(
      '--stop <when>',
      'auto: certain, never, or a probability as in 0.95 (default: certain)',
      stopValue,
    );
}

/** Adds the flag that only a single search or evaluation takes. */
export function addMeanFlops(command: Command): Command {
  return command.option(
    '--mean-flops <count>',
    'auto: what a search may cost on average, in the place of --budget',
    numberValue('--mean-flops'),
  );
}

/**
 * `auto` from its flags; with no budget at all, `otherwise` paths.
 * @throws OptionError, ModelError as readPlan and auto
 */
export async function autoFrom(
  { plan = embeddedPlan, meanFlops, stop }: PlanFlags,
  budget: number | undefined,
): Promise<AutoStrategy> {
  return auto({
    plan: await readPlan(plan),
    ...(budget !== undefined && { budget }),
    ...(meanFlops !== undefined && { meanFlops }),
    ...(stop !== undefined && { stop }),
  });
}

/** Refuses the flags of `auto` beside another strategy. @throws OptionError */
export function refusePlanFlags({ plan, meanFlops, stop }: PlanFlags, strategy: string): void {
  const given = Object.entries({ '--plan': plan, '--mean-flops': meanFlops, '--stop': stop });
  for (const [flag, value] of given) {
    if (value === undefined) continue;
    throw new OptionError(
      expectedMessage(flag, `left out with ${strategy} (it belongs to auto)`, value),
    );
  }
}

/** Checks that a plan is of these very models. @throws OptionError on others */
export function checkPlanModels(
  strategy: AnyStrategy,
  policy: ModelPackage,
  reward: ModelPackage | undefined,
): void {
  if (strategy.name !== 'auto' || !(strategy.plan instanceof SavedPlan)) return;
  for (const [role, model] of Object.entries({ policy, reward })) {
    if (model === undefined) continue;
    const { name, files } = model.manifest;
    const hashes = Object.entries(files).map(([file, { sha256 }]) => [file, sha256] as const);
    strategy.plan.checkModel(role as 'policy' | 'reward', name, Object.fromEntries(hashes));
  }
}

function stopValue(text: string): EarlyStop {
  if (text === 'certain' || text === 'never') return text;
  const probability = Number(text);
  if (/^0?\.\d+$/.test(text) && probability > 0.5) return { probability };
  throw invalidOption('--stop', 'certain, never or a probability between 0.5 and 1', text);
}
