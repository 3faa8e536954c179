// What a strategy would have scored with fewer samples than were recorded: expectations over subsets
// drawn without replacement. Exact by closed form or enumeration, else by seeded resampling.
import type { Vote } from '../search/strategy.js';
import { RandomStream } from './random-stream.js';
import type { PoolPath, VotePool } from './vote-pool.js';

/**
 * The chance that at least one of `k` samples is right, of `n` recorded of which `correct` are
 * (Chen et al., 2021, the unbiased estimator).
 * @throws RangeError unless 0 <= correct <= n and 1 <= k <= n
 */
export function passAtK(n: number, correct: number, k: number): number {
  checkSubset(n, k);
  if (!Number.isInteger(correct) || correct < 0 || correct > n) {
    throw new RangeError(`Expected 0 to ${n} correct samples, got ${correct}`);
  }
  return 1 - choiceRatio(n - correct, n, k);
}

/** Units (paths, or whole subtrees) that subsets are drawn from: indices of their paths, ascending. */
export type Units = readonly (readonly number[])[];

/** Every path for itself. */
export function singlePaths(pool: VotePool): Units {
  return pool.paths.map((_, index) => [index]);
}

/** An expected accuracy in [0, 1]. */
export interface Expectation {
  readonly accuracy: number;
  /** Whether it is the expectation itself; else the mean of `draws` random subsets. */
  readonly isExact: boolean;
}

/** How much work an expectation may take. */
export interface EstimateOptions {
  /**
   * Most subsets that are enumerated.
   * @default 2000
   */
  readonly enumerate?: number;
  /**
   * Random subsets drawn where there are more; 0 or more, at least 1 where they are needed.
   * @default 1000
   */
  readonly draws?: number;
  /** Names the random numbers. */
  readonly seed: number;
}

/**
 * Expected accuracy of the vote over `count` of the units. The `max` vote over single paths is a
 * closed form; everything else is enumerated, or resampled where there are too many subsets.
 * @throws RangeError unless 1 <= count <= units
 */
export function expectedVote(
  pool: VotePool,
  units: Units,
  count: number,
  vote: Vote,
  { enumerate = 2000, draws = 1000, seed }: EstimateOptions,
): Expectation {
  checkSubset(units.length, count);
  if (vote === 'max' && units.every((unit, index) => unit.length === 1 && unit[0] === index)) {
    return { accuracy: expectedMax(pool, count), isExact: true };
  }
  if (choose(units.length, count) <= enumerate) {
    let [total, right] = [0, 0];
    forEachSubset(units.length, count, (subset) => {
      total++;
      if (pool.isVoteCorrect(pathsOf(units, subset), vote)) right++;
    });
    return { accuracy: right / total, isExact: true };
  }
  const stream = new RandomStream(seed, units.length, count);
  const order = Int32Array.from(units, (_, index) => index);
  let right = 0;
  for (let draw = 0; draw < draws; draw++) {
    stream.sampleFirst(order, count);
    if (pool.isVoteCorrect(pathsOf(units, order.slice(0, count).sort()), vote)) right++;
  }
  return { accuracy: right / draws, isExact: false };
}

/** Exactly the expected accuracy of the best single path among `count`. */
function expectedMax(pool: VotePool, count: number): number {
  const n = pool.paths.length;
  const tiers = { complete: 0, incomplete: 1, none: 2 };
  const inOrder = [...pool.paths].sort(
    (a, b) => tiers[a.tier] - tiers[b.tier] || a.merit - b.merit,
  );
  let accuracy = 0;
  inOrder.forEach(({ isCorrect }, rank) => {
    // It is chosen where it is in the subset and none of the `rank` better ones is.
    if (isCorrect && n - rank >= count) {
      accuracy += (choiceRatio(n - rank, n, count) * count) / (n - rank);
    }
  });
  return accuracy;
}

/** Most paths that `expectedMajority` is quick for: it takes time in their fourth power. */
export const largestExactMajority = 64;

