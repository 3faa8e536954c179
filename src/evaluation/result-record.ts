// One line of results.jsonl: what a search found for one problem, and whether it is right. Holds no
// clock and nothing that caches or neighbours could change, so that equal runs have equal bytes.
import { isStrictlyCorrect } from '../grading/strict.js';
import type { AnyStrategy } from '../search/auto-strategy.js';
import type { AutoOutcome, PathId, SearchPath, SearchResult, VoteClass } from '../search/result.js';
import { isCompatVoteCorrect } from './compat-vote.js';
import type { RunRecord } from './run-directory.js';
import type { RecordedBranch } from './tree-recorder.js';
import type { Unit } from './units.js';

/** A path without its token ids: what voting again and scoring again need. */
export interface RecordedPath extends Omit<SearchPath, 'tokens' | 'text' | 'logProb'> {
  /** Sampled tokens, the end-of-sequence token included. */
  readonly tokens: number;
  /** As the search has it; null of an output from elsewhere. */
  readonly logProb: number | null;
}

export interface ResultRecord extends RunRecord {
  readonly repeat: number;
  /** The search's own: the run's plus `repeat`. */
  readonly seed: number;
  readonly level: number | null;
  readonly subject: string | null;
  /** The question, so that a run can be read and scored without its dataset. */
  readonly problem: string;
  /** As the dataset has it. */
  readonly reference: string;
  /** Normalised; null where no path holds one. */
  readonly answer: string | null;
  /** What the strict grader says. */
  readonly correct: boolean;
  /** What the paper's evaluation would say: its extraction, its vote, its equality. */
  readonly compat: boolean;
  readonly chosen: PathId;
  readonly stopReason: SearchResult['stopReason'];
  readonly reproducible: boolean;
  readonly votes: readonly VoteClass[];
  readonly paths: readonly RecordedPath[];
  /** Every sampled branch, in path order; null where the paths tell everything. */
  readonly branches: readonly RecordedBranch[] | null;
  readonly ledger: {
    readonly policy: {
      readonly [K in 'promptTokens' | 'sampledTokens' | 'processedTokens']: number;
    };
    readonly reward: { readonly [K in 'promptTokens' | 'processedTokens' | 'scores']: number };
    readonly flops: number;
    /** FLOPs of the same tree without sharing. */
    readonly unshared: { readonly policy: number; readonly reward: number };
  };
  /** Of `auto` alone: what it predicted and chose. */
  readonly auto?: Omit<AutoOutcome, 'probes'>;
}

/** The record of outputs that came from elsewhere, which says nothing of what they cost. */
export interface OutputsRecord extends Omit<ResultRecord, 'paths' | 'ledger'> {
  readonly paths: readonly OutputPath[];
  /** What scoring them here cost; null before that. */
  readonly ledger: {
    readonly policy: null;
    readonly reward: ResultRecord['ledger']['reward'];
    readonly flops: null;
    readonly unshared: null;
  } | null;
}

/** An output from elsewhere, as a path. */
export interface OutputPath extends Omit<RecordedPath, 'tokens'> {
  readonly tokens: null;
}

/** What votes and graders can read. */
export type AnyRecord = ResultRecord | OutputsRecord;

/** Whether a record tells what its paths cost. */
export function hasCosts(record: AnyRecord): record is ResultRecord {
  return record.ledger !== null && record.ledger.policy !== null;
}

/** A record without what an output from elsewhere cannot know. */
export function withoutCosts(
  { paths, ledger: _, ...record }: ResultRecord,
  reward: ResultRecord['ledger']['reward'] | null,
): OutputsRecord {
  return {
    ...record,
    paths: paths.map((path) => ({ ...path, tokens: null, logProb: null })),
    ledger: reward && { policy: null, reward, flops: null, unshared: null },
  };
}

/** The record of a finished search by a strategy. */
export function recordResult(
  unit: Unit,
  result: Omit<SearchResult, 'warnings'>,
  strategy: AnyStrategy,
  branches: readonly RecordedBranch[] | null = null,
): ResultRecord {
  const { policy, reward, flops, unshared } = result.ledger;
  const { auto } = result;
  const voting = strategy.name === 'auto' ? auto?.chosen : strategy;
  return {
    index: unit.index,
    id: unit.id,
    repeat: unit.repeat,
    seed: unit.seed,
    level: unit.level ?? null,
    subject: unit.subject ?? null,
    problem: unit.problem,
    reference: unit.answer,
    answer: result.answer,
    correct: isCorrect(result.answer, unit.answer),
    compat: voting !== undefined && isCompatVoteCorrect(result.paths, voting, unit.answer),
    chosen: result.path.id,
    stopReason: result.stopReason,
    reproducible: result.reproducible,
    votes: result.votes,
    paths: result.paths.map(({ text: _, tokens, ...path }) => ({ ...path, tokens: tokens.length })),
    branches,
    ledger: {
      policy: {
        promptTokens: policy.promptTokens,
        sampledTokens: policy.sampledTokens,
        processedTokens: policy.processedTokens,
      },
      reward: {
        promptTokens: reward.promptTokens,
        processedTokens: reward.processedTokens,
        scores: reward.scores,
      },
      flops,
      unshared,
    },
    ...(auto !== undefined && {
      auto: { prediction: auto.prediction, chosen: auto.chosen, stoppedAt: auto.stoppedAt },
    }),
  };
}

/** What stands for a path where there is none. */
export const emptyPath: SearchPath = {
  id: '',
  steps: [],
  text: '',
  tokens: [],
  logProb: 0,
  answer: null,
  complete: false,
  isAnswer: false,
  multiplicity: 1,
  value: null,
};

/** Whether an answer is the reference, by the strict grader; no answer is wrong. */
export function isCorrect(answer: string | null, reference: string): boolean {
  return isStrictlyCorrect(answer, reference);
}
