// One trial in a process of its own: a shared prefix, a number of branches below it, so many new
// tokens each, once to touch the memory and once timed. Prints one JSON line; with `profile` also
// where ONNX Runtime's time went.
//   tsx bench/trial.ts '{"model": DIR, "prompt": [...], "branches": 64, "tokens": 128, "threads": 2}'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTree } from '../src/engine/engine.js';
import type { TreeStats } from '../src/engine/token-tree.js';
import { openPackage } from '../src/model/package.js';
import { openTokenizer } from '../src/text/tokenizer.js';

export interface TrialOptions {
  /** A package's directory or an embedded model's name. */
  readonly model: string;
  /** Ids of the shared prefix. */
  readonly prompt: readonly number[];
  readonly branches: number;
  /** New tokens of each branch. */
  readonly tokens: number;
  readonly threads: number;
  /** Measure seconds by operator, which slows the run a little. */
  readonly profile?: boolean;
}

export interface TrialResult {
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
  /** The first such decoding, which touches the pool's memory for the first time. */
  readonly coldSeconds: number;
  /** Tokens sampled: fewer than branches x tokens if some branch ended by itself. */
  readonly sampled: number;
  readonly steps: number;
  /** Of the decoding: seconds inside the forward passes, and of the engine around them. */
  readonly runSeconds: number;
  readonly engineSeconds: number;
  /** Pages that the branches' first token took. */
  readonly forkPages: number;
  /** Seconds by operator, the first decoding and the prefill included. */
  readonly operators?: Readonly<Record<string, number>>;
}

async function measure(options: TrialOptions): Promise<Omit<TrialResult, 'operators'>> {
  const model = await openPackage(options.model);
  const tokenizer = await openTokenizer(model.directory);
  const { vocabulary } = model.manifest.dimensions;
  const tree = await openTree(model, tokenizer.tokenBytes(vocabulary), {
    threads: options.threads,
    kvMemory: 2 ** 32,
  });
  const children = (maxTokens: number) =>
    Array.from({ length: options.branches }, (_, i) => ({ pathKey: BigInt(i), maxTokens }));
  const sampling = { streamKey: 1n, temperature: 0.7, topK: 0, topP: 1, minP: 0 };

  const warm = await tree.extend(tree.root, [4, 5, 6], { readAt: [2] });
  tree.release(warm.node);
  const begin = performance.now();
  const last = options.prompt.length - 1;
  const { node } = await tree.extend(tree.root, options.prompt, { readAt: [last] });
  const prefillSeconds = (performance.now() - begin) / 1000;

  const before = await tree.stats();
  const forks = await Promise.all(tree.sample(node, children(1), sampling));
  const forkPages = (await tree.stats()).pagesUsed - before.pagesUsed;
  for (const fork of forks) tree.release(fork.node);

  const coldBegin = performance.now();
  const cold = await Promise.all(tree.sample(node, children(options.tokens), sampling));
  const coldSeconds = (performance.now() - coldBegin) / 1000;
  for (const run of cold) tree.release(run.node);
  const start: TreeStats = await tree.stats();
  const decodeBegin = performance.now();
  const runs = await Promise.all(tree.sample(node, children(options.tokens), sampling));
  const decodeSeconds = (performance.now() - decodeBegin) / 1000;
  const end = await tree.stats();
  await tree.dispose();
  return {
    prefillSeconds,
    decodeSeconds,
    coldSeconds,
    sampled: runs.reduce((sum, run) => sum + run.tokens.length, 0),
    steps: end.steps - start.steps,
    runSeconds: end.runSeconds - start.runSeconds,
    engineSeconds: end.engineSeconds - start.engineSeconds,
    forkPages,
  };
}

/** Runs with ONNX Runtime's profiler on and sums its trace by operator. */
async function measureProfiled(options: TrialOptions): Promise<TrialResult> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-profile-'));
  try {
    process.env.ESPALIER_PROFILE = join(folder, 'trace');
    const result = await measure(options);
    const [trace = ''] = readdirSync(folder);
    return { ...result, operators: sumByOperator(readFileSync(join(folder, trace), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sumByOperator(trace: string): Record<string, number> {
  const events = JSON.parse(trace) as { cat: string; dur: number; args?: { op_name?: string } }[];
  const sums: Record<string, number> = {};
  for (const { cat, dur, args } of events) {
    if (cat !== 'Node' || args?.op_name === undefined) continue;
    sums[args.op_name] = (sums[args.op_name] ?? 0) + dur / 1e6;
  }
  return sums;
}

const [json = '{}'] = process.argv.slice(2);
const options = JSON.parse(json) as TrialOptions;
console.log(JSON.stringify(await (options.profile ? measureProfiled : measure)(options)));
