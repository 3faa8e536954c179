// The ledger of a search, counted again from its trace alone: an oracle that shares no line with
// src/ledger.ts. Whole-path strategies score what they sampled; trees score step by step.
import type { ModelCost } from '../../src/ledger.js';
import type { Reward } from '../../src/scoring/reward.js';
import type { EncodedSolution } from '../../src/scoring/reward-format.js';
import type { Policy } from '../../src/search/policy.js';
import { splitSteps } from '../../src/search/steps.js';
import type { TraceEvent } from '../../src/search/trace.js';

type Sampled = Extract<TraceEvent, { type: 'sampled' }>;

/** Positions that were run, one by one; `reads` of them had the head. */
interface Work {
  readonly positions: number[];
  reads: number;
}

/** What a trace says was spent, as far as `Ledger` has it too. Of a search that ended by itself. */
export function recount(
  events: readonly TraceEvent[],
  question: string,
  { policy, reward }: { readonly policy: Policy; readonly reward: Reward | undefined },
) {
  const sampled = new Map(
    events.flatMap((event) => (event.type === 'sampled' ? [[event.path, event] as const] : [])),
  );
  const prompt = policy.encodePrompt(question).length;
  const own = policyWork(sampled, prompt);
  const judged = reward && rewardWork(events, sampled, question, reward, policy.delimiter);
  const rewardFlops = judged && reward ? flopsOf(judged.work, reward.cost) : 0;
  const policyFlops = flopsOf(own, policy.cost);
  return {
    policy: {
      promptTokens: prompt,
      sampledTokens: sum([...sampled.values()].map(({ tokens }) => tokens)),
      processedTokens: own.positions.length,
      flops: policyFlops,
    },
    reward: {
      promptTokens: judged?.promptTokens ?? 0,
      processedTokens: judged?.work.positions.length ?? 0,
      calls: judged?.calls ?? 0,
      scores: judged?.work.reads ?? 0,
      flops: rewardFlops,
    },
    flops: policyFlops + rewardFlops,
  };
}

function policyWork(sampled: ReadonlyMap<string, Sampled>, prompt: number): Work {
  const lengthOf = (path: string) =>
    sum(lineage(path).map((ancestor) => sampled.get(ancestor)?.tokens ?? Number.NaN));
  const positions = range(0, prompt);
  let reads = 1;
  for (const { parent, tokens } of sampled.values()) {
    // The last token of a run is run once something follows it.
    const start = prompt + lengthOf(parent);
    positions.push(...range(start, start + tokens - 1));
    reads += tokens - 1;
  }
  for (const parent of new Set([...sampled.values()].map((event) => event.parent))) {
    if (parent === '') continue;
    positions.push(prompt + lengthOf(parent) - 1);
    reads += 1;
  }
  return { positions, reads };
}

function rewardWork(
  events: readonly TraceEvent[],
  sampled: ReadonlyMap<string, Sampled>,
  question: string,
  { format, context }: Reward,
  delimiter: string,
) {
  const start = format.begin(question);
  const work: Work = { positions: range(0, start.tokens.length), reads: 0 };
  const isWholePath = events.some(
    (event) => event.type === 'started' && event.strategy === 'best-of-n',
  );
  const seen = new Set<string>();
  let calls = 0;
  for (const event of events) {
    if (event.type !== 'scored') continue;
    const { text = '', parent = '', tokens, logProb } = sampled.get(event.path) ?? {};
    // Identical whole paths are scored once.
    const identity = [text, tokens, logProb].join();
    if (isWholePath && seen.has(identity)) continue;
    seen.add(identity);
    let solution: EncodedSolution = start;
    for (const path of lineage(parent)) {
      solution = format.append(solution, sampled.get(path)?.text ?? '');
    }
    const from = solution.tokens.length;
    const steps = isWholePath ? splitSteps(text, delimiter) : [text];
    for (const step of steps) {
      const longer = format.append(solution, step);
      if (longer.tokens.length > context) break;
      solution = longer;
      work.reads += 1;
    }
    work.positions.push(...range(from, solution.tokens.length));
    calls += 1;
  }
  return { work, calls, promptTokens: start.tokens.length };
}

/** Every matrix weight twice for each token, and attention over all that it sees. */
function flopsOf({ positions, reads }: Work, cost: ModelCost): number {
  const attention = 4 * cost.layers * cost.heads * cost.headDim;
  const body = positions.map((position) => 2 * cost.matrixWeights + attention * (position + 1));
  return sum(body) + 2 * cost.headWeights * reads;
}

/** A path id and its ancestors', from the root down: `3.0` gives `3` and `3.0`. */
function lineage(path: string): readonly string[] {
  if (path === '') return [];
  const parts = path.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
