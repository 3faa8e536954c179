// Whether a reward model's values are to be believed: among paths of about one value, the share that is
// right. Independent paths alone; those of a tree were selected by the very scores in question.
import type { Interval } from '../evaluation/bootstrap.js';
import { RandomStream } from '../evaluation/random-stream.js';
import { isCorrect, type ResultRecord } from '../evaluation/result-record.js';
import { wilsonInterval } from '../evaluation/statistics.js';

/** Paths of about one value. */
export interface ReliabilityBin {
  /** Values from here (inclusive) to there; the last bin holds 1 too. */
  readonly from: number;
  readonly to: number;
  readonly paths: number;
  readonly right: number;
  /** Of how many problems the paths are. */
  readonly problems: number;
  /** Mean value. */
  readonly predicted: number;
  /** right / paths, with its 95% interval over problems. */
  readonly share: Interval;
}

export interface Reliability {
  /** Bins without paths are left out. */
  readonly bins: readonly ReliabilityBin[];
  readonly paths: number;
  /** Mean gap between value and share over the bins, weighted by their paths. */
  readonly calibrationError: number;
  /** Mean squared gap between value and outcome, path by path. */
  readonly brier: number;
}

/** One path: what the reward model said and what is true. */
interface Judged {
  readonly problem: number;
  readonly value: number;
  readonly isRight: boolean;
}

const binCount = 10;

/** Of the scored paths in some records; null where there are none. */
export function reliabilityOf(records: readonly ResultRecord[]): Reliability | null {
  const judged = records.flatMap(judge);
  if (judged.length === 0) return null;
  const bins = Array.from({ length: binCount }, (_, bin) => {
    const own = judged.filter(({ value }) => binAt(value) === bin);
    return own.length === 0 ? [] : [binOf(own, bin)];
  }).flat();
  const gaps = bins.map((bin) => bin.paths * Math.abs(bin.predicted - bin.share.mean));
  const squares = judged.map(({ value, isRight }) => (value - (isRight ? 1 : 0)) ** 2);
  return {
    bins,
    paths: judged.length,
    calibrationError: sum(gaps) / judged.length,
    brier: sum(squares) / judged.length,
  };
}

function judge({ index, reference, paths }: ResultRecord): readonly Judged[] {
  const verdicts = new Map<string | null, boolean>();
  return paths.flatMap(({ value, answer }) => {
    if (value === null) return [];
    const isRight = verdicts.get(answer) ?? isCorrect(answer, reference);
    verdicts.set(answer, isRight);
    return [{ problem: index, value, isRight }];
  });
}

function binAt(value: number): number {
  return Math.min(binCount - 1, Math.max(0, Math.floor(value * binCount)));
}

function binOf(judged: readonly Judged[], bin: number): ReliabilityBin {
  const problems = new Map<number, { paths: number; right: number }>();
  for (const { problem, isRight } of judged) {
    const counts = problems.get(problem) ?? { paths: 0, right: 0 };
    counts.paths++;
    if (isRight) counts.right++;
    problems.set(problem, counts);
  }
  const right = judged.filter(({ isRight }) => isRight).length;
  return {
    from: bin / binCount,
    to: (bin + 1) / binCount,
    paths: judged.length,
    right,
    problems: problems.size,
    predicted: sum(judged.map(({ value }) => value)) / judged.length,
    share: { mean: right / judged.length, ...shareInterval([...problems.values()]) },
  };
}

/**
 * The bootstrap over problems of a share of paths. Where all paths agree it would have no width: there
 * Wilson's with problems as the trials; one problem alone says nothing about others.
 */
function shareInterval(problems: readonly { readonly paths: number; readonly right: number }[]): {
  readonly low: number;
  readonly high: number;
} {
  const n = problems.length;
  if (n < 2) return { low: 0, high: 1 };
  const right = sum(problems.map((problem) => problem.right));
  if (right === 0 || right === sum(problems.map(({ paths }) => paths))) {
    const { low, high } = wilsonInterval(right === 0 ? 0 : n, n);
    return { low, high };
  }
  const stream = new RandomStream(0, n);
  const shares = Float64Array.from({ length: 4000 }, () => {
    let [chosenRight, chosenPaths] = [0, 0];
    for (let i = 0; i < n; i++) {
      const problem = problems[stream.below(n)];
      chosenRight += problem?.right ?? 0;
      chosenPaths += problem?.paths ?? 0;
    }
    return chosenRight / chosenPaths;
  }).sort();
  const tail = Math.floor(0.025 * shares.length);
  return { low: shares[tail] ?? 0, high: shares[shares.length - 1 - tail] ?? 1 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
