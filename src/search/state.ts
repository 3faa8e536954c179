// What one running search holds: its settings, prompts and keys, its account, what it owns in the
// engine, and the paths that have ended. Everything owned goes back in `close`.
import type { NodeId, TokenTree } from '../engine/token-tree.js';
import { invalidOption } from '../errors.js';
import { Account, flopsOf } from '../ledger.js';
import { rootPathKey, streamKeyOf } from '../random.js';
import type { EncodedSolution } from '../scoring/reward-format.js';
import { type Scored, Scorer } from '../scoring/scorer.js';
import { Allowance } from './allowance.js';
import { answerOf, type Branch, rootBranch } from './branch.js';
import type { Settings } from './options.js';
import { type Rule, ruleOf } from './rules.js';
import { Sampler } from './sampler.js';
import { Stop } from './stop.js';
import type { TraceEvent } from './trace.js';

/** A question as both models read it. */
export interface Prompts {
  readonly policy: readonly number[];
  readonly reward: EncodedSolution | undefined;
}

/** Encodes a question for both models. @throws OptionError where it leaves no room in a context */
export function encodePrompts(question: string, { policy, reward }: Settings): Prompts {
  const prompts = {
    policy: policy.encodePrompt(question),
    reward: reward?.format.begin(question),
  };
  checkLength(prompts.policy.length, policy.context, policy.name);
  if (reward && prompts.reward) {
    checkLength(prompts.reward.tokens.length, reward.context, reward.name);
  }
  return prompts;
}

function checkLength(tokens: number, context: number, model: string): void {
  if (tokens < context) return;
  const expected = `a text that leaves room in the ${context} tokens of ${model}'s context`;
  throw invalidOption('question', `${expected}, prompt included`, `${tokens} tokens`);
}

/** The state of one search. */
export class SearchState {
  readonly settings: Settings;
  readonly rule: Rule;
  readonly prompts: Prompts;
  readonly streamKey: bigint;
  readonly tree: TokenTree;
  readonly sampler: Sampler;
  readonly account: Account;
  readonly scorer: Scorer | undefined;
  readonly stop: Stop;
  readonly allowance: Allowance;
  /** Complete paths, and those that a limit cut short. */
  readonly ended: Branch[] = [];
  /** Whole paths being scored, by their tokens: identical ones share a score. */
  readonly pathScores: Map<string, Promise<Scored | 'dropped' | undefined>>;
  readonly #nodes: Set<NodeId>;

  /**
   * @param before what the search did under another strategy: its account, clock and holdings go on
   *   here, and still are its to close; its first `ended` chains are chains of this strategy too
   */
  constructor(
    settings: Settings,
    prompts: Prompts,
    before?: { readonly search: SearchState; readonly ended: number },
  ) {
    const { policy, reward } = settings;
    this.settings = settings;
    this.rule = ruleOf(settings.strategy);
    this.prompts = prompts;
    this.streamKey = streamKeyOf(settings.seed, prompts.policy);
    this.tree = policy.tree;
    const earlier = before?.search;
    this.account = earlier?.account ?? new Account(policy.cost, reward?.cost);
    this.scorer = reward && (earlier?.scorer ?? new Scorer(reward, this.account));
    this.#nodes = earlier === undefined ? new Set() : earlier.#nodes;
    this.pathScores = (this.scorer && earlier?.pathScores) ?? new Map();
    const { maxFlops } = settings;
    this.allowance = new Allowance(
      { maxTokens: settings.maxTokens - this.account.sampledTokens, maxFlops },
      this.rule.chains,
      this.#chainBound(),
      () => this.account.flops,
    );
    for (let chain = 0; chain < (before?.ended ?? 0); chain++) this.allowance.end(chain);
    this.stop = earlier?.stop ?? new Stop(settings.maxMilliseconds, settings.signal);
    const { temperature, topK, topP, minP } = settings;
    this.sampler = new Sampler(this.tree, {
      streamKey: this.streamKey,
      temperature,
      topK,
      topP,
      minP,
      signal: this.stop.signal,
      ...(this.rule.unit === 'step' && { delimiter: policy.delimiter }),
    });
  }

