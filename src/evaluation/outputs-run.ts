// Outputs that came from elsewhere as a run: graded, voted on, and read by whatever reads runs. What they
// cost is null, unless a policy's package tells how many tokens they are; never 0.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import { Account, type Ledger, type ModelCost } from '../ledger.js';
import { extractAnswer } from '../search/answer.js';
import type { SearchPath, Step } from '../search/result.js';
import { splitSteps } from '../search/steps.js';
import { bestOfN, majority, type Strategy } from '../search/strategy.js';
import { aggregate, tally, type VoteRule } from '../search/vote.js';
import type { Dataset } from './dataset.js';
import {
  checkOutputFields,
  type OutputFields,
  type ProblemOutputs,
  parseOutputs,
} from './output-lines.js';
import { invalidLine } from './problem.js';
import { type AnyRecord, emptyPath, recordResult, withoutCosts } from './result-record.js';
import {
  type ConfiguredModel,
  datasetFacts,
  modelFacts,
  promptFacts,
} from './run-configuration.js';
import { checkRunDirectory, type Json, type RunConfiguration, writeRun } from './run-directory.js';
import type { TokenCounter } from './token-counter.js';

export interface OutputsOptions {
  /**
   * Of whatever made the outputs or records them.
   * @default none
   */
  readonly versions?: { readonly [name: string]: string };
  readonly dataset: Dataset;
  readonly fields?: OutputFields;
  /** What wrote the outputs; with its package, tokens and FLOPs are counted. */
  readonly policy:
    | { readonly name: string }
    | (ConfiguredModel & { readonly tokens: TokenCounter });
  /**
   * What scored them.
   * @default 'recorded scores', where there are scores
   */
  readonly reward?: string;
  /** How scored outputs vote. */
  readonly rule?: VoteRule;
  /**
   * Ends a step.
   * @default "\n\n"
   */
  readonly delimiter?: string;
}

/** What was recorded. */
export interface OutputsRun {
  readonly configuration: RunConfiguration;
  readonly records: readonly AnyRecord[];
}

/**
 * Reads outputs from a JSONL file and writes them as a finished run of majority, or of best-of-n where
 * they have scores. Nothing is written before everything was checked.
 * @throws OptionError on bad options, and where `out` holds another run; ModelError INVALID_FILE on a
 *   bad line, WRITE_FAILED
 * @example
 * const dataset = await openDataset('math500');
 * await recordOutputs('outputs.jsonl', 'runs/theirs', { dataset, policy: { name: 'theirs' } });
 */
export async function recordOutputs(
  file: string,
  out: string,
  options: OutputsOptions,
): Promise<OutputsRun> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${expectedMessage('file', 'readable', file)}: ${why}`;
    throw new OptionError(message, 'INVALID_OPTION', { cause });
  }
  const { dataset, fields = {}, reward, rule = {}, delimiter = '\n\n' } = options;
  if (delimiter === '') throw invalidOption('delimiter', 'a text that is not empty', delimiter);
  const name = basename(file);
  const lines = parseOutputs(
    bytes.toString('utf8'),
    name,
    dataset.problems,
    checkOutputFields(fields),
  );
  const isScored = lines[0]?.scores !== null;
  if (!isScored && (reward !== undefined || Object.keys(rule).length > 0)) {
    throw new OptionError(
      expectedMessage('scores', 'in the file, for a reward and a rule', undefined),
    );
  }
  const budget = lines[0]?.outputs.length ?? 0;
  const strategy = isScored ? bestOfN({ budget, ...rule }) : majority({ budget });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const outputs = { file: name, sha256, fields: { ...fields }, delimiter };
  const configuration = configureOutputs(options, strategy, isScored, outputs);
  await checkRunDirectory(out, configuration);
  const records = lines.map((line) => recordOf(line, strategy, delimiter, options.policy));
  await writeRun(out, configuration, records, []);
  return { configuration, records };
}

function configureOutputs(
  { versions = {}, dataset, policy, reward = 'recorded scores' }: OutputsOptions,
  strategy: Strategy,
  isScored: boolean,
  outputs: Json,
): RunConfiguration {
  const named = (name: string): Json => ({ name, cost: null, sha256: {} });
  return {
    format: 1,
    purpose: 'evaluation',
    versions,
    machine: { platform: process.platform, arch: process.arch },
    dataset: datasetFacts(dataset, undefined),
    repeats: 1,
    shard: null,
    policy: 'manifest' in policy ? modelFacts(policy) : named(policy.name),
    reward: isScored ? named(reward) : null,
    ...('tokens' in policy && { prompt: promptFacts(policy.tokens.prompt) }),
    outputs,
    options: { strategy: { ...strategy }, seed: 0 },
  };
}

function recordOf(
  { problem, outputs, scores, place }: ProblemOutputs,
  strategy: Strategy,
  delimiter: string,
  policy: OutputsOptions['policy'],
): AnyRecord {
  const rule = 'vote' in strategy ? strategy : ({ aggregation: 'last', vote: 'majority' } as const);
  const counter = 'tokens' in policy ? policy.tokens : undefined;
  const paths = outputs.map((text, i): SearchPath => {
    const texts = splitSteps(text, delimiter);
    const steps = scoredSteps(texts, scores?.[i] ?? null, `${place} scores[${i}]`);
    return {
      ...emptyPath,
      id: String(i),
      steps,
      text,
      tokens: new Array<number>(counter?.output(text) ?? 0),
      answer: extractAnswer(text, true),
      complete: true,
      isAnswer: true,
      value: aggregate(steps, rule.aggregation),
    };
  });
  const { answer, path, votes } = tally(paths, rule.aggregation, rule.vote);
  const prompt = counter?.prompt.encode(problem.problem).length ?? 0;
  const record = recordResult(
    { ...problem, repeat: 0, seed: 0 },
    {
      answer,
      path: path ?? emptyPath,
      paths,
      votes,
      ledger: ledgerOf(paths, prompt, 'cost' in policy ? policy.cost : noCost),
      stopReason: 'finished',
      reproducible: true,
    },
    strategy,
  );
  if (counter === undefined) return withoutCosts(record, null);
  return { ...record, paths: record.paths.map((path) => ({ ...path, logProb: null })) };
}

/** One score for each step, or one for all of them, which the last step then has. */
function scoredSteps(
  texts: readonly string[],
  scores: number | readonly number[] | null,
  place: string,
): readonly Step[] {
  if (Array.isArray(scores) && scores.length !== texts.length) {
    throw invalidLine(place, `one number for each of ${texts.length} steps`, scores.length);
  }
  // Margins of others are not known: what ties then goes by place.
  return texts.map((text, i) => {
    const own = typeof scores === 'number' ? (i === texts.length - 1 ? scores : null) : scores?.[i];
    return { text, score: own ?? null, margin: null };
  });
}

const noCost: ModelCost = { matrixWeights: 0, headWeights: 0, layers: 0, heads: 0, headDim: 0 };

/** What a search that sampled these paths would have spent on its policy. */
function ledgerOf(paths: readonly SearchPath[], prompt: number, cost: ModelCost): Ledger {
  const account = new Account(cost, undefined);
  account.promptFilled(prompt, 0);
  for (const { tokens } of paths) if (tokens.length > 0) account.sampled(prompt, tokens.length);
  return account.close(0);
}
