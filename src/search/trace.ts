// What a search reports while it runs: enough to draw its tree as it grows.
// Events of one chain come in order; those of independent chains interleave as they complete.
import type { FinishReason } from '../engine/token-tree.js';
import type { Prediction } from './auto-strategy.js';
import type { PathId, StopReason, VoteClass } from './result.js';
import type { Strategy } from './strategy.js';

/** One event of a search. `path` and `parent` are stable path ids; the root's id is `''`. */
export type TraceEvent =
  | {
      readonly type: 'started';
      readonly strategy: string;
      readonly question: string;
      readonly promptTokens: number;
    }
  | {
      /** A child was sampled: a step, or in majority and Best-of-N a whole path. */
      readonly type: 'sampled';
      readonly path: PathId;
      readonly parent: PathId;
      /** Steps above this child. */
      readonly round: number;
      readonly text: string;
      /** Sampled tokens. */
      readonly tokens: number;
      /** Sum over the child's tokens, in nats. */
      readonly logProb: number;
      readonly finish: FinishReason;
    }
  | {
      /** A child is identical to an earlier sibling and shares its path from here on. */
      readonly type: 'merged';
      readonly path: PathId;
      readonly into: PathId;
    }
  | {
      /** The reward model scored the child's steps (one, but in Best-of-N all of the path). */
      readonly type: 'scored';
      readonly path: PathId;
      readonly scores: readonly number[];
      readonly margins: readonly number[];
    }
  | {
      /** A live path goes on into the next round. */
      readonly type: 'kept';
      readonly path: PathId;
      readonly round: number;
      /** Identical siblings that share this path, itself included. */
      readonly multiplicity: number;
    }
  | {
      /** `rank`: others were better. `cut`: a token limit ended the step, so it was dropped. */
      readonly type: 'pruned';
      readonly path: PathId;
      readonly round: number;
      readonly reason: 'rank' | 'cut';
    }
  | {
      readonly type: 'completed';
      readonly path: PathId;
      readonly answer: string | null;
      /** Identical siblings that share this path, itself included. */
      readonly multiplicity: number;
    }
  | {
      /** A path ended without being complete: depth, tokens, childless, or a limit of the search. */
      readonly type: 'incomplete';
      readonly path: PathId;
      readonly answer: string | null;
    }
  | {
      /**
       * `auto` has chosen. Paths reported before this are probes: the first paths of majority and
       * Best-of-N, and no part of a tree, whose path ids start anew.
       */
      readonly type: 'chosen';
      readonly strategy: Strategy;
      /** Null where there were no probes, or a limit cut them. */
      readonly prediction: Prediction | null;
    }
  | {
      readonly type: 'voted';
      /** Best first. */
      readonly classes: readonly VoteClass[];
    }
  | {
      readonly type: 'finished';
      readonly path: PathId;
      readonly answer: string | null;
      readonly stopReason: StopReason;
    };
