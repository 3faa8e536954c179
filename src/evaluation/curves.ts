// What a run of independent paths tells for every N up to the recorded: pass@k and the accuracy of each
// vote, with intervals over problems. These are the lines of accuracy against budget.
import { invalidOption } from '../errors.js';
import type { Vote } from '../search/strategy.js';
import { bootstrapMeans, type Interval, mean } from './bootstrap.js';
import {
  expectedMajority,
  expectedVote,
  largestExactMajority,
  passAtK,
  singlePaths,
} from './estimators.js';
import { type AnyRecord, isCorrect } from './result-record.js';
import { strategyOf } from './run-configuration.js';
import type { SavedRun } from './run-directory.js';
import { VotePool } from './vote-pool.js';

/** One quantity for every N: entry N - 1 is N's. */
export type Curve = readonly Interval[];

export interface Curves {
  /** That at least one of N paths is right. */
  readonly passAtK: Curve;
  readonly majority: Curve;
  /** Best-of-N: the path of the highest value. Null where no reward model scored the paths. */
  readonly bestOfN: Curve | null;
  /** The answer of the largest sum of values; null likewise. */
  readonly weighted: Curve | null;
  /** Whether every point is an expectation itself; else some are means of random subsets. */
  readonly isExact: boolean;
}

export interface CurveOptions {
  /** Random subsets where there are too many to list. @default 200 */
  readonly draws?: number;
  /** Resamples of each interval. @default 1000 */
  readonly resamples?: number;
}

/** One problem's expectations for every N. */
interface ProblemCurves {
  readonly passAtK: readonly number[];
  readonly majority: readonly number[];
  readonly bestOfN: readonly number[];
  readonly weighted: readonly number[];
  readonly isExact: boolean;
}

/**
 * The curves of a run of majority or best-of-n.
 * @throws OptionError on another strategy, and on a run with searches that a limit cut
 */
export async function curvesOf(
  run: SavedRun<AnyRecord>,
  { draws = 200, resamples = 1000 }: CurveOptions = {},
): Promise<Curves> {
  const strategy = strategyOf(run);
  if (strategy.name !== 'majority' && strategy.name !== 'best-of-n') {
    const expected = 'of majority or best-of-n, whose paths are independent';
    throw invalidOption('run', expected, strategy.name);
  }
  const cut = run.records.find(({ stopReason }) => stopReason !== 'finished');
  if (cut !== undefined) {
    throw invalidOption('run', 'without searches that a limit cut', cut.stopReason);
  }
  const problems = new Map<number, ProblemCurves[]>();
  for (const record of run.records) {
    const curves = curvesOfRecord(record, strategy, draws);
    problems.set(record.index, [...(problems.get(record.index) ?? []), curves]);
  }
  const all = [...problems.values()];
  const isScored = run.records.some(({ paths }) => paths.some(({ value }) => value !== null));
  const names = [
    'passAtK',
    'majority',
    ...(isScored ? (['bestOfN', 'weighted'] as const) : []),
  ] as const;
  const { budget } = strategy;
  const quantities = names.flatMap((name) =>
    Array.from({ length: budget }, (_, i) =>
      all.map((repeats) => mean(repeats.map((one) => one[name][i] ?? 0))),
    ),
  );
  const intervals = await bootstrapMeans(quantities, { resamples });
  const curve = (ordinal: number): Curve =>
    intervals.slice(ordinal * budget, (ordinal + 1) * budget);
  return {
    passAtK: curve(0),
    majority: curve(1),
    bestOfN: isScored ? curve(2) : null,
    weighted: isScored ? curve(3) : null,
    isExact: all.flat().every(({ isExact }) => isExact),
  };
}

function curvesOfRecord(
  record: AnyRecord,
  strategy: ReturnType<typeof strategyOf>,
  draws: number,
): ProblemCurves {
  const aggregation = 'aggregation' in strategy ? strategy.aggregation : 'last';
  const pool = new VotePool(record.paths, aggregation, (answer) =>
    isCorrect(answer, record.reference),
  );
  const units = singlePaths(pool);
  const n = units.length;
  const right = pool.paths.filter((path) => path.isCorrect).length;
  let isExact = true;
  const expected = (vote: Vote): readonly number[] =>
    units.map((_, i) => {
      const seed = record.index * 2 ** 20 + record.repeat;
      const found = expectedVote(pool, units, i + 1, vote, { draws, seed });
      isExact &&= found.isExact;
      return found.accuracy;
    });
  const majority = n <= largestExactMajority ? [...expectedMajority(pool)] : expected('majority');
  const isScored = record.paths.some(({ value }) => value !== null);
  const bestOfN = isScored ? expected('max') : [];
  const weighted = isScored ? expected('weighted') : [];
  const pass = units.map((_, i) => passAtK(n, right, i + 1));
  return { passAtK: pass, majority, bestOfN, weighted, isExact };
}
