// A sweep: strategies x budgets x policies x reward models as the fewest runs that tell of them all.
// Independent paths are sampled once at the largest budget and scored under every reward model, DVTS
// runs once for each reward model, beam search at each budget. Every run is a directory of its own.
import { join } from 'node:path';
import { invalidOption } from '../errors.js';
import { type AnyStrategy, type AutoPlan, auto, type EarlyStop } from '../search/auto-strategy.js';
import {
  type BeamSearchOptions,
  beamSearch,
  bestOfN,
  type DvtsOptions,
  dvts,
  greedy,
  majority,
  type Strategy,
} from '../search/strategy.js';
import type { VoteRule } from '../search/vote.js';
import type { Purpose } from './run-configuration.js';

/** What a sweep covers. */
export interface SweepOptions {
  readonly strategies: readonly AnyStrategy['name'][];
  /** Every N that is asked for, each >= 1. */
  readonly budgets: readonly number[];
  /** Names; a run's directory is made of them. */
  readonly policies: readonly string[];
  readonly rewards: readonly string[];
  /** How best-of-n, beam search and DVTS vote. */
  readonly rule?: VoteRule;
  /** Beyond the budget and the rule. */
  readonly trees?: Pick<DvtsOptions, 'width' | 'answers'> & Pick<BeamSearchOptions, 'completed'>;
  /** What `auto` goes by; it is run at each budget. */
  readonly auto?: { readonly plan: AutoPlan; readonly stop?: EarlyStop };
  /**
   * Samples a problem that tell how hard it is and serve nothing else.
   * @default none
   */
  readonly difficultySamples?: number;
}

/** One run of a sweep. */
export interface SweepRun {
  /** Below the sweep's own. */
  readonly directory: string;
  readonly policy: string;
  /** Undefined where none is called. */
  readonly reward: string | undefined;
  readonly strategy: AnyStrategy;
  readonly purpose: Purpose;
  /** Directory of the run whose paths are scored; undefined where paths are sampled. */
  readonly source?: string;
}

/**
 * The runs of a sweep, in an order in which every source comes before what scores it.
 * @throws OptionError on options that no strategy takes, and where nothing is asked for
 */
export function planSweep(options: SweepOptions): readonly SweepRun[] {
  const { strategies, policies, rewards } = options;
  checkNames('strategies', strategies);
  checkNames('policies', policies);
  checkNames('budgets', options.budgets.map(String));
  const needsReward = strategies.some((name) => name !== 'greedy' && name !== 'majority');
  if (needsReward) checkNames('rewards', rewards);
  return policies.flatMap((policy) => [
    ...sampledRuns(policy, options),
    ...rewards.flatMap((reward) => rewardedRuns(policy, reward, options)),
  ]);
}

/** Runs that call no reward model. */
function sampledRuns(policy: string, options: SweepOptions): readonly SweepRun[] {
  const { strategies, budgets, difficultySamples } = options;
  const run = (name: string, strategy: Strategy, purpose: Purpose = 'evaluation'): SweepRun => {
    return { directory: join(policy, name), policy, reward: undefined, strategy, purpose };
  };
  const largest = Math.max(...budgets);
  const runs: SweepRun[] = [];
  if (difficultySamples !== undefined) {
    const strategy = majority({ budget: difficultySamples });
    runs.push(run(`difficulty-${difficultySamples}`, strategy, 'difficulty'));
  }
  if (strategies.includes('greedy')) runs.push(run('greedy', greedy()));
  if (strategies.includes('majority') || strategies.includes('best-of-n')) {
    runs.push(run(`majority-${largest}`, majority({ budget: largest })));
  }
  return runs;
}

/** Runs of one policy with one reward model. */
function rewardedRuns(
  policy: string,
  reward: string,
  { strategies, budgets, rule = {}, trees = {}, auto: planned }: SweepOptions,
): readonly SweepRun[] {
  const run = (strategy: AnyStrategy & { readonly budget?: number }): SweepRun => {
    const directory = join(policy, reward, `${strategy.name}-${strategy.budget}`);
    return { directory, policy, reward, strategy, purpose: 'evaluation' };
  };
  const largest = Math.max(...budgets);
  const { width = 4, answers, completed } = trees;
  // A tree's budget is a multiple of its width; smaller ones are left to the other strategies.
  const treeBudgets = budgets.filter((budget) => budget % width === 0);
  const shape = { width, ...rule };
  const runs: SweepRun[] = [];
  if (strategies.includes('best-of-n')) {
    const source = join(policy, `majority-${largest}`);
    runs.push({ ...run(bestOfN({ budget: largest, ...rule })), source });
  }
  const wantsTrees = strategies.includes('dvts') || strategies.includes('beam-search');
  if (wantsTrees && treeBudgets.length === 0) {
    throw invalidOption('budgets', `with a multiple of the width ${width} for trees`, budgets);
  }
  if (strategies.includes('dvts')) {
    const budget = Math.max(...treeBudgets);
    runs.push(run(dvts({ budget, ...shape, ...(answers && { answers }) })));
  }
  if (strategies.includes('beam-search')) {
    for (const budget of treeBudgets) {
      runs.push(run(beamSearch({ budget, ...shape, ...(completed && { completed }) })));
    }
  }
  if (strategies.includes('auto')) {
    if (planned === undefined) throw invalidOption('plan', 'given for auto', planned);
    for (const budget of budgets) runs.push(run(auto({ ...planned, budget })));
  }
  return runs;
}

function checkNames(what: string, names: readonly string[]): void {
  if (names.length === 0) throw invalidOption(what, 'at least one', names);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalidOption(what, 'all different', twice);
}

/**
 * The part of a sweep's work that a run is, in sampled paths; scoring costs a part of sampling.
 * Good enough to say how much time is left.
 */
export function workOf({ strategy, source }: SweepRun, units: number): number {
  const paths = 'budget' in strategy ? (strategy.budget ?? 1) : 1;
  return units * paths * (source === undefined ? 1 : 0.3);
}