/**
 * Exactly the expected accuracy of the majority vote over single paths, for every number of them:
 * entry N - 1 is N's. Sums over the winning class's best member and count, and counts the subsets
 * in which every other class has fewer votes, or as many and a worse best member.
 */
export function expectedMajority(pool: VotePool): Float64Array {
  const n = pool.paths.length;
  const ways = new Float64Array(n + 1); // [n + 1], subsets by size whose vote is right
  const inTier = (tier: PoolPath['tier']) => pool.paths.filter((path) => path.tier === tier);
  const [complete, incomplete, none] = [inTier('complete'), inTier('incomplete'), inTier('none')];
  addWinningSubsets(ways, complete, incomplete.length + none.length);
  addWinningSubsets(ways, incomplete, none.length);
  return Float64Array.from({ length: n }, (_, i) => (ways[i + 1] ?? 0) / choose(n, i + 1));
}

/** Subsets of `voters` and `free` others by size, where a right voter is its class's best and wins. */
function addWinningSubsets(ways: Float64Array, voters: readonly PoolPath[], free: number): void {
  const groups = new Map<number, PoolPath[]>();
  for (const path of voters) groups.set(path.group, [...(groups.get(path.group) ?? []), path]);
  for (const best of voters) {
    if (!best.isCorrect) continue;
    const worse = countWorse(groups.get(best.group) ?? [], best);
    for (let votes = 1; votes <= worse + 1; votes++) {
      let others = binomialRow(free);
      for (const [group, members] of groups) {
        if (group === best.group) continue;
        const row = binomialRow(members.length).slice(0, votes);
        const ties = choose(countWorse(members, best), votes);
        others = multiply(others, Float64Array.of(...row, ...(ties > 0 ? [ties] : [])));
      }
      const own = choose(worse, votes - 1);
      others.forEach((count, size) => {
        ways[size + votes] = (ways[size + votes] ?? 0) + own * count;
      });
    }
  }
}

function countWorse(members: readonly PoolPath[], than: PoolPath): number {
  return members.filter(({ merit }) => merit > than.merit).length;
}

/** C(n, k): exact while it fits 2^53, then rounded; 0 where k > n. */
export function choose(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let result = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++)
    result = (result * (n - Math.min(k, n - k) + i)) / i;
  return result;
}

/** C(a, k) / C(n, k) for a <= n, without their overflow. */
export function choiceRatio(a: number, n: number, k: number): number {
  let ratio = 1;
  for (let i = 0; i < k && ratio > 0; i++) ratio *= Math.max(0, a - i) / (n - i);
  return ratio;
}

function binomialRow(n: number): Float64Array {
  return Float64Array.from({ length: n + 1 }, (_, k) => choose(n, k));
}

function multiply(a: Float64Array, b: Float64Array): Float64Array {
  const product = new Float64Array(a.length + b.length - 1);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      product[i + j] = (product[i + j] ?? 0) + x * y;
    });
  });
  return product;
}

/** Every subset of `count` of the numbers below `n`, ascending; one array is used for all. */
function forEachSubset(n: number, count: number, visit: (subset: Int32Array) => void): void {
  const subset = Int32Array.from({ length: count }, (_, i) => i);
  for (;;) {
    visit(subset);
    let at = count - 1;
    while (at >= 0 && subset[at] === n - count + at) at--;
    if (at < 0) return;
    let next = (subset[at] ?? 0) + 1;
    for (; at < count; at++) subset[at] = next++;
  }
}

/** Paths of the chosen units in path order; units are ascending, and so are their paths. */
function pathsOf(units: Units, chosen: Int32Array): ArrayLike<number> {
  const paths: number[] = [];
  for (const unit of chosen) paths.push(...(units[unit] ?? []));
  return paths;
}

function checkSubset(n: number, k: number): void {
  if (Number.isInteger(k) && Number.isInteger(n) && k >= 1 && k <= n) return;
  throw new RangeError(`Expected a subset of 1 to ${n} samples, got ${k}`);
}
