// A search's tree as its trace events tell it: branches with their text, scores and fates.
import type { PathId, SearchPath, SearchResult, StopReason, VoteClass } from '../search/result.js';
import type { Strategy } from '../search/strategy.js';
import type { TraceEvent } from '../search/trace.js';

/** What became of a branch. `live`: nothing yet, or its children tell. */
export type Fate = 'live' | 'pruned' | 'cut' | 'complete' | 'incomplete';

/** One sampled child: a step, or in majority and Best-of-N a whole path. */
export interface Branch {
  readonly id: PathId;
  readonly text: string;
  readonly tokens: number;
  /** Identical siblings that it stands for, itself included. */
  multiplicity: number;
  /** In sibling order. */
  readonly children: Branch[];
  scores: readonly number[];
  fate: Fate;
  answer: string | null;
  /** Whether it lies on the chosen path. */
  isChosen: boolean;
  /** Whether the strategy counts it among its answers; known once the search is settled. */
  isAnswer: boolean;
}

/** Grows with the events of one search. */
export class SearchTree {
  readonly roots: Branch[] = [];
  readonly #branches = new Map<PathId, Branch>();
  question = '';
  strategy = '';
  /** Sampled tokens so far, those of merged siblings included. */
  tokens = 0;
  votes: readonly VoteClass[] = [];
  stopReason: StopReason | undefined;

  /** Branches in all. */
  get size(): number {
    return this.#branches.size;
  }

  /** Branches of a fate so far. */
  countOf(fate: Fate): number {
    let found = 0;
    for (const branch of this.#branches.values()) if (branch.fate === fate) found++;
    return found;
  }

  /** Live branches without children. */
  get liveCount(): number {
    let found = 0;
    for (const { fate, children } of this.#branches.values()) {
      if (fate === 'live' && children.length === 0) found++;
    }
    return found;
  }

  /** Takes one event, in the order in which the search gave them. */
  add(event: TraceEvent): void {
    switch (event.type) {
      case 'started':
        this.question = event.question;
        this.strategy = event.strategy;
        return;
      case 'sampled':
        this.#grow(event);
        return;
      case 'merged':
        this.#merge(event.path, event.into);
        return;
      case 'scored':
        this.#change(event.path, { scores: event.scores });
        return;
      case 'kept':
        return;
      case 'pruned':
        this.#change(event.path, { fate: event.reason === 'cut' ? 'cut' : 'pruned' });
        return;
      case 'completed':
        this.#change(event.path, { fate: 'complete', answer: event.answer });
        return;
      case 'incomplete':
        this.#change(event.path, { fate: 'incomplete', answer: event.answer });
        return;
      case 'chosen':
        this.#beginAnew(event.strategy);
        return;
      case 'voted':
        this.votes = event.classes;
        return;
      case 'finished':
        this.stopReason = event.stopReason;
        this.#choose(event.path);
        return;
    }
  }

  /** `auto` has chosen: what was there are probes, which are no part of a tree. */
  #beginAnew(strategy: Strategy): void {
    this.strategy = `${this.strategy}: ${strategy.name}`;
    if (!('width' in strategy)) return;
    this.roots.length = 0;
    this.#branches.clear();
  }

  /** Adds what the result alone tells: which paths count, and the steps of paths sampled whole. */
  settle(result: SearchResult): void {
    for (const path of result.paths) {
      const branch = this.#branches.get(path.id);
      if (branch === undefined) continue;
      branch.isAnswer = path.isAnswer;
      if (path.steps.length > 1 && !path.id.includes('.')) {
        this.roots[this.roots.indexOf(branch)] = chainOf(branch, path);
      }
    }
  }

  #grow(event: Extract<TraceEvent, { type: 'sampled' }>): void {
    const branch: Branch = {
      id: event.path,
      text: event.text,
      tokens: event.tokens,
      multiplicity: 1,
      children: [],
      scores: [],
      fate: 'live',
      answer: null,
      isChosen: false,
      isAnswer: false,
    };
    this.tokens += event.tokens;
    this.#branches.set(event.path, branch);
    const siblings = this.#siblingsOf(event.path);
    // Mostly in order already: look for the place from the end.
    const before = siblings.findLastIndex(({ id }) => ordinal(id) < ordinal(event.path));
    siblings.splice(before + 1, 0, branch);
  }

  #merge(path: PathId, into: PathId): void {
    const target = this.#branches.get(into);
    const branch = this.#branches.get(path);
    if (target === undefined || branch === undefined) return;
    target.multiplicity += branch.multiplicity;
    const siblings = this.#siblingsOf(path);
    siblings.splice(siblings.indexOf(branch), 1);
    this.#branches.delete(path);
  }

  #siblingsOf(path: PathId): Branch[] {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
    return this.#branches.get(parent)?.children ?? this.roots;
  }

  #change(path: PathId, change: Partial<Pick<Branch, 'scores' | 'fate' | 'answer'>>): void {
    const branch = this.#branches.get(path);
    if (branch !== undefined) Object.assign(branch, change);
  }

  #choose(path: PathId): void {
    const indices = path.split('.');
    for (let length = 1; length <= indices.length; length++) {
      const branch = this.#branches.get(indices.slice(0, length).join('.'));
      if (branch !== undefined) branch.isChosen = true;
    }
  }
}

/** A path that was sampled whole, as the chain of its steps. */
function chainOf(branch: Branch, path: SearchPath): Branch {
  const [first, ...rest] = path.steps.map(({ text, score }, index): Branch => {
    const isLast = index === path.steps.length - 1;
    return {
      ...branch,
      text,
      scores: score === null ? [] : [score],
      multiplicity: index === 0 ? branch.multiplicity : 1,
      fate: isLast ? branch.fate : 'live',
      answer: isLast ? branch.answer : null,
      isAnswer: isLast && branch.isAnswer,
      children: [],
    };
  });
  rest.reduce((parent, child) => {
    parent?.children.push(child);
    return child;
  }, first);
  return first ?? branch;
}

/** Sibling index of a path. */
function ordinal(id: PathId): number {
  return Number(id.slice(id.lastIndexOf('.') + 1));
}
