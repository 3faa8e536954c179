// The recorded paths of one problem, laid out so that the vote of any subset of them is a few passes
// over flat arrays. Gives what the search's own vote (src/search/vote.ts) gives on the same subset.
import { groupAnswers } from '../search/answer.js';
import { comparePathIds } from '../search/path-id.js';
import type { Aggregation, Vote } from '../search/strategy.js';
import { rankPaths, type VotingPath } from '../search/vote.js';

/** Complete paths vote; incomplete ones with an answer only where no complete one holds any. */
export type Tier = 'complete' | 'incomplete' | 'none';

/** One path of a pool, in path order. */
export interface PoolPath {
  readonly tier: Tier;
  /** Class of its answer within its tier; -1 in tier `none`. */
  readonly group: number;
  /** Position in order of merit, 0 the best; no two paths share one. */
  readonly merit: number;
  /** 0 where it was not scored. */
  readonly value: number;
  readonly multiplicity: number;
  readonly isCorrect: boolean;
}

/** All paths of one problem. */
export class VotePool {
  /** In path order. */
  readonly paths: readonly PoolPath[];
  /** Classes of both tiers together, those of complete paths first. */
  readonly groups: number;
  readonly #completeGroups: number;
  readonly #weight: Float64Array; // [groups]
  readonly #best: Int32Array; // [groups], index of the best member; -1: no member

  /** @param isCorrect whether a path's answer is the reference */
  constructor(
    paths: readonly VotingPath[],
    aggregation: Aggregation,
    isCorrect: (answer: string) => boolean,
  ) {
    const ranked = rankPaths(paths, aggregation).map((entry, merit) => ({ ...entry, merit }));
    const answering = ranked.filter(({ path }) => path.isAnswer && path.answer !== null);
    const tiers = [true, false].map((complete) =>
      groupAnswers(
        answering.filter(({ path }) => path.complete === complete),
        ({ path }) => path.answer ?? '',
      ),
    );
    const groups = tiers.flat();
    // Grading is the slow part, and few answers are different.
    const verdicts = new Map(groups.flat().map(({ path: { answer } }) => [answer, false]));
    for (const answer of verdicts.keys()) {
      if (answer !== null) verdicts.set(answer, isCorrect(answer));
    }
    const groupOf = new Map(groups.flatMap((members, g) => members.map(({ merit }) => [merit, g])));
    this.#completeGroups = tiers[0]?.length ?? 0;
    this.groups = groups.length;
    this.paths = ranked
      .sort((a, b) => comparePathIds(a.path.id, b.path.id))
      .map(({ path, value, merit }) => {
        const group = groupOf.get(merit) ?? -1;
        const tier = group < 0 ? 'none' : path.complete ? 'complete' : 'incomplete';
        const { multiplicity, answer } = path;
        const right = group >= 0 && verdicts.get(answer) === true;
        return { tier, group, merit, value: value ?? 0, multiplicity, isCorrect: right };
      });
    this.#weight = new Float64Array(this.groups);
    this.#best = new Int32Array(this.groups);
  }

  /** Whether the vote of the chosen paths is right; `chosen` are ascending indices into `paths`. */
  isVoteCorrect(chosen: ArrayLike<number>, vote: Vote): boolean {
    this.#best.fill(-1);
    for (let i = 0; i < chosen.length; i++) this.#count(chosen[i] ?? 0, vote);
    const winner =
      this.#winner(0, this.#completeGroups) ?? this.#winner(this.#completeGroups, this.groups);
    return winner?.isCorrect ?? false;
  }

  #count(index: number, vote: Vote): void {
    const path = this.paths[index];
    if (path === undefined || path.group < 0) return;
    const { group, value, multiplicity } = path;
    const best = this.#best[group] ?? -1;
    const before = best < 0 ? 0 : (this.#weight[group] ?? 0);
    const ballot = vote === 'majority' ? multiplicity : multiplicity * value;
    this.#weight[group] = vote === 'max' ? Math.max(before, value) : before + ballot;
    if (best < 0 || path.merit < this.#merit(best)) this.#best[group] = index;
  }

  /** The best member of the heaviest class among those given; ties go to the better member. */
  #winner(from: number, to: number): PoolPath | undefined {
    let winner = -1;
    for (let group = from; group < to; group++) {
      const best = this.#best[group] ?? -1;
      if (best < 0) continue;
      const lead = winner < 0 ? 1 : (this.#weight[group] ?? 0) - (this.#weight[winner] ?? 0);
      const isBetter = lead === 0 && this.#merit(best) < this.#merit(this.#best[winner] ?? 0);
      if (lead > 0 || isBetter) winner = group;
    }
    return winner < 0 ? undefined : this.paths[this.#best[winner] ?? 0];
  }

  #merit(index: number): number {
    return this.paths[index]?.merit ?? Number.POSITIVE_INFINITY;
  }
}