  /** What the prompt began of every path's text, as far as it matters to answers. */
  get opening(): string {
    return this.settings.policy.prompt.opensThought ? '<think>' : '';
  }

  /** Fills both prompts; undefined where a limit or the caller stops the search before that. */
  async open(): Promise<Branch | undefined> {
    const { policy, reward } = this.prompts;
    if (this.stop.signal.aborted) return undefined;
    if (!this.allowance.admits(this.#promptFlops())) {
      this.allowance.limit(0, 'flops');
      return undefined;
    }
    const { signal } = this.stop;
    const filling = [
      this.tree.extend(this.tree.root, policy, { signal }).then(({ node, computed }) => {
        this.own(node);
        this.account.promptFilled(policy.length, computed);
        return node;
      }),
      reward && this.scorer?.begin(reward, signal),
    ] as const;
    const [node, position] = await Promise.allSettled(filling);
    for (const outcome of [node, position]) {
      if (outcome.status === 'rejected') this.stop.absorb(outcome.reason);
    }
    if (node.status === 'rejected' || position.status === 'rejected') return undefined;
    return rootBranch(rootPathKey, node.value, position.value);
  }

  /** Tokens that a child of `branch` may sample, before any limit of the search. */
  roomBelow(branch: Branch): number {
    const path = this.#pathBound() - branch.length;
    return this.rule.unit === 'path' ? path : Math.min(this.settings.maxStepTokens, path);
  }

  /** Takes a node of the policy's tree over. */
  own(node: NodeId): void {
    this.#nodes.add(node);
  }

  /** Gives a node of the policy's tree back. */
  releaseNode(node: NodeId): void {
    this.#nodes.delete(node);
    this.tree.release(node);
  }

  /** Gives back what a branch holds in both trees; it cannot be extended after that. */
  release(branch: Branch): void {
    if (branch.node !== undefined) this.releaseNode(branch.node);
    if (branch.position !== undefined) this.scorer?.release(branch.position);
    branch.node = undefined;
    branch.position = undefined;
  }

  /** Records a path that has ended, complete or not. */
  end(branch: Branch): void {
    this.ended.push(branch);
    const { id: path, multiplicity } = branch;
    const answer = answerOf(branch, this.opening);
    if (branch.state === 'complete') this.emit({ type: 'completed', path, answer, multiplicity });
    else this.emit({ type: 'incomplete', path, answer });
  }

  /** Reports an event; what the caller's function throws ends the search with that error. */
  emit(event: TraceEvent): void {
    try {
      this.settings.onTrace?.(event);
    } catch (error) {
      this.stop.fail(error);
    }
  }

  /** Gives back everything that the search still holds; nothing may be in flight. */
  close(): void {
    this.stop.close();
    if (!this.settings.policy.isDisposed) {
      for (const node of this.#nodes) this.tree.release(node);
    }
    this.#nodes.clear();
    this.scorer?.close();
  }

  #promptFlops(): number {
    const { policy, reward } = this.settings;
    const own = flopsOf(policy.cost, 0, this.prompts.policy.length, 1);
    if (reward === undefined) return own;
    return own + flopsOf(reward.cost, 0, this.prompts.reward?.tokens.length ?? 0, 0);
  }

  /** Most sampled tokens of a path. */
  #pathBound(): number {
    const { policy, maxPathTokens } = this.settings;
    return Math.min(maxPathTokens, policy.context - this.prompts.policy.length);
  }

  /** Most tokens that one chain can sample. */
  #chainBound(): number {
    const path = this.#pathBound();
    if (this.rule.unit === 'path') return path;
    const { maxSteps, maxStepTokens } = this.settings;
    const children = Math.max(this.rule.rootChildren, this.rule.width);
    // A step has a token at least, so a path has no more steps than tokens.
    return children * Math.min(maxSteps, path) * Math.min(maxStepTokens, path);
  }
}
