// Scores the recorded paths of a run with another reward model: what Best-of-N would have done with it,
// without sampling anything again. Independent paths alone; a tree's paths depend on what grew it.
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import { Account, type Ledger, type ModelCost } from '../ledger.js';
import type { Reward } from '../scoring/reward.js';
import { Scorer } from '../scoring/scorer.js';
import { extractAnswer } from '../search/answer.js';
import type { SearchPath, Step } from '../search/result.js';
import { type BestOfNStrategy, bestOfN } from '../search/strategy.js';
import { aggregate, tally, type VoteRule } from '../search/vote.js';
import { completeRun, type RunInProgress } from './evaluate.js';
import { forEachAtOnce } from './parallel.js';
import {
  type AnyRecord,
  emptyPath,
  hasCosts,
  type OutputPath,
  type RecordedPath,
  recordResult,
  withoutCosts,
} from './result-record.js';
import {
  type ConfiguredModel,
  checkFinished,
  modelFacts,
  readConfigured,
  strategyOf,
} from './run-configuration.js';
import { policyFlops } from './run-cost.js';
import type { RunConfiguration, SavedRun } from './run-directory.js';

/** A run whose paths are to be scored, checked. */
export interface ScorablePaths {
  readonly source: SavedRun<AnyRecord>;
  readonly strategy: BestOfNStrategy;
  /** Of the scored run: what sampling and scoring at once would have had. */
  readonly configuration: RunConfiguration;
}

/**
 * Checks that a run's paths can be scored, and says what the scored run will be: its configuration is
 * that of Best-of-N with this reward model over the same paths.
 * @throws OptionError on runs of trees, unfinished runs and searches that a limit cut
 */
export function preparePaths(
  source: SavedRun<AnyRecord>,
  reward: ConfiguredModel,
  rule: VoteRule = {},
): ScorablePaths {
  const strategy = strategyOf(source);
  if (strategy.name !== 'majority' && strategy.name !== 'best-of-n') {
    const why = "a tree's paths depend on the reward model that grew it";
    const expected = `a run of majority or best-of-n (${why})`;
    throw invalidOption('run', expected, strategy.name);
  }
  checkFinished(source);
  const cut = source.records.find(({ stopReason }) => stopReason !== 'finished');
  if (cut !== undefined) {
    const expected = `a run without searches that a limit cut (problem ${cut.id})`;
    throw new OptionError(expectedMessage('run', expected, cut.stopReason));
  }
  const scored = bestOfN({ budget: strategy.budget, ...rule });
  const options = { ...readConfigured(source).options, strategy: { ...scored } };
  const configuration = { ...source.configuration, reward: modelFacts(reward), options };
  return { source, strategy: scored, configuration };
}

/**
 * Finishes the scored run: scores the records that it lacks and votes again.
 * Resolves to whether it is complete; false only after an abort.
 */
export async function scorePaths(
  { source, strategy }: ScorablePaths,
  reward: Reward,
  progress: RunInProgress,
): Promise<boolean> {
  const { cost } = readConfigured(source).policy;
  return completeRun(source.records, progress, (missing, record) =>
    forEachAtOnce(missing, progress, async (unscored, signal) => {
      const scored = await scoreRecord(unscored, reward, cost, strategy, signal);
      if (scored !== undefined) await record(scored.record, scored.ledger);
    }),
  );
}

interface ScoredRecord {
  readonly record: AnyRecord;
  readonly ledger: Ledger;
}

/** The record that Best-of-N with this reward model would have left; undefined after an abort. */
async function scoreRecord(
  unscored: AnyRecord,
  reward: Reward,
  policyCost: ModelCost | null,
  strategy: BestOfNStrategy,
  signal: AbortSignal,
): Promise<ScoredRecord | undefined> {
  const { aggregation, vote } = strategy;
  const startedAt = performance.now();
  // Nothing is sampled, so what that costs does not matter here.
  const account = new Account(reward.cost, reward.cost);
  let steps: readonly (readonly Step[])[];
  try {
    steps = await scoreSteps(unscored, reward, account, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
  const paths = unscored.paths.map((path, i): SearchPath => {
    const own = steps[i] ?? [];
    const text = own.map((step) => step.text).join('');
    // A path that the reward model could not read to its end is no complete one.
    const complete = path.complete && own.every((step) => step.margin !== null);
    const answer = complete ? path.answer : extractAnswer(text, false);
    const value = aggregate(own, aggregation);
    const tokens = new Array<number>(path.tokens ?? 0);
    const { logProb } = emptyPath;
    return { ...path, steps: own, text, complete, answer, value, tokens, logProb };
  });
  const outcome = tally(paths, aggregation, vote);
  const spent = account.close((performance.now() - startedAt) / 1000);
  const ledger = withSampling(spent, unscored, policyCost);
  const { index, id, repeat, seed, problem, reference, level, subject } = unscored;
  const unit = { index, id, repeat, seed, problem, answer: reference };
  const record = recordResult(
    { ...unit, ...(level !== null && { level }), ...(subject !== null && { subject }) },
    {
      answer: outcome.answer,
      path: outcome.path ?? emptyPath,
      paths,
      votes: outcome.votes,
      ledger,
      stopReason: unscored.stopReason,
      reproducible: unscored.reproducible,
    },
    strategy,
  );
  if (!hasCosts(unscored)) return { record: withoutCosts(record, record.ledger.reward), ledger };
  const logProbs = unscored.paths.map(({ logProb }) => logProb);
  const scored = record.paths.map((path, i) => ({ ...path, logProb: logProbs[i] ?? null }));
  return { record: { ...record, paths: scored }, ledger };
}

/** What scoring spent, and what sampling the same paths had spent before where that is known. */
function withSampling(spent: Ledger, unscored: AnyRecord, cost: ModelCost | null): Ledger {
  if (!hasCosts(unscored) || cost === null) return spent;
  const sampling = policyFlops(unscored, cost);
  return {
    ...spent,
    policy: { ...unscored.ledger.policy, flops: sampling },
    flops: sampling + spent.reward.flops,
    unshared: { policy: unscored.ledger.unshared.policy, reward: spent.unshared.reward },
  };
}

/** The steps of every path with their scores; identical paths are scored once. */
async function scoreSteps(
  { problem, paths }: AnyRecord,
  reward: Reward,
  account: Account,
  signal: AbortSignal,
): Promise<readonly (readonly Step[])[]> {
  const scorer = new Scorer(reward, account);
  try {
    const root = await scorer.begin(reward.format.begin(problem), signal);
    const known = new Map<string, Promise<readonly Step[]>>();
    const score = async (texts: readonly string[]): Promise<readonly Step[]> => {
      const request = texts.length === 0 ? undefined : scorer.prepare(root, texts);
      const scored = request && (await scorer.score(request, signal));
      if (scored !== undefined) scorer.release(scored.position);
      return texts.map((text, i) => ({
        text,
        score: scored?.scores[i] ?? null,
        margin: scored?.margins[i] ?? null,
      }));
    };
    const scoring = paths.map((path: RecordedPath | OutputPath) => {
      const texts = path.steps.map((step) => step.text);
      const name = JSON.stringify(texts);
      const steps = known.get(name) ?? score(texts);
      known.set(name, steps);
      return steps;
    });
    const outcomes = await Promise.allSettled(scoring);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return await Promise.all(scoring);
  } finally {
    scorer.close();
  }
}
