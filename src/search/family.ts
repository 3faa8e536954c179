// The children of one branch in one round: sampled together, identical siblings merged, each kind
// scored once and as soon as it is there.
import type { ChildRequest, SampledRun } from '../engine/token-tree.js';
import { childPathKey } from '../random.js';
import type { Scored } from '../scoring/scorer.js';
import type { Grant } from './allowance.js';
import { closesAnswer } from './answer.js';
import type { Branch, BranchState } from './branch.js';
import { childId } from './path-id.js';
import type { PathId, Step } from './result.js';
import type { SearchState } from './state.js';
import { splitSteps } from './steps.js';

/** Where in its search a round stands. */
export interface Round {
  readonly chain: number;
  /** Steps above the children. */
  readonly round: number;
  /** Children of each branch. */
  readonly children: number;
  /** Sibling index of the first one; chains share the root and number its children through. */
  readonly firstSibling: number;
}

/** A run with its text. */
interface Draw {
  readonly sibling: number;
  readonly run: SampledRun;
  readonly text: string;
}

/** What came of scoring: `dropped` where a limit forbade it, undefined where there was nothing to
 * score or the search was stopped. */
type Scoring = Scored | 'dropped' | undefined;

/** Identical siblings, and what scoring them once will give. */
interface Kind extends Draw {
  readonly siblings: number[];
  readonly state: BranchState;
  readonly stepTexts: readonly string[];
  readonly scoring: Promise<Scoring>;
}

/** The children of one branch. */
export class Family {
  readonly #search: SearchState;
  readonly #parent: Branch;
  readonly #round: Round;
  readonly #grant: Grant;
  readonly #room: number;
  readonly #kinds = new Map<string, Kind>();
  #draws: readonly Promise<Draw | undefined>[] = [];

  constructor(search: SearchState, parent: Branch, round: Round, grant: Grant) {
    this.#search = search;
    this.#parent = parent;
    this.#round = round;
    this.#grant = grant;
    this.#room = search.roomBelow(parent);
  }

  /** Queues the children; one promise each, that never rejects. */
  sample(): readonly Promise<unknown>[] {
    const { sampler, account, prompts } = this.#search;
    const { node, key, length } = this.#parent;
    const { children, firstSibling, round } = this.#round;
    if (node === undefined) return [];
    const maxTokens = Math.min(this.#room, this.#grant.cap);
    const requests = Array.from({ length: children }, (_, index): ChildRequest => {
      return { pathKey: childPathKey(key, round, firstSibling + index), maxTokens };
    });
    this.#draws = sampler
      .sample(node, requests)
      .map((run, index) => this.#receive(run, firstSibling + index));
    if (length > 0) account.continued(prompts.policy.length + length);
    return this.#draws;
  }

  /** Merges and scores the children as they come; after `gate`, in path order. Never rejects. */
  async mature(gate: Promise<unknown> | undefined): Promise<readonly Branch[]> {
    const classified = this.#draws.map(async (drawing) => {
      const draw = await (gate === undefined ? drawing : gate.then(() => drawing));
      if (draw !== undefined) this.#classify(draw);
    });
    await Promise.all(classified);
    const kinds = [...this.#kinds.values()];
    for (const kind of kinds) kind.siblings.sort((a, b) => a - b);
    kinds.sort((a, b) => first(a) - first(b));
    const children = await Promise.all(kinds.map((kind) => this.#settle(kind)));
    return children.filter((child) => child !== undefined);
  }

  /** Takes a sampled run over and charges it. */
  async #receive(sampling: Promise<SampledRun>, sibling: number): Promise<Draw | undefined> {
    const { stop, account, allowance, prompts, settings } = this.#search;
    try {
      const run = await sampling;
      this.#search.own(run.node);
      account.sampled(prompts.policy.length + this.#parent.length, run.tokens.length);
      allowance.spend(this.#round.chain, run.tokens.length);
      const text = settings.policy.decode(run.tokens);
      this.#search.emit({
        type: 'sampled',
        path: this.#idOf(sibling),
        parent: this.#parent.id,
        round: this.#round.round,
        text,
        tokens: run.tokens.length,
        logProb: sum(run.logProbs),
        finish: run.finish,
      });
      return { sibling, run, text };
    } catch (error) {
      stop.absorb(error);
      return undefined;
    }
  }

  /** Puts a draw with its identical siblings; the first to come of a kind is scored. */
  #classify({ sibling, run, text }: Draw): void {
    const { rule, allowance } = this.#search;
    if (run.finish === 'length' && this.#grant.cap < this.#room) {
      allowance.limit(this.#round.chain, this.#grant.limit ?? 'tokens');
    }
    const tokens = run.tokens.join();
    // Whole paths are never merged; each has a name of its own.
    const name = rule.unit === 'path' ? String(sibling) : tokens;
    const known = this.#kinds.get(name);
    const state = this.#stateOf(run, text);
    // What cannot be extended needs its tokens' cache no longer.
    if (known !== undefined || state !== 'live') this.#search.releaseNode(run.node);
    if (known !== undefined) {
      known.siblings.push(sibling);
      return;
    }
    const stepTexts = this.#stepTexts(text, state);
    const scoring = this.#score(tokens, stepTexts);
    this.#kinds.set(name, { siblings: [sibling], sibling, run, text, state, stepTexts, scoring });
  }

  #stateOf(run: SampledRun, text: string): BranchState {
    if (run.finish === 'eos') return 'complete';
    if (run.finish === 'length') return 'cut';
    const above = this.#search.opening + this.#parent.text;
    return closesAnswer(above + text, above.length) ? 'complete' : 'live';
  }

  /** The steps that a run adds: none in a blank ending, none in a step that is dropped. */
  #stepTexts(text: string, state: BranchState): readonly string[] {
    const { rule, settings } = this.#search;
    if (rule.unit === 'path') return splitSteps(text, settings.policy.delimiter);
    return state === 'cut' || text.trim() === '' ? [] : [text];
  }

