// A branch: one sampled run at its place in a search's tree, with what it and its ancestors add up to.
// Ranking and the conversion to public paths live here; what becomes of branches is rules.ts.
import type { NodeId } from '../engine/token-tree.js';
import type { ScoredPosition } from '../scoring/scorer.js';
import { extractAnswer } from './answer.js';
import { comparePathIds, rootId } from './path-id.js';
import type { PathId, SearchPath, Step } from './result.js';
import type { Aggregation } from './strategy.js';
import { aggregate } from './vote.js';

/** `cut`: a token limit ended it. `live`: it can go on. */
export type BranchState = 'live' | 'complete' | 'cut';

/** Immutable, but for the nodes, which go when they are released. */
export interface Branch {
  readonly id: PathId;
  /** Keys its children's random numbers. */
  readonly key: bigint;
  readonly parent: Branch | undefined;
  readonly state: BranchState;
  /** The steps that this run adds. */
  readonly steps: readonly Step[];
  /** The text of the whole path. */
  readonly text: string;
  /** This run's own tokens. */
  readonly tokens: Int32Array;
  /** Sampled tokens of the whole path. */
  readonly length: number;
  /** Sum over the whole path, in nats. */
  readonly logProb: number;
  /** The last margin on the path; -Infinity where nothing was scored. */
  readonly margin: number;
  readonly multiplicity: number;
  /** In the policy's tree; present while it can be extended. */
  node: NodeId | undefined;
  /** In the reward model's tree; likewise. */
  position: ScoredPosition | undefined;
}

/** The empty path that every search starts from. */
export function rootBranch(key: bigint, node?: NodeId, position?: ScoredPosition): Branch {
  return {
    id: rootId,
    key,
    parent: undefined,
    state: 'live',
    steps: [],
    text: '',
    tokens: new Int32Array(0),
    length: 0,
    logProb: 0,
    margin: -Infinity,
    multiplicity: 1,
    node,
    position,
  };
}

/** Best first by last margin; ties by value, then by path order (DESIGN §6). */
export function rank(branches: readonly Branch[], aggregation: Aggregation): readonly Branch[] {
  const worth = (branch: Branch) => aggregate(stepsOf(branch), aggregation) ?? -Infinity;
  return [...branches].sort((a, b) => {
    if (a.margin !== b.margin) return b.margin > a.margin ? 1 : -1;
    const [valueA, valueB] = [worth(a), worth(b)];
    if (valueA !== valueB) return valueB > valueA ? 1 : -1;
    return comparePathIds(a.id, b.id);
  });
}

/** The branch as callers see it. */
export function toSearchPath(
  branch: Branch,
  isAnswer: boolean,
  aggregation: Aggregation,
  opening: string,
): SearchPath {
  const steps = stepsOf(branch);
  return {
    id: branch.id,
    steps,
    text: branch.text,
    tokens: lineage(branch).flatMap((run) => Array.from(run.tokens)),
    logProb: branch.logProb,
    answer: answerOf(branch, opening),
    complete: branch.state === 'complete',
    isAnswer,
    multiplicity: branch.multiplicity,
    value: aggregate(steps, aggregation),
  };
}

/** The answer a branch holds, or null. `opening`: what the prompt began of the path's text. */
export function answerOf(branch: Branch, opening: string): string | null {
  return extractAnswer(opening + branch.text, branch.state === 'complete');
}

function stepsOf(branch: Branch): readonly Step[] {
  return lineage(branch).flatMap((run) => run.steps);
}

/** From the root down to the branch. */
function lineage(branch: Branch): readonly Branch[] {
  const runs: Branch[] = [];
  for (let at: Branch | undefined = branch; at !== undefined; at = at.parent) runs.push(at);
  return runs.reverse();
}
