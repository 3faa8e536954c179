// Whether a vote that is still being sampled is decided: for certain, or as good as. Pure.
import type { EarlyStop } from './auto-strategy.js';
import type { VoteClass } from './result.js';
import type { Aggregation, Vote } from './strategy.js';
import { tally, type VotingPath } from './vote.js';

/**
 * Numbers of paths after which to look, ascending, all below `budget`: the probes, then every eighth
 * of the budget. They depend on nothing that was sampled.
 */
export function looksOf(probes: number, budget: number): readonly number[] {
  const looks: number[] = [];
  const stride = Math.max(1, Math.ceil(budget / 8));
  for (let paths = probes; paths < budget; paths += stride) looks.push(paths);
  return looks;
}

/** Whether the vote over the paths so far stands, with `remaining` more to come. */
export function isVoteDecided(
  paths: readonly VotingPath[],
  { aggregation, vote }: { readonly aggregation: Aggregation; readonly vote: Vote },
  remaining: number,
  stop: EarlyStop,
): boolean {
  if (stop === 'never') return false;
  // Votes of incomplete paths fall as soon as one complete path holds an answer.
  if (!paths.some((path) => path.complete && path.isAnswer && path.answer !== null)) return false;
  const { votes } = tally(paths, aggregation, vote);
  if (isCertain(votes, vote, remaining)) return true;
  return stop !== 'certain' && leaderWins(votes, vote, remaining) >= stop.probability;
}

/**
 * Whether no further paths can change the winner: its lead exceeds what they can add. Every path adds
 * one vote at most, or a value of at most 1. Under `max` a single path can always win.
 */
export function isCertain(votes: readonly VoteClass[], vote: Vote, remaining: number): boolean {
  if (remaining === 0) return true;
  const [first, second] = leaders(votes);
  return vote !== 'max' && first - second > remaining * (1 + rounding);
}

// Sums of values may be off in their last digits, and order of addition must not matter.
const rounding = 1e-9;

/**
 * The probability that the leader wins the full vote, if each further path goes to it or to the
 * runner-up as a Beta(1 + its weight, 1 + the other's weight) variable says: the chance of a
 * beta-binomial number of votes that keeps it ahead. 0 under `max`. An estimate, not a promise.
 */
export function leaderWins(votes: readonly VoteClass[], vote: Vote, remaining: number): number {
  if (vote === 'max') return 0;
  const [first, second] = leaders(votes);
  const [alpha, beta] = [1 + first, 1 + second];
  // P(no vote for the leader), then each P(k + 1) from P(k).
  let chance = 1;
  for (let i = 0; i < remaining; i++) chance *= (beta + i) / (alpha + beta + i);
  let wins = 0;
  for (let k = 0; k <= remaining; k++) {
    if (first + k > second + remaining - k) wins += chance;
    chance *= ((remaining - k) / (k + 1)) * ((alpha + k) / (beta + remaining - k - 1));
  }
  return Math.min(1, wins);
}

function leaders(votes: readonly VoteClass[]): readonly [number, number] {
  return [votes[0]?.weight ?? 0, votes[1]?.weight ?? 0];
}
