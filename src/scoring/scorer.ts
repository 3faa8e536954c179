// Scores one search's paths: beside each path it keeps a node of the reward model's token tree, and
// each score runs the new tokens alone. Nothing is scored twice.
import type { NodeId } from '../engine/token-tree.js';
import { EngineError, expectedMessage } from '../errors.js';
import { type Account, flopsOf } from '../ledger.js';
import type { Reward } from './reward.js';
import { type EncodedSolution, scoreOf } from './reward-format.js';

/** Where a path stands in the reward model's tree. Its node is given back by `release`. */
export interface ScoredPosition {
  readonly solution: EncodedSolution;
  readonly node: NodeId;
}

/** Steps about to be scored: what it will take is known before it is spent. */
export interface ScoreRequest {
  readonly parent: ScoredPosition;
  readonly solution: EncodedSolution;
  /** Tokens of `solution` that the parent has run already. */
  readonly shared: number;
  /** Markers of the new steps, ascending indices into the solution's tokens. */
  readonly markers: readonly number[];
  readonly flops: number;
}

/** The outcome of a request. */
export interface Scored {
  /** Where further steps can be scored from; give it back with `release`. */
  readonly position: ScoredPosition;
  /** One per new step. */
  readonly margins: readonly number[];
  readonly scores: readonly number[];
}

/** The reward model's side of one search. */
export class Scorer {
  readonly #reward: Reward;
  readonly #account: Account;
  readonly #tree: Reward['tree'];
  readonly #owned = new Set<ScoredPosition>();

  constructor(reward: Reward, account: Account) {
    this.#reward = reward;
    this.#account = account;
    this.#tree = reward.tree;
  }

  /**
   * Fills the prompt, once, so that everything scored later shares it.
   * @throws EngineError
   */
  async begin(prompt: EncodedSolution, signal: AbortSignal): Promise<ScoredPosition> {
    const extension = await this.#tree.extend(this.#tree.root, prompt.tokens, { signal });
    this.#account.rewardPromptFilled(prompt.tokens.length, extension.computed);
    return this.#own(prompt, extension.node);
  }

  /**
   * Prepares to score as many of `steps` after `parent` as fit the reward model's context; runs
   * nothing. Undefined where none does.
   */
  prepare(parent: ScoredPosition, steps: readonly string[]): ScoreRequest | undefined {
    const { format, cost, context } = this.#reward;
    let solution = parent.solution;
    for (const step of steps) {
      const longer = format.append(solution, step);
      if (longer.tokens.length > context) break;
      solution = longer;
    }
    const markers = solution.markers.slice(parent.solution.markers.length);
    if (markers.length === 0) return undefined;
    const shared = commonPrefix(parent.solution.tokens, solution.tokens);
    const flops = flopsOf(cost, shared, solution.tokens.length, markers.length);
    return { parent, solution, shared, markers, flops };
  }

  /**
   * Runs the new tokens of a request whose parent is still held. Charged when called.
   * @throws EngineError, also where a head output is not a finite number
   */
  async score(request: ScoreRequest, signal: AbortSignal): Promise<Scored> {
    const { solution, shared, markers } = request;
    const { format } = this.#reward;
    this.#account.scored(shared, solution.tokens.length, markers.length);
    const extension = await this.#tree.extend(this.#tree.root, solution.tokens, {
      readAt: markers,
      signal,
    });
    const position = this.#own(solution, extension.node);
    this.#account.scoreComputed(extension.computed);
    const { heads } = extension; // [markers, headWidth]
    const margins = markers.map((_, row) => {
      const head = heads.subarray(row * format.headWidth, (row + 1) * format.headWidth);
      return finite(format.margin(head));
    });
    return { position, margins, scores: margins.map(scoreOf) };
  }

  /** Gives a position's node back; harmless where it was given back already. */
  release(position: ScoredPosition): void {
    if (this.#owned.delete(position)) this.#tree.release(position.node);
  }

  /** Gives back every node that is still held. */
  close(): void {
    if (!this.#reward.isDisposed) {
      for (const { node } of this.#owned) this.#tree.release(node);
    }
    this.#owned.clear();
  }

  #own(solution: EncodedSolution, node: NodeId): ScoredPosition {
    const position = { solution, node };
    this.#owned.add(position);
    return position;
  }
}

function finite(margin: number): number {
  if (Number.isFinite(margin)) return margin;
  throw new EngineError(expectedMessage("the reward model's margin", 'a finite number', margin));
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}
