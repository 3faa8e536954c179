// A plan: for a policy and a reward model, which strategy at which N to run, by difficulty and by
// budget. Fitted on calibration problems alone (DESIGN §7).
import { type Arm, costedInTokens } from './arm.js';
import { chooseByBudget, chooseByFlops, type Step, stepAt } from './choice.js';
import { type Bin, bins, groupByBin } from './difficulty.js';

/** Calibration problems below which a bin uses the whole set's choice. */
export const leastBinProblems = 30;

/** What to run for the problems of one bin. */
export interface BinPlan {
  /** Calibration problems in the bin. */
  readonly problems: number;
  /** `all` where the bin is too small to choose by. */
  readonly chosenOn: Bin | 'all';
  /** By rising FLOPs a search. */
  readonly byFlops: readonly Step[];
  /** By rising sampled tokens a search; costs are tokens. */
  readonly byTokens: readonly Step[];
  /** By rising N. */
  readonly byBudget: readonly Step[];
}

/** The plan for a policy and a reward model. */
export interface Plan {
  readonly policy: string;
  readonly reward: string;
  /** Over all calibration problems, whatever their difficulty. */
  readonly all: BinPlan;
  readonly bins: { readonly [B in Bin]: BinPlan };
}

/**
 * Fits a plan to the arms of one policy with one reward model (arms that call none among them).
 * @throws RangeError of no arms, no problems, or problems without an outcome or a bin
 */
export function fitPlan(
  { policy, reward }: Pick<Plan, 'policy' | 'reward'>,
  arms: readonly Arm[],
  problems: readonly string[],
  binOfProblem: ReadonlyMap<string, Bin>,
): Plan {
  const inTokens = arms.map(costedInTokens);
  const planFor = (chosenOn: Bin | 'all', own: readonly string[]): BinPlan => ({
    problems: own.length,
    chosenOn,
    byFlops: chooseByFlops(arms, own),
    byTokens: chooseByFlops(inTokens, own),
    byBudget: chooseByBudget(arms, own),
  });
  const all = planFor('all', problems);
  const groups = groupByBin(problems, binOfProblem);
  const fitted = bins.map((bin): [Bin, BinPlan] => {
    const own = groups[bin];
    if (own.length < leastBinProblems) return [bin, { ...all, problems: own.length }];
    return [bin, planFor(bin, own)];
  });
  return { policy, reward, all, bins: Object.fromEntries(fitted) as Plan['bins'] };
}

/** The lists of a plan, by what a budget is in. */
export type BudgetList = 'byFlops' | 'byTokens' | 'byBudget';

/**
 * What a plan runs for a problem of a bin at a budget; where not even the bin's cheapest fits,
 * what it runs for all. Undefined where nothing fits.
 */
export function chosenFor(
  plan: Plan,
  bin: Bin | 'all',
  amount: number,
  by: BudgetList = 'byFlops',
): Step | undefined {
  const own = bin === 'all' ? plan.all : plan.bins[bin];
  return stepAt(own[by], amount) ?? stepAt(plan.all[by], amount);
}

/** A name for a policy with a reward model, equal for equal pairs. */
export function pairName({ policy, reward }: Pick<Plan, 'policy' | 'reward'>): string {
  return JSON.stringify([policy, reward]);
}

/** Every pair of policy and reward model, with the arms that it can run. */
export function pairsOf(
  arms: readonly Arm[],
): readonly { readonly policy: string; readonly reward: string; readonly arms: readonly Arm[] }[] {
  const names = new Map<string, { policy: string; reward: string }>();
  for (const { policy, reward } of arms) {
    if (reward !== null) names.set(pairName({ policy, reward }), { policy, reward });
  }
  return [...names.values()].map(({ policy, reward }) => ({
    policy,
    reward,
    arms: arms.filter((arm) => {
      return arm.policy === policy && (arm.reward === reward || arm.reward === null);
    }),
  }));
}
