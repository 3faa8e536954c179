// The options of a search: their meaning, their defaults, and the checks made before any work.
import { invalidOption, refuseUnknownKeys } from '../errors.js';
import { Reward } from '../scoring/reward.js';
import { type AutoSettings, resolveAuto } from './auto-settings.js';
import type { AnyStrategy } from './auto-strategy.js';
import { Policy } from './policy.js';
import { checkStrategy, type Strategy } from './strategy.js';
import type { TraceEvent } from './trace.js';

/** What a search may spend; running out is a `stopReason`, never an error. */
export interface SearchLimits {
  /**
   * Most tokens sampled from the policy, an integer >= 1. Never exceeded; the same in every run.
   * Paths and subtrees spend it in their order, the first ones first; they still run together while
   * it cannot bind, which a small `maxPathTokens` helps. The round it cuts is a tree's last.
   * @default no limit
   * @example 20_000
   */
  readonly tokens?: number;
  /**
   * Most floating-point operations, policy and reward model together, > 0. Never exceeded; the same
   * in every run. Independent paths and subtrees then run one after another.
   * @default no limit
   * @example 1e12
   */
  readonly flops?: number;
  /**
   * Most wall time in milliseconds, > 0. A result that it cuts has `reproducible: false`.
   * @default no limit
   * @example 5_000
   */
  readonly milliseconds?: number;
}

/** Options of `search`. */
export interface SearchOptions {
  /** Writes the steps. @example await loadPolicy('./llama-3.2-1b') */
  readonly policy: Policy;
  /**
   * Scores the steps. Beam search and DVTS need one, and so does Best-of-N unless its vote is
   * `majority`; greedy and majority do not call it.
   * @default none
   * @example await loadReward('./skywork-prm-1.5b')
   */
  readonly reward?: Reward;
  /** The method and its parameters. @example dvts({ budget: 64, width: 4 }) */
  readonly strategy: AnyStrategy;
  /**
   * Keys all random numbers, an integer from 0 to 2^53 - 1. The same seed gives the same search.
   * @default 0
   * @example 7
   */
  readonly seed?: number;
  /**
   * Sampling temperature, >= 0; 0 takes the likeliest token. Greedy is always 0.
   * @default the policy's (0.7, as the paper's)
   * @example 0.8
   */
  readonly temperature?: number;
  /**
   * Sample among the k likeliest tokens only; 0 for all of them.
   * @default 0
   * @example 50
   */
  readonly topK?: number;
  /**
   * Sample among the likeliest tokens that reach this probability together, in (0, 1].
   * @default the policy's (1)
   * @example 0.95
   */
  readonly topP?: number;
  /**
   * Sample among tokens at least this share as likely as the likeliest, in [0, 1).
   * @default 0
   * @example 0.05
   */
  readonly minP?: number;
  /**
   * Most steps of a path, in trees.
   * @default 40
   * @example 20
   */
  readonly maxSteps?: number;
  /**
   * Most tokens of a step, in trees; a longer child is dropped.
   * @default 2048
   * @example 256
   */
  readonly maxStepTokens?: number;
  /**
   * Most sampled tokens of a path; the model's context bounds it too.
   * @default the policy's (8192)
   * @example 1024
   */
  readonly maxPathTokens?: number;
  /** What the search may spend. @default no limits */
  readonly limits?: SearchLimits;
  /**
   * Ends the search early: it resolves with the best answer so far and `stopReason: 'aborted'`.
   * @example AbortSignal.timeout(10_000)
   */
  readonly signal?: AbortSignal;
  /**
   * Called with every event of the search, synchronously. What it throws rejects the search.
   * @example (event) => console.error(event)
   */
  readonly onTrace?: (event: TraceEvent) => void;
}

/** Options with every default filled in. */
export interface Settings {
  readonly policy: Policy;
  /** Present only where the strategy calls it. */
  readonly reward: Reward | undefined;
  /** With `auto` that of its probes. */
  readonly strategy: Strategy;
  readonly auto: AutoSettings | undefined;
  readonly seed: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly maxSteps: number;
  readonly maxStepTokens: number;
  readonly maxPathTokens: number;
  /** Infinity: no limit. */
  readonly maxTokens: number;
  readonly maxFlops: number;
  readonly maxMilliseconds: number;
  readonly signal: AbortSignal | undefined;
  readonly onTrace: ((event: TraceEvent) => void) | undefined;
}

const keys = [
  'policy',
  'reward',
  'strategy',
  'seed',
  'temperature',
  'topK',
  'topP',
  'minP',
  'maxSteps',
  'maxStepTokens',
  'maxPathTokens',
  'limits',
  'signal',
  'onTrace',
];

/**
 * Checks every option and fills in defaults; changes nothing.
 * @throws OptionError on the first bad or unknown option
 */
