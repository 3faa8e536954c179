// Folds of a set of problems, for what is fitted to some of them and used on the others.
import { type Bin, bins, groupByBin } from '../planning/difficulty.js';
import { RandomStream } from './random-stream.js';

/** Deals shuffled problems to folds, bin by bin, so that every fold has its share of each. */
export function dealFolds(
  problems: readonly string[],
  binOfProblem: ReadonlyMap<string, Bin>,
  folds = 5,
): readonly (readonly string[])[] {
  const parts = Array.from({ length: folds }, (): string[] => []);
  const order = Int32Array.from(problems, (_, i) => i);
  new RandomStream(folds, problems.length).sampleFirst(order, order.length);
  const shuffled = Array.from(order, (i) => problems[i] ?? '');
  const groups = groupByBin(shuffled, binOfProblem);
  bins
    .flatMap((bin) => groups[bin])
    .forEach((problem, i) => {
      parts[i % folds]?.push(problem);
    });
  return parts;
}
