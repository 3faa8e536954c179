// Difficulty of problems for a policy, by its absolute pass@1 (DESIGN §7): quantiles would call a
// fifth of the problems hard even where a policy solves nearly all of them.

export const bins = ['easy', 'medium', 'hard'] as const;

/** How hard a problem is for a policy. */
export type Bin = (typeof bins)[number];

/** Least pass@1 of each bin; hard is what is left. */
export const binFloors = { easy: 0.5, medium: 0.1 } as const;

/** Samples a problem that a bin needs at least. */
export const leastSamples = 64;

/** The bin of a pass@1 in [0, 1]. */
export function binOf(passAt1: number): Bin {
  if (passAt1 >= binFloors.easy) return 'easy';
  return passAt1 >= binFloors.medium ? 'medium' : 'hard';
}

/** Problems by bin, each in the order given. @throws RangeError on a problem without a bin */
export function groupByBin(
  problems: readonly string[],
  binOfProblem: ReadonlyMap<string, Bin>,
): { readonly [B in Bin]: readonly string[] } {
  const groups: { [B in Bin]: string[] } = { easy: [], medium: [], hard: [] };
  for (const problem of problems) {
    const bin = binOfProblem.get(problem);
    if (bin === undefined)
      throw new RangeError(`No difficulty of problem: ${problem.slice(0, 80)}`);
    groups[bin].push(problem);
  }
  return groups;
}
