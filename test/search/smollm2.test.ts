// A real policy through every strategy, with a reward model of another tokenizer: 20 problems of GSM8K
// from the command line, some of them again with a trace. Its accuracy is poor; tokens, ledgers, limits,
// votes and stop reasons have to be right. Needs the GGUF file in $ESPALIER_TEST_MODELS and GSM8K's
// questions; what is not there is skipped, and said.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { groupEquivalent } from '../../src/grading/groups.js';
import { importModel } from '../../src/model/import.js';
import { loadReward } from '../../src/scoring/load.js';
import type { Reward } from '../../src/scoring/reward.js';
import { loadPolicy } from '../../src/search/load.js';
import type { Policy } from '../../src/search/policy.js';
import type { SearchPath, SearchResult } from '../../src/search/result.js';
import { search } from '../../src/search/search.js';
import { beamSearch, dvts } from '../../src/search/strategy.js';
import type { TraceEvent } from '../../src/search/trace.js';
import { openTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { espalier } from '../cli/command-line.js';
import { Scratch } from '../model/golden-llama.js';
import { recount } from './recount.js';

const folder =
  process.env.ESPALIER_TEST_MODELS ?? join(homedir(), '.cache', 'espalier-test-models');
const file = join(folder, 'SmolLM2-135M-Instruct.Q4_1.gguf');
const questions = fileURLToPath(new URL('../../../shared/data/gsm8k-1019.jsonl', import.meta.url));
const missing = [file, questions].filter((path) => !existsSync(path));
if (missing.length > 0) {
  console.warn(`SKIPPED: searches with a real model, for want of ${missing.join(' and ')}`);
}

const strategies = {
  greedy: ['--strategy', 'greedy'],
  majority: ['--strategy', 'majority', '--budget', '4'],
  'best-of-n': ['--strategy', 'best-of-n', '--budget', '4', '--aggregation', 'min'],
  'beam-search, hold': ['--strategy', 'beam-search', '--budget', '4', '--width', '2'],
  'beam-search, refill': [
    ...['--strategy', 'beam-search', '--budget', '4', '--width', '2', '--completed', 'refill'],
  ],
  'dvts, best': ['--strategy', 'dvts', '--budget', '4', '--width', '2'],
  'dvts, siblings': [
    ...['--strategy', 'dvts', '--budget', '4', '--width', '2', '--answers', 'siblings'],
  ],
};
type StrategyName = keyof typeof strategies;
const needsReward = (name: StrategyName) => name !== 'greedy' && name !== 'majority';
const pathTokens = 48;
/** Makes some of its answers short enough to be complete. */
const systemPrompt = 'Answer with a number.';
const sampling = ['--seed', '5', '--max-path-tokens', String(pathTokens)];
const warning = /^warning: reward model prm-3m was made for the embedded policies' texts.*\n$/;

interface Problem {
  readonly problem: string;
  readonly answer: string;
}

const scratch = new Scratch();
const dataset = scratch.at('gsm8k.jsonl');
let problems: readonly Problem[];
let tokenizer: Tokenizer;
let policy: Policy;
let reward: Reward;
let free: () => Promise<void>;
const runs = new Map<StrategyName, readonly ResultRecord[]>();

/** The command line, with the models that are loaded already and stay so. */
async function run(...args: string[]) {
  return espalier(args, {
    environment: { loadPolicy: async () => policy, loadReward: async () => reward },
  });
}

/** Commands dispose of what they load; here that is everyone's. Gives what really disposes. */
function keepOpen(model: Policy | Reward): () => Promise<void> {
  const dispose = model.dispose.bind(model);
  model.dispose = async () => {};
  return dispose;
}

async function evaluated(name: StrategyName, out: string): Promise<readonly ResultRecord[]> {
  const models = ['--policy', scratch.at('smollm2')];
  const { code, stderr } = await run(
    ...['eval', '--dataset', dataset, '--out', out, '--concurrency', '20'],
    ...[...models, ...strategies[name], ...sampling, '--json'],
  );
  expect(stderr).toMatch(needsReward(name) ? warning : /^$/);
  expect(code).toBe(0);
  const lines = readFileSync(join(out, 'results.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ResultRecord);
}

beforeAll(async () => {
  if (missing.length > 0) return;
  const rows = readFileSync(questions, 'utf8').trimEnd().split('\n');
  problems = rows
    .map((row) => JSON.parse(row) as { question: string; answer: string })
    // The shortest ones, as the reward model has room for 512 tokens and spells out what it knows not.
    .sort((a, b) => a.question.length - b.question.length)
    .slice(0, 20)
    .map(({ question, answer }) => {
      const [, number = ''] = /#### (.*)$/.exec(answer) ?? [];
      return { problem: question, answer: number };
    });
  writeFileSync(dataset, problems.map((problem) => JSON.stringify(problem)).join('\n'));
  const { directory } = await importModel(file, scratch.at('smollm2'));
  tokenizer = await openTokenizer(directory);
  policy = await loadPolicy(directory, { kvMemory: 2 ** 29, threads: 2, systemPrompt });
  reward = await loadReward('prm-3m', { threads: 2 });
  const frees = [keepOpen(policy), keepOpen(reward)];
  free = async () => {
    for (const each of frees) await each();
  };
}, 600_000);
afterAll(async () => {
  await free?.();
  scratch.remove();
});

/** The votes that paths give, counted anew. */
function recountVotes(
  paths: readonly Omit<SearchPath, 'text' | 'tokens' | 'logProb'>[],
  isScored: boolean,
) {
  const answers = paths.filter((path) => path.isAnswer && path.answer !== null);
  const complete = answers.filter((path) => path.complete);
  const voting = complete.length > 0 ? complete : answers;
  const weights = groupEquivalent(voting.map((path) => path.answer ?? '')).map((group) =>
    group
      .map((index) => voting[index] as (typeof voting)[number])
      .reduce(
        (sum, { multiplicity, value }) => sum + multiplicity * (isScored ? (value ?? 0) : 1),
        0,
      ),
  );
  return weights.sort((a, b) => b - a);
}

const timeless = ({ computed: _, seconds: __, unshared: ___, ...ledger }: SearchResult['ledger']) =>
  ledger;

describe.skipIf(missing.length > 0)('SmolLM2 with the embedded reward model', () => {
  describe.each(Object.keys(strategies) as StrategyName[])('%s', (name) => {
    test('evaluates 20 problems', async () => {
      const records = await evaluated(name, scratch.at(name));
      runs.set(name, records);
      expect(records).toHaveLength(20);
      // A tree all of whose first children were cut has no path.
      const all = records.flatMap(({ paths }) => paths);
      expect(all.length).toBeGreaterThan(10);
      // In trees 48 tokens may hold no second step that completes a path.
      const depths = records
        .flatMap(({ branches }) => branches ?? [])
        .map(({ id }) => id.split('.'));
      const steps = [...all.map((path) => path.steps), ...depths].map(({ length }) => length);
      expect(Math.max(...steps)).toBeGreaterThan(1);
      if (name === 'majority' || name === 'best-of-n') {
        expect(all).toHaveLength(80);
        expect(all.some((path) => path.complete && path.answer !== null)).toBe(true);
      }
      records.forEach((record, i) => {
        const { ledger, paths, votes, problem } = record;
        expect(record).toMatchObject({ stopReason: 'finished', reproducible: true });
        expect(record).toMatchObject({ problem: problems[i]?.problem });
        expect(record.reference).toBe(problems[i]?.answer);
        expect(record.answer).toBe(votes[0]?.answer ?? null);
        expect(ledger.policy.promptTokens).toBe(policy.encodePrompt(problem).length);
        const judged = needsReward(name) ? reward.format.begin(problem).tokens.length : 0;
        expect(ledger.reward.promptTokens).toBe(judged);
        const weights = votes.map(({ weight }) => weight);
        const expected = recountVotes(paths, needsReward(name));
        expect(weights).toHaveLength(expected.length);
        for (const [k, weight] of weights.entries())
          expect(weight).toBeCloseTo(expected[k] ?? NaN, 9);
        for (const path of paths) {
          expect(path.tokens).toBeGreaterThan(0);
          expect(path.tokens).toBeLessThanOrEqual(pathTokens);
          if (!path.complete) continue;
          const scores = path.steps.map(({ score }) => score);
          expect(scores.every((score) => (score !== null) === needsReward(name))).toBe(true);
        }
      });
    });

    test('solves as it evaluates, and its trace accounts for every token', async () => {
      for (const index of [0, 7, 13]) {
        const { problem } = problems[index] as Problem;
        const trace = scratch.at(`${name}-${index}.jsonl`);
        const { code, stdout, stderr } = await run(
          ...['solve', problem, '--policy', scratch.at('smollm2'), '--trace', trace],
          ...[...strategies[name], ...sampling, '--json'],
        );
        expect(code).toBe(0);
        expect(stderr).toMatch(needsReward(name) ? warning : /^$/);
        const result = JSON.parse(stdout) as SearchResult;
        const events = readFileSync(trace, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as TraceEvent);
        const models = { policy, reward: needsReward(name) ? reward : undefined };
        expect(timeless(result.ledger)).toEqual(recount(events, problem, models));
        expect(result.warnings).toHaveLength(needsReward(name) ? 1 : 0);
        const record = runs.get(name)?.[index] as ResultRecord;
        const { answer, votes, stopReason } = result;
        expect(record).toMatchObject({ answer, votes, stopReason, chosen: result.path.id });
        expect(record.ledger.flops).toBe(result.ledger.flops);
        checkTexts(result.paths);
      }
    });
  });

  /** Texts are what their tokens say, and encode and decode again to themselves. */
  function checkTexts(paths: readonly SearchPath[]): void {
    for (const { text, tokens, steps } of paths) {
      expect(policy.decode(tokens)).toBe(text);
      const joined = steps.map((step) => step.text).join('');
      // A blank ending, and a step that was dropped, belong to no step.
      expect(text.startsWith(joined)).toBe(true);
      for (const step of steps)
        expect(tokenizer.decode(tokenizer.encode(step.text))).toBe(step.text);
      for (const step of steps.slice(0, -1)) expect(step.text).toMatch(/\S\s*\n\n\s*$/);
    }
  }

  test('a run that was stopped ends in the same bytes', async () => {
    const out = scratch.at('stopped');
    const stop = new AbortController();
    const args = [
      ...['eval', '--dataset', dataset, '--out', out, '--policy', scratch.at('smollm2')],
      ...[...strategies['dvts, best'], ...sampling, '--json', '--concurrency', '4'],
    ];
    const poll = setInterval(() => {
      const results = join(out, 'results.jsonl');
      if (existsSync(results) && readFileSync(results, 'utf8').includes('\n')) stop.abort();
    }, 5);
    const { code } = await espalier(args, {
      signal: stop.signal,
      environment: { loadPolicy: async () => policy, loadReward: async () => reward },
    }).finally(() => clearInterval(poll));
    expect(code).toBe(130);
    expect((await run(...args)).code).toBe(0);
    const bytes = (run: string) => readFileSync(join(scratch.at(run), 'results.jsonl'), 'utf8');
    expect(bytes('stopped')).toBe(bytes('dvts, best'));
  });

  test('limits hold, and say so', async () => {
    const question = problems[0]?.problem ?? '';
    const options = { policy, reward, seed: 5, maxPathTokens: pathTokens };
    for (const strategy of [
      beamSearch({ budget: 4, width: 2 }),
      dvts({ budget: 4, width: 2, answers: 'siblings' }),
    ]) {
      const free = await search(question, { ...options, strategy });
      const tokens = Math.floor(free.ledger.policy.sampledTokens / 2);
      const byTokens = await search(question, { ...options, strategy, limits: { tokens } });
      expect(byTokens).toMatchObject({ stopReason: 'tokens', reproducible: true });
      expect(byTokens.ledger.policy.sampledTokens).toBeLessThanOrEqual(tokens);
      const flops = free.ledger.flops * 0.75;
      const byFlops = await search(question, { ...options, strategy, limits: { flops } });
      expect(byFlops).toMatchObject({ stopReason: 'flops', reproducible: true });
      expect(byFlops.ledger.flops).toBeLessThanOrEqual(flops);
      const byTime = await search(question, {
        ...{ ...options, strategy, maxPathTokens: 4000, maxStepTokens: 4000 },
        limits: { milliseconds: 100 },
      });
      expect(byTime).toMatchObject({ stopReason: 'milliseconds', reproducible: false });
      for (const { paths } of [byTokens, byFlops, byTime]) checkTexts(paths);
    }
    const stats = [await policy.tree.stats(), await reward.tree.stats()];
    expect(stats.map(({ pagesUsed }) => pagesUsed)).toEqual([0, 0]);
  });

  test('a question that the reward model has no room for is refused, not cut', async () => {
    const question = `${'A rather unlikely vocabulary. '.repeat(60)}How many?`;
    const strategy = dvts({ budget: 4, width: 2 });
    await expect(search(question, { policy, reward, strategy })).rejects.toThrow(
      /`question` to be a text that leaves room in the 512 tokens of prm-3m's context/,
    );
  });
});
