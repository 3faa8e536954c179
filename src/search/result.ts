// What a search gives back: paths with their step scores, the votes, and why it stopped.
// Plain immutable data, safe to print as JSON; nothing in here owns native memory.
import type { Ledger } from '../ledger.js';
import type { Prediction } from './auto-strategy.js';
import type { Strategy } from './strategy.js';

/**
 * Position of a path in the search tree: the sibling index at every level from the root, joined by
 * dots (`'3.0.2'`). Paths are ordered by it, depth first; it never depends on order of completion.
 */
export type PathId = string;

/** Why a search ended. Everything but `'finished'` is a limit that was reached. */
export type StopReason = 'finished' | 'tokens' | 'flops' | 'milliseconds' | 'aborted';

/** One scored unit of a path. */
export interface Step {
  /** As sampled, its delimiter included. */
  readonly text: string;
  /** Logistic of `margin`, in double precision; null where no reward model scored it. */
  readonly score: number | null;
  /** The reward model's fp32 logit margin. */
  readonly margin: number | null;
}

/** A root-to-leaf list of steps. */
export interface SearchPath {
  readonly id: PathId;
  readonly steps: readonly Step[];
  /** All steps joined. */
  readonly text: string;
  /** Sampled policy tokens, the end-of-sequence token included. */
  readonly tokens: readonly number[];
  /** Sum of the tokens' log-probabilities at temperature 1, in nats. */
  readonly logProb: number;
  /** The final answer found in `text`, normalised; null where there is none. */
  readonly answer: string | null;
  /** Whether it ended by end-of-sequence or, in trees, holds a final answer. */
  readonly complete: boolean;
  /** Whether the strategy counts it among its answers; pruned complete paths are not. */
  readonly isAnswer: boolean;
  /** Identical siblings that share this path, itself included; votes count it so often. */
  readonly multiplicity: number;
  /** Aggregate of the step scores; null where there is no score. */
  readonly value: number | null;
}

/** The paths of one answer. */
export interface VoteClass {
  readonly answer: string;
  /** Votes (majority), best value (max) or sum of values (weighted). */
  readonly weight: number;
  /** Best member first. */
  readonly members: readonly PathId[];
}

/** What `auto` saw, predicted and chose. */
export interface AutoOutcome {
  /** Null where probes did not pay at the budget, or a limit cut them. */
  readonly prediction: Prediction | null;
  /** What was run. All else in the result is this strategy's own; the ledger has the probes too. */
  readonly chosen: Strategy;
  /** Paths after which the vote was decided; null where all were sampled. */
  readonly stoppedAt: number | null;
  /** In path order, scored. The first paths of majority and Best-of-N; of a tree no part. */
  readonly probes: readonly SearchPath[];
}

/** The outcome of one search. */
export interface SearchResult {
  /** Null where no path holds an answer. */
  readonly answer: string | null;
  /** The best path of the winning class; without an answer the best path there is, else an empty one. */
  readonly path: SearchPath;
  /** Every complete path, and every path that a limit cut short, in path order. */
  readonly paths: readonly SearchPath[];
  /** Answers by falling weight; the first one won. */
  readonly votes: readonly VoteClass[];
  readonly ledger: Ledger;
  readonly stopReason: StopReason;
  /** What to know before trusting it: models that were not made for each other. Usually empty. */
  readonly warnings: readonly string[];
  /** False for a result that the clock or an abort cut: running it again may give another. */
  readonly reproducible: boolean;
  /** With `auto` alone. */
  readonly auto?: AutoOutcome;
}