export function resolveOptions(options: SearchOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('options', 'an object', options);
  }
  refuseUnknownKeys('an option of search', options as unknown as Record<string, unknown>, keys);
  const { policy, reward, signal, onTrace } = options;
  if (!(policy instanceof Policy)) throw invalidOption('policy', 'made by loadPolicy()', policy);
  if (reward !== undefined && !(reward instanceof Reward)) {
    throw invalidOption('reward', 'made by loadReward()', reward);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('signal', 'an AbortSignal', signal);
  }
  if (onTrace !== undefined && typeof onTrace !== 'function') {
    throw invalidOption('onTrace', 'a function', onTrace);
  }
  const limits = resolveLimits(options.limits);
  const planned = resolveAuto(options);
  const strategy = planned?.probing ?? checkStrategy(options.strategy);
  return {
    policy,
    reward: rewardFor(strategy, reward),
    strategy,
    auto: planned,
    seed: integer('seed', options.seed, 0, 0),
    ...resolveSampling(options, strategy, policy),
    maxSteps: integer('maxSteps', options.maxSteps, 1, 40),
    maxStepTokens: integer('maxStepTokens', options.maxStepTokens, 1, 2048),
    maxPathTokens: integer(
      'maxPathTokens',
      options.maxPathTokens,
      1,
      policy.defaults.maxPathTokens,
    ),
    ...limits,
    signal,
    onTrace,
  };
}

/** Checks a question. @throws OptionError on anything but a text that is not blank */
export function checkQuestion(question: unknown): string {
  if (typeof question === 'string' && question.trim() !== '') return question;
  throw invalidOption('question', 'a text that is not blank', question);
}

/** The settings of a strategy that `auto` has chosen. */
export function settingsOf(settings: Settings, strategy: Strategy): Settings {
  const reward = rewardFor(strategy, settings.reward);
  const temperature = strategy.name === 'greedy' ? 0 : settings.temperature;
  return { ...settings, strategy, reward, temperature };
}

function rewardFor(strategy: Strategy, reward: Reward | undefined): Reward | undefined {
  if (strategy.name === 'greedy' || strategy.name === 'majority') return undefined;
  if (reward !== undefined) return reward;
  if (strategy.name === 'best-of-n' && strategy.vote === 'majority') return undefined;
  const why = strategy.name === 'best-of-n' ? `the vote '${strategy.vote}'` : strategy.name;
  throw invalidOption('reward', `made by loadReward(), as ${why} needs one`, reward);
}

function resolveSampling(
  options: SearchOptions,
  strategy: Strategy,
  policy: Policy,
): Pick<Settings, 'temperature' | 'topK' | 'topP' | 'minP'> {
  const { defaults } = policy;
  const isGreedy = strategy.name === 'greedy';
  const temperature = number('temperature', options.temperature, 'a number >= 0', (n) => n >= 0);
  if (isGreedy && temperature !== undefined && temperature !== 0) {
    throw invalidOption('temperature', '0 with greedy()', temperature);
  }
  const topP = number('topP', options.topP, 'a number in (0, 1]', (n) => n > 0 && n <= 1);
  const minP = number('minP', options.minP, 'a number in [0, 1)', (n) => n >= 0 && n < 1);
  return {
    temperature: isGreedy ? 0 : (temperature ?? defaults.temperature),
    topK: integer('topK', options.topK, 0, 0),
    topP: topP ?? defaults.topP,
    minP: minP ?? 0,
  };
}

function resolveLimits(
  limits: SearchLimits | undefined,
): Pick<Settings, 'maxTokens' | 'maxFlops' | 'maxMilliseconds'> {
  if (limits === undefined) {
    return { maxTokens: Infinity, maxFlops: Infinity, maxMilliseconds: Infinity };
  }
  if (typeof limits !== 'object' || limits === null) {
    throw invalidOption('limits', 'an object', limits);
  }
  const given = limits as Record<string, unknown>;
  refuseUnknownKeys('a limit', given, ['tokens', 'flops', 'milliseconds']);
  const isPositive = (n: number) => n > 0;
  const { flops, milliseconds } = limits;
  return {
    maxTokens: limits.tokens === undefined ? Infinity : integer('tokens', limits.tokens, 1, 1),
    maxFlops: number('flops', flops, 'a number > 0', isPositive) ?? Infinity,
    maxMilliseconds: number('milliseconds', milliseconds, 'a number > 0', isPositive) ?? Infinity,
  };
}

function integer(name: string, value: unknown, least: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalidOption(name, `an integer >= ${least}`, value);
}

function number(
  name: string,
  value: unknown,
  expected: string,
  isAllowed: (n: number) => boolean,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isFinite(value) && isAllowed(value)) return value;
  throw invalidOption(name, expected, value);
}
