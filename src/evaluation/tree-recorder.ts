// Every branch that a search sampled, as its trace events tell it: what a tree's viewer needs and the
// result leaves out. In path order and without clocks, so that equal searches leave equal bytes.
import { comparePathIds } from '../search/path-id.js';
import type { PathId, SearchPath } from '../search/result.js';
import type { TraceEvent } from '../search/trace.js';

/**
 * What became of a branch. `kept`: its children tell. `pruned`: others were better. `cut`: a limit
 * ended its step. `ended`: it is one of the recorded paths. `stopped`: the search stopped before.
 */
export type BranchFate = 'kept' | 'pruned' | 'cut' | 'ended' | 'stopped';

/** One sampled child of a tree: a step. */
export interface RecordedBranch {
  readonly id: PathId;
  /** This step alone, as sampled. */
  readonly text: string;
  /** Sampled tokens. */
  readonly tokens: number;
  /** Null where no reward model scored it. */
  readonly score: number | null;
  /** Identical siblings that it stands for, itself included. */
  readonly multiplicity: number;
  readonly fate: BranchFate;
}

/** Collects the branches of one search; give it every event. */
export class TreeRecorder {
  readonly #branches = new Map<PathId, RecordedBranch>();

  /** Takes one event, in the order in which the search gave them. */
  add(event: TraceEvent): void {
    switch (event.type) {
      case 'sampled': {
        const { path: id, text, tokens } = event;
        const fate = 'stopped';
        this.#branches.set(id, { id, text, tokens, score: null, multiplicity: 1, fate });
        break;
      }
      case 'chosen':
        // Probes before a tree are no part of it.
        if ('width' in event.strategy) this.#branches.clear();
        break;
      case 'merged':
        this.#branches.delete(event.path);
        this.#change(event.into, ({ multiplicity }) => ({ multiplicity: multiplicity + 1 }));
        break;
      case 'scored':
        this.#change(event.path, () => ({ score: event.scores.at(-1) ?? null }));
        break;
      case 'pruned':
        this.#settle(event.path, event.reason === 'cut' ? 'cut' : 'pruned');
        break;
      case 'kept':
        this.#settle(event.path, 'kept');
        break;
      case 'completed':
      case 'incomplete':
        this.#settle(event.path, 'ended');
        break;
    }
  }

  /** In path order; null where `paths` tell everything, as where each was sampled whole. */
  branches(paths: readonly Pick<SearchPath, 'id'>[]): readonly RecordedBranch[] | null {
    const known = new Set(paths.map(({ id }) => id));
    if ([...this.#branches.keys()].every((id) => known.has(id))) return null;
    return [...this.#branches.values()].sort((a, b) => comparePathIds(a.id, b.id));
  }

  #settle(id: PathId, fate: BranchFate): void {
    this.#change(id, () => ({ fate }));
  }

  #change(id: PathId, change: (before: RecordedBranch) => Partial<RecordedBranch>): void {
    const before = this.#branches.get(id);
    if (before !== undefined) this.#branches.set(id, { ...before, ...change(before) });
  }
}
