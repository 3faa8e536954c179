// The vote: which answer a set of paths gives, and which of its paths is the best.
// Pure; the order of the paths given does not matter, only their ids, scores and multiplicities.
import { expectedMessage, OptionError, refuseUnknownKeys } from '../errors.js';
import { groupAnswers } from './answer.js';
import { comparePathIds } from './path-id.js';
import type { SearchPath, Step, VoteClass } from './result.js';
import { type Aggregation, checkVoteRule, type Vote } from './strategy.js';

/** How a vote is cast. */
export interface VoteRule {
  /**
   * How the step scores of a path become its value.
   * @default 'last'
   */
  readonly aggregation?: Aggregation;
  /**
   * How the answer is chosen.
   * @default 'weighted'
   */
  readonly vote?: Vote;
}

/** What a vote looks at in a path. */
export type VotingPath = Pick<
  SearchPath,
  'id' | 'steps' | 'answer' | 'complete' | 'isAnswer' | 'multiplicity'
>;

/** What a vote decided. */
export interface VoteOutcome<P extends VotingPath = SearchPath> {
  /** Null where no path holds an answer. */
  readonly answer: string | null;
  /** The best path of the winning class; without one, the best path given; null of none. */
  readonly path: P | null;
  /** By falling weight; the first one won. */
  readonly votes: readonly VoteClass[];
}

/**
 * Votes among the answers of a finished search, by another rule than its own if need be.
 * Complete paths vote; only where none of them holds an answer, incomplete ones do.
 * @throws OptionError on a bad rule, or one that needs scores where no path has any
 * @example castVote(result.paths, { aggregation: 'min', vote: 'max' })
 */
export function castVote(paths: readonly SearchPath[], rule: VoteRule = {}): VoteOutcome {
  refuseUnknownKeys('an option of castVote', rule as Record<string, unknown>, [
    'aggregation',
    'vote',
  ]);
  const { aggregation, vote } = checkVoteRule(rule as Record<string, unknown>);
  const hasScores = paths.some((path) => path.steps.some((step) => step.score !== null));
  if (paths.length > 0 && !hasScores && vote !== 'majority') {
    throw new OptionError(expectedMessage('vote', "'majority' for paths without scores", vote));
  }
  return tally(paths, aggregation, vote);
}

/** The vote itself, for rules and paths that were checked; `group` says which answers are one. */
export function tally<P extends VotingPath>(
  paths: readonly P[],
  aggregation: Aggregation,
  vote: Vote,
  group: typeof groupAnswers = groupAnswers,
): VoteOutcome<P> {
  const ranked = rankPaths(paths, aggregation);
  const answers = ranked.filter(({ path }) => path.isAnswer);
  const holding = answers.filter(({ path }) => path.answer !== null);
  const complete = holding.filter(({ path }) => path.complete);
  const candidates = complete.length > 0 ? complete : holding;
  const classes = group(candidates, ({ path }) => path.answer ?? '').map((members) => ({
    members,
    weight: weigh(members, vote),
  }));
  // Members are in order of merit, and so are equal classes by their best members: the sort is stable.
  classes.sort((a, b) => b.weight - a.weight);
  const winner = classes[0]?.members[0]?.path;
  const fallback = answers.find(({ path }) => path.complete) ?? answers[0] ?? ranked[0];
  return {
    answer: winner?.answer ?? null,
    path: winner ?? fallback?.path ?? null,
    votes: classes.map(({ members, weight }) => ({
      answer: members[0]?.path.answer ?? '',
      weight,
      members: members.map(({ path }) => path.id),
    })),
  };
}

/** Paths with their values, best first: every tie of a vote goes by this order. */
export function rankPaths<P extends VotingPath>(
  paths: readonly P[],
  aggregation: Aggregation,
): readonly RankedPath<P>[] {
  return paths
    .map((path) => ({ path, value: aggregate(path.steps, aggregation), margin: lastMargin(path) }))
    .sort(byMerit);
}

/** One value from the scores of a path's steps; null where none was scored. */
export function aggregate(steps: readonly Step[], aggregation: Aggregation): number | null {
  const scores = steps.flatMap((step) => (step.score === null ? [] : [step.score]));
  if (scores.length === 0) return null;
  switch (aggregation) {
    case 'min':
      return Math.min(...scores);
    case 'last':
      return scores.at(-1) ?? null;
    case 'mean':
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    case 'product':
      return scores.reduce((product, score) => product * score, 1);
  }
}

/** A path with what ranks it. */
export interface RankedPath<P extends VotingPath = VotingPath> {
  readonly path: P;
  /** Aggregate of its step scores. */
  readonly value: number | null;
  /** Of its last scored step. */
  readonly margin: number | null;
}

/** Every tie of DESIGN §6: higher value if scored, then last margin, then path order. */
function byMerit(a: RankedPath, b: RankedPath): number {
  return (
    descending(a.value, b.value) ||
    descending(a.margin, b.margin) ||
    comparePathIds(a.path.id, b.path.id)
  );
}

function descending(a: number | null, b: number | null): number {
  const x = a ?? -Infinity;
  const y = b ?? -Infinity;
  return x === y ? 0 : y > x ? 1 : -1;
}

function lastMargin(path: VotingPath): number | null {
  return path.steps.findLast((step) => step.margin !== null)?.margin ?? null;
}

/** Weight of a class. Sums run in path order, so that they round alike in every run. */
function weigh(members: readonly RankedPath[], vote: Vote): number {
  const inOrder = [...members].sort((a, b) => comparePathIds(a.path.id, b.path.id));
  switch (vote) {
    case 'majority':
      return inOrder.reduce((sum, { path }) => sum + path.multiplicity, 0);
    case 'weighted':
      return inOrder.reduce((sum, { path, value }) => sum + path.multiplicity * (value ?? 0), 0);
    case 'max':
      return Math.max(...members.map(({ value }) => value ?? 0));
  }
}