  /** Scores steps; identical whole paths share a score, whichever chains they are in. */
  #score(tokens: string, steps: readonly string[]): Promise<Scoring> {
    const { rule, pathScores } = this.#search;
    if (rule.unit === 'step') return this.#scoreSteps(steps);
    const known = pathScores.get(tokens);
    if (known !== undefined) return known;
    const scoring = this.#scoreSteps(steps);
    pathScores.set(tokens, scoring);
    return scoring;
  }

  /** Never rejects. */
  async #scoreSteps(steps: readonly string[]): Promise<Scoring> {
    const { scorer, stop, allowance } = this.#search;
    const { position } = this.#parent;
    if (scorer === undefined || position === undefined || steps.length === 0) return undefined;
    try {
      const request = scorer.prepare(position, steps);
      if (request === undefined) return 'dropped';
      if (!allowance.admits(request.flops)) {
        allowance.limit(this.#round.chain, 'flops');
        return 'dropped';
      }
      return await scorer.score(request, stop.signal);
    } catch (error) {
      stop.absorb(error);
      return undefined;
    }
  }

  /** The branch of a kind, once it is scored; undefined where the search stopped before that. */
  async #settle(kind: Kind): Promise<Branch | undefined> {
    const { rule, scorer } = this.#search;
    const { run, siblings, stepTexts } = kind;
    const id = this.#idOf(first(kind));
    for (const other of siblings.slice(1)) {
      this.#search.emit({ type: 'merged', path: this.#idOf(other), into: id });
    }
    const outcome = await kind.scoring;
    const scored = outcome === 'dropped' ? undefined : outcome;
    const steps = stepsOf(stepTexts, scored);
    const isWholly = scorer === undefined || steps.every((step) => step.margin !== null);
    const isStopped = outcome === undefined && !isWholly;
    if (isStopped && rule.unit === 'step') {
      if (kind.state === 'live') this.#search.releaseNode(run.node);
      return undefined;
    }
    if (scored) {
      this.#search.emit({
        type: 'scored',
        path: id,
        scores: scored.scores,
        margins: scored.margins,
      });
    }
    const state = isWholly || isStopped ? kind.state : 'cut';
    const branch: Branch = {
      id,
      key: childPathKey(this.#parent.key, this.#round.round, first(kind)),
      parent: this.#parent,
      state,
      steps,
      text: this.#parent.text + kind.text,
      tokens: run.tokens,
      length: this.#parent.length + run.tokens.length,
      logProb: this.#parent.logProb + sum(run.logProbs),
      margin: scored?.margins.at(-1) ?? this.#parent.margin,
      multiplicity: siblings.length,
      node: kind.state === 'live' ? run.node : undefined,
      position: scored?.position,
    };
    if (state !== 'live') this.#search.release(branch);
    return branch;
  }

  #idOf(sibling: number): PathId {
    return childId(this.#parent.id, sibling);
  }
}

function stepsOf(texts: readonly string[], scored: Scored | undefined): readonly Step[] {
  return texts.map((text, index) => ({
    text,
    score: scored?.scores[index] ?? null,
    margin: scored?.margins[index] ?? null,
  }));
}

function first(kind: Kind): number {
  return kind.siblings[0] ?? 0;
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
