// The options that say how to search: declared once for every command that searches, and turned
// into the library's own options. A flag that was not given stays out, so the library's defaults
// and checks are the only ones; a flag that its strategy lacks is refused there.
import type { Command } from 'commander';
import { expectedMessage, OptionError } from '../errors.js';
import type { AnyStrategy } from '../search/auto-strategy.js';
import type { SearchLimits, SearchOptions } from '../search/options.js';
import { checkStrategy } from '../search/strategy.js';
import { bytesValue, choiceValue, integerValue, numberValue, textValue } from './option-values.js';
import {
  addMeanFlops,
  addPlanFlags,
  autoFrom,
  type PlanFlags,
  refusePlanFlags,
} from './plan-flags.js';
import { addPromptFlags, type PromptFlags } from './prompt-flags.js';

/** Values of the flags, as commander collects them. */
export interface SearchFlags extends PlanFlags, PromptFlags {
  readonly policy?: string;
  readonly reward?: string;
  readonly strategy: AnyStrategy['name'];
  readonly budget?: number;
  readonly width?: number;
  readonly completed?: string;
  readonly answers?: string;
  readonly aggregation?: string;
  readonly vote?: string;
  readonly seed: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly maxSteps?: number;
  readonly maxStepTokens?: number;
  readonly maxPathTokens?: number;
  readonly limitTokens?: number;
  readonly limitFlops?: number;
  readonly limitMs?: number;
  readonly kvMemory?: number;
  readonly threads?: number;
}

/** Everything of SearchOptions but what the command itself supplies. */
export type SearchSettings = Omit<SearchOptions, 'policy' | 'reward' | 'signal' | 'onTrace'>;

const fixed = ['greedy', 'majority', 'best-of-n', 'beam-search', 'dvts'] as const;
const strategies = [...fixed, 'auto'] as const;
const defaultBudget = 16;
const strategyFlags = [
  ['budget', '--budget'],
  ['width', '--width'],
  ['completed', '--completed'],
  ['answers', '--answers'],
  ['aggregation', '--aggregation'],
  ['vote', '--vote'],
] as const;

/** Adds the flags to a command. */
export function addSearchFlags(command: Command): Command {
  const models = 'directory of a model package, or an embedded model';
  command
    .optionsGroup('Models:')
    .option('--policy <model>', `writes the steps: ${models}`, textValue('--policy', models))
    .option('--reward <model>', `scores the steps: ${models}`, textValue('--reward', models))
    .option('--kv-memory <size>', 'KV cache of each model, as in 512MB', bytesValue('--kv-memory'))
    .option('--threads <count>', 'threads to compute with', integerValue('--threads', 1));
  addPromptFlags(command)
    .optionsGroup('Strategy:')
    .option(
      '--strategy <name>',
      strategies.join(', '),
      choiceValue('--strategy', strategies),
      'dvts',
    )
    .option('--budget <N>', 'paths sampled in all (default: 16)', integerValue('--budget', 1))
    .option(
      '--width <M>',
      'children per expansion, in trees (default: 4)',
      integerValue('--width', 1),
    )
    .option('--completed <what>', 'beam-search: hold or refill (default: hold)')
    .option('--answers <which>', 'dvts: best or siblings (default: best)')
    .option('--aggregation <how>', 'scores to a value: min, last, mean, product (default: last)')
    .option('--vote <how>', 'majority, max, weighted (default: weighted)');
  return addMeanFlops(addPlanFlags(command))
    .optionsGroup('Sampling:')
    .option('--seed <K>', 'the same seed gives the same search', integerValue('--seed', 0), 0)
    .option(
      '--temperature <T>',
      "0 is greedy (default: the family's, 0.7)",
      numberValue('--temperature'),
    )
    .option('--top-k <K>', 'the K likeliest tokens alone', integerValue('--top-k', 0))
    .option(
      '--top-p <P>',
      "the likeliest tokens that reach P together (default: the family's, 1)",
      numberValue('--top-p'),
    )
    .option('--min-p <P>', 'tokens at least P times as likely as the first', numberValue('--min-p'))
    .optionsGroup('Limits:')
    .option(
      '--max-steps <count>',
      'of a path, in trees (default: 40)',
      integerValue('--max-steps', 1),
    )
    .option(
      '--max-step-tokens <count>',
      'of a step, in trees',
      integerValue('--max-step-tokens', 1),
    )
    .option('--max-path-tokens <count>', 'of a path', integerValue('--max-path-tokens', 1))
    .option('--limit-tokens <count>', 'of the whole search', integerValue('--limit-tokens', 1))
    .option('--limit-flops <count>', 'of the whole search', numberValue('--limit-flops'))
    .option('--limit-ms <count>', 'of the whole search', numberValue('--limit-ms'))
    .optionsGroup('Options:');
}

/**
 * The library's options from the flags.
 * @throws OptionError on a strategy that cannot be made of them, or a plan that cannot be read
 */
export async function searchSettings(flags: SearchFlags): Promise<SearchSettings> {
  const { seed, temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens } = flags;
  const limits: SearchLimits = given({
    tokens: flags.limitTokens,
    flops: flags.limitFlops,
    milliseconds: flags.limitMs,
  });
  return {
    strategy: await strategyFrom(flags),
    seed,
    ...given({ temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** Whether a strategy calls a reward model: always, never, or only where it is given one. */
export function rewardUse(strategy: AnyStrategy): 'always' | 'never' | 'if given' {
  if (strategy.name === 'greedy' || strategy.name === 'majority') return 'never';
  return strategy.name === 'best-of-n' && strategy.vote === 'majority' ? 'if given' : 'always';
}

async function strategyFrom(flags: SearchFlags): Promise<AnyStrategy> {
  const name = flags.strategy;
  const options: Record<string, unknown> = {};
  for (const [key, flag] of strategyFlags) {
    const value = flags[key];
    if (value === undefined) continue;
    if (!keysOf[name].includes(key)) {
      const having = strategies.filter((other) => keysOf[other].includes(key)).join(', ');
      throw new OptionError(
        expectedMessage(flag, `left out with ${name} (it belongs to ${having})`, value),
      );
    }
    options[key] = value;
  }
  if (name === 'auto') {
    const { budget, meanFlops, limitTokens, limitFlops, limitMs } = flags;
    const isBudgeted = [meanFlops, limitTokens, limitFlops, limitMs].some((n) => n !== undefined);
    return autoFrom(flags, budget ?? (isBudgeted ? undefined : defaultBudget));
  }
  refusePlanFlags(flags, name);
  if (name !== 'greedy') options.budget ??= defaultBudget;
  return checkStrategy({ name, ...options });
}

const voting = ['budget', 'aggregation', 'vote'];
const keysOf: Readonly<Record<AnyStrategy['name'], readonly string[]>> = {
  greedy: [],
  majority: ['budget'],
  'best-of-n': voting,
  'beam-search': [...voting, 'width', 'completed'],
  dvts: [...voting, 'width', 'answers'],
  auto: ['budget'],
};

/** The entries that are not undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
