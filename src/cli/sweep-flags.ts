// The options of `espalier sweep`. No limits among them: what a limit cut cannot be subsampled.
import type { Command } from 'commander';
import { invalidOption, OptionError, unknownMessage } from '../errors.js';
import type { SweepOptions } from '../evaluation/sweep.js';
import { embeddedPlan, readPlan } from '../planning/read-plan.js';
import type { AnyStrategy } from '../search/auto-strategy.js';
import type { SearchOptions } from '../search/options.js';
import type { Aggregation, Vote } from '../search/strategy.js';
import { addDatasetFlags, type DatasetFlags } from './dataset-flags.js';
import { defaultPolicy, defaultReward } from './open-models.js';
import { bytesValue, choiceValue, integerValue, numberValue, textValue } from './option-values.js';
import { addPlanFlags, type PlanFlags, refusePlanFlags } from './plan-flags.js';
import { addPromptFlags, type PromptFlags } from './prompt-flags.js';
import type { SweepPackages } from './sweep-models.js';
import { addVoteFlags } from './vote-flags.js';

type SamplingOptions = Pick<
  SearchOptions,
  'temperature' | 'topK' | 'topP' | 'minP' | 'maxSteps' | 'maxStepTokens' | 'maxPathTokens'
>;

/** Values of the flags, as commander collects them. */
export interface SweepFlags extends DatasetFlags, PromptFlags, Omit<PlanFlags, 'meanFlops'> {
  readonly out: string;
  readonly limit?: number;
  readonly repeats?: number;
  readonly strategies: readonly AnyStrategy['name'][];
  readonly budgets: readonly number[];
  readonly policies: readonly string[];
  readonly rewards: readonly string[];
  readonly difficultySamples?: number;
  readonly width?: number;
  readonly completed?: 'hold' | 'refill';
  readonly answers?: 'best' | 'siblings';
  readonly aggregation?: Aggregation;
  readonly vote?: Vote;
  readonly seed: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly maxSteps?: number;
  readonly maxStepTokens?: number;
  readonly maxPathTokens?: number;
  readonly concurrency: number;
  readonly kvMemory?: number;
  readonly threads?: number;
  readonly json?: true;
}

const fixed = ['greedy', 'majority', 'best-of-n', 'beam-search', 'dvts'] as const;
const strategies = [...fixed, 'auto'] as const;

/** Adds the flags to the command. */
export function addSweepFlags(command: Command): Command {
  addDatasetFlags(command)
    .requiredOption('--out <directory>', 'where the runs go', textValue('--out', 'a directory'))
    .option('--limit <K>', 'only K problems, evenly spaced', integerValue('--limit', 1))
    .option('--repeats <K>', 'each problem under K seeds', integerValue('--repeats', 1))
    .option('--concurrency <C>', 'problems at once', integerValue('--concurrency', 1), 4)
    .optionsGroup('What is swept (lists, with commas):')
    .option(
      '--strategies <names>',
      `${strategies.join(', ')} (default: all but auto)`,
      listOf('--strategies', strategyName),
      fixed,
    )
    .option(
      '--budgets <N>',
      'as in 4,16',
      listOf('--budgets', integerValue('--budgets', 1)),
      [4, 16],
    )
    .option('--policies <models>', 'packages or embedded models', listOf('--policies', asIs), [
      defaultPolicy,
    ])
    .option('--rewards <models>', 'packages or embedded models', listOf('--rewards', asIs), [
      defaultReward,
    ])
    .option(
      '--difficulty-samples <S>',
      'paths a problem, of their own seed, that tell `espalier plan` how hard it is',
      integerValue('--difficulty-samples', 64),
    )
    .optionsGroup('Prompt:');
  addPromptFlags(command)
    .optionsGroup('Strategies:')
    .option('--width <M>', 'children per expansion, in trees', integerValue('--width', 1), 4)
    .option(
      '--completed <what>',
      'beam-search: hold or refill (default: hold)',
      choiceValue('--completed', ['hold', 'refill'] as const),
    )
    .option(
      '--answers <which>',
      'dvts: best or siblings (default: best)',
      choiceValue('--answers', ['best', 'siblings'] as const),
    );
  return addPlanFlags(addVoteFlags(command))
    .optionsGroup('Sampling:')
    .option('--seed <K>', 'the same seed gives the same sweep', integerValue('--seed', 0), 0)
    .option('--temperature <T>', 'of all but greedy', numberValue('--temperature'))
    .option('--top-k <K>', 'the K likeliest tokens alone', integerValue('--top-k', 0))
    .option('--top-p <P>', 'the likeliest tokens that reach P together', numberValue('--top-p'))
    .option('--min-p <P>', 'tokens at least P times as likely as the first', numberValue('--min-p'))
    .option('--max-steps <count>', 'of a path, in trees', integerValue('--max-steps', 1))
    .option(
      '--max-step-tokens <count>',
      'of a step, in trees',
      integerValue('--max-step-tokens', 1),
    )
    .option('--max-path-tokens <count>', 'of a path', integerValue('--max-path-tokens', 1))
    .optionsGroup('Engine:')
    .option('--kv-memory <size>', 'KV cache of each model, as in 512MB', bytesValue('--kv-memory'))
    .option('--threads <count>', 'threads to compute with', integerValue('--threads', 1))
    .option('--json', 'print one JSON document and nothing else');
}

/**
 * The sweep's options from the flags; models go by the names of their packages.
 * @throws OptionError, ModelError on a plan that cannot be read
 */
export async function sweepOptions(
  flags: SweepFlags,
  { policies, rewards }: SweepPackages,
): Promise<SweepOptions> {
  const { strategies, budgets, width, answers, completed, aggregation, vote } = flags;
  const { difficultySamples, plan, stop } = flags;
  const usesAuto = strategies.includes('auto');
  if (!usesAuto) refusePlanFlags(flags, strategies.join(', '));
  return {
    strategies,
    budgets,
    policies: policies.map(({ manifest }) => manifest.name),
    rewards: rewards.map(({ manifest }) => manifest.name),
    rule: { ...(aggregation && { aggregation }), ...(vote && { vote }) },
    trees: {
      ...(width && { width }),
      ...(answers && { answers }),
      ...(completed && { completed }),
    },
    ...(difficultySamples && { difficultySamples }),
    ...(usesAuto && {
      auto: { plan: await readPlan(plan ?? embeddedPlan), ...(stop && { stop }) },
    }),
  };
}

/** The library's sampling options; greedy has no temperature to set. */
export function samplingOf(flags: SweepFlags, strategy: AnyStrategy): SamplingOptions {
  const { temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens } = flags;
  const all = { temperature, topK, topP, minP, maxSteps, maxStepTokens, maxPathTokens };
  const given = Object.entries(all).filter(([name, value]) => {
    return value !== undefined && !(name === 'temperature' && strategy.name === 'greedy');
  });
  return Object.fromEntries(given);
}

/** Reads a list with commas, each item by `read`. */
function listOf<T>(flag: string, read: (text: string) => T): (text: string) => readonly T[] {
  return (text) => {
    const items = text.split(',').map((item) => item.trim());
    if (items.some((item) => item === '')) throw invalidOption(flag, 'a list with commas', text);
    return items.map(read);
  };
}

function strategyName(text: string): AnyStrategy['name'] {
  const found = strategies.find((name) => name === text);
  if (found !== undefined) return found;
  throw new OptionError(unknownMessage('--strategies', text, strategies));
}

function asIs(text: string): string {
  return text;
}
