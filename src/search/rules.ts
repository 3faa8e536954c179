// What tells the strategies apart: how many chains, how many children, and which of them go on.
// A rule sees scored branches and answers with branches; the loop does the rest.
import { type Branch, rank } from './branch.js';
import type { Aggregation, BeamSearchStrategy, DvtsStrategy, Strategy, Vote } from './strategy.js';

/** What a rule decided about one round. */
export interface Selection {
  /** Best first. Live children that are not named are pruned. */
  readonly live: readonly Branch[];
  /** No further round: the live ones that are left are pruned. */
  readonly isDone: boolean;
}

/** One chain's decisions, round by round. */
export interface ChainRule {
  /** `children` are distinct, complete or live, in path order; none that a limit cut. */
  select(children: readonly Branch[]): Selection;
  /** The complete branches that count as answers, once the chain has ended. */
  answers(): readonly Branch[];
}

/** A strategy as the loop runs it. */
export interface Rule {
  /** Independent chains; nothing waits for another chain. */
  readonly chains: number;
  /** Children that each chain samples from the root. */
  readonly rootChildren: number;
  /** Children of every later expansion. */
  readonly width: number;
  /** What a child is: a step, or a path to its end, which is then never dropped. */
  readonly unit: 'step' | 'path';
  readonly aggregation: Aggregation;
  readonly vote: Vote;
  begin(): ChainRule;
}

/** The rule of a strategy. */
export function ruleOf(strategy: Strategy): Rule {
  switch (strategy.name) {
    case 'greedy':
      return independent(1, 'last', 'majority');
    case 'majority':
      return independent(strategy.budget, 'last', 'majority');
    case 'best-of-n':
      return independent(strategy.budget, strategy.aggregation, strategy.vote);
    case 'beam-search':
      return beams(strategy);
    case 'dvts':
      return subtrees(strategy);
  }
}

/** Every path is a chain of its own, sampled to its end in one round. */
function independent(budget: number, aggregation: Aggregation, vote: Vote): Rule {
  const begin = (): ChainRule => {
    let ended: readonly Branch[] = [];
    return {
      select(children) {
        ended = children;
        return { live: [], isDone: true };
      },
      answers: () => ended,
    };
  };
  return { chains: budget, rootChildren: 1, width: 1, unit: 'path', aggregation, vote, begin };
}

/** One chain of N/M beams. */
function beams(strategy: BeamSearchStrategy): Rule {
  const { budget, width, aggregation, vote } = strategy;
  const places = budget / width;
  const begin = () =>
    strategy.completed === 'hold' ? hold(places, aggregation) : refill(places, budget, aggregation);
  return { chains: 1, rootChildren: budget, width, unit: 'step', aggregation, vote, begin };
}

/** Complete children compete with live ones; what they win they hold, what they lose is pruned. */
function hold(places: number, aggregation: Aggregation): ChainRule {
  const held: Branch[] = [];
  return {
    select(children) {
      const winners = rank(children, aggregation).slice(0, places - held.length);
      held.push(...winners.filter((branch) => branch.state === 'complete'));
      const live = winners.filter((branch) => branch.state === 'live');
      return { live, isDone: held.length === places };
    },
    answers: () => held,
  };
}

/** Complete children are all collected; live ones alone compete. */
function refill(places: number, budget: number, aggregation: Aggregation): ChainRule {
  const collected: Branch[] = [];
  return {
    select(children) {
      collected.push(...children.filter((branch) => branch.state === 'complete'));
      const live = rank(
        children.filter((branch) => branch.state === 'live'),
        aggregation,
      ).slice(0, places);
      return { live, isDone: collected.length >= budget };
    },
    answers: () => rank(collected, aggregation).slice(0, budget),
  };
}

/** N/M chains that each follow their best child, and end when it is complete. */
function subtrees(strategy: DvtsStrategy): Rule {
  const { budget, width, aggregation, vote, answers } = strategy;
  const begin = (): ChainRule => {
    let found: readonly Branch[] = [];
    return {
      select(children) {
        const [best] = rank(children, aggregation);
        if (best === undefined) return { live: [], isDone: true };
        if (best.state === 'live') return { live: [best], isDone: false };
        const siblings = children.filter((branch) => branch.state === 'complete');
        found = answers === 'best' ? [best] : siblings;
        return { live: [], isDone: true };
      },
      answers: () => found,
    };
  };
  const chains = budget / width;
  return { chains, rootChildren: width, width, unit: 'step', aggregation, vote, begin };
}
