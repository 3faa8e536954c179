// What the page's viewer is given of a search: shared by who writes the page and by the script in it,
// so nothing here may need more than a browser knows.
import type { BranchFate } from '../evaluation/tree-recorder.js';

/** One branch; branches are in depth-first order. */
export interface ViewedBranch {
  /** The path id, or of a path that was sampled whole the step's place on it. */
  readonly id: string;
  /** Index of the parent among the branches; -1: the root. */
  readonly parent: number;
  readonly text: string;
  readonly score: number | null;
  readonly multiplicity: number;
  /** Null for a step of a path that was sampled whole: nothing was decided there. */
  readonly fate: BranchFate | null;
  /** Whether it lies on the chosen path. */
  readonly chosen: boolean;
  /** Of a path that ended here; null elsewhere. */
  readonly ending: Ending | null;
  /** Where a path that was sampled whole ends; of its first step alone, so that it shows while closed. */
  readonly leadsTo: Ending | null;
}

export interface Ending {
  readonly answer: string | null;
  readonly isRight: boolean;
  readonly isComplete: boolean;
  /** Whether the strategy counts it among its answers. */
  readonly isAnswer: boolean;
}

export interface ViewedSearch {
  /** Index of its run in the report. */
  readonly run: number;
  readonly answer: string | null;
  readonly strict: boolean;
  readonly compat: boolean;
  readonly stopReason: string;
  readonly flops: number;
  readonly sampledTokens: number;
  readonly votes: readonly {
    readonly answer: string;
    readonly weight: number;
    readonly paths: number;
    readonly isRight: boolean;
  }[];
  /** False where the run recorded paths alone, so that pruned branches are missing. */
  readonly isWhole: boolean;
  readonly branches: readonly ViewedBranch[];
}

export interface ViewedProblem {
  readonly id: string;
  readonly level: number | null;
  readonly subject: string | null;
  readonly problem: string;
  readonly reference: string;
  readonly searches: readonly ViewedSearch[];
}
