// The tree workload of DESIGN §14: branches below one shared 512-token prefix on SmolLM2-135M, every
// precision side by side and beside the peers; and where the time goes.
import { PRECISIONS, type Precision } from '../src/model/manifest.js';
import { allPeers } from './peers.js';
import { promptOf, randomPackage, smol135m } from './random-checkpoint.js';
import type { Benchmark, BenchmarkOptions, Table } from './report.js';
import { median, type PeerResult, runInterleaved, runTrial, type Trial } from './run-trial.js';
import { hasSmollm2, smollm2File, smollm2Package, smollm2Text } from './smollm2.js';
import type { TrialOptions, TrialResult } from './trial.js';

const prefix = 512;
const branchCounts = [1, 4, 16, 64, 256];
/** Peers prefill every branch: at 256 a trial of theirs would take ten minutes. */
const mostPeerBranches = 64;
const linears = ['MatMul', 'MatMulIntegerToFloat', 'MatMulNBits', 'Gemm'];

export const treeWorkload: Benchmark = {
  name: 'tree-workload',
  about: 'branches below one 512-token prefix, 128 new tokens each, SmolLM2-135M',
  async run(options) {
    if (!hasSmollm2) console.warn(`SKIPPED: peers, real weights, for want of ${smollm2File}`);
    const precisions = PRECISIONS.filter((name) => options.precisions?.includes(name) ?? true);
    const models = new Map<Precision, string>();
    for (const precision of precisions) models.set(precision, await packageOf(precision));
    return [...(await rates(models, options)), await profile(models, options)];
  },
};

function packageOf(precision: Precision): Promise<string> {
  return hasSmollm2 ? smollm2Package(precision) : randomPackage(smol135m, precision);
}

interface Case {
  readonly name: string;
  readonly branches: number;
  readonly trial: Trial;
}

function sizes(branches: number, { threads }: BenchmarkOptions) {
  const prompt = hasSmollm2 ? smollm2Text(prefix) : promptOf(prefix);
  return { prompt, branches, tokens: 128, threads };
}

/** Every engine at every number of branches, trial by trial in turn; the peers fewer times. */
async function rates(models: ReadonlyMap<Precision, string>, options: BenchmarkOptions) {
  const counts = options.branches ?? branchCounts;
  const ours: Case[] = [];
  const theirs: Case[] = [];
  const peers = hasSmollm2 ? allPeers(options.peers) : [];
  for (const branches of counts) {
    for (const [name, model] of models) {
      const trial = { program: './trial.ts', options: { ...sizes(branches, options), model } };
      ours.push({ name, branches, trial });
    }
    if (branches > mostPeerBranches) continue;
    for (const { name, trial } of peers) {
      theirs.push({ name, branches, trial: trial(sizes(branches, options)) });
    }
  }
  const peerRepeats = Math.max(1, options.repeats - 2);
  const total = ours.length * options.repeats + theirs.length * peerRepeats;
  const run = async (cases: Case[], repeats: number, before: number) => {
    const trials = cases.map(({ trial }) => trial);
    const done = (count: number) => options.onProgress(before + count, total);
    const results = await runInterleaved<TrialResult | PeerResult>(trials, repeats, done);
    return cases.map((each, i) => ({ ...each, runs: results[i] ?? [] }));
  };
  const results = await run(ours, options.repeats, 0);
  results.push(...(await run(theirs, peerRepeats, ours.length * options.repeats)));
  results.sort((a, b) => a.branches - b.branches);
  return [table(results)];
}

function table(results: readonly (Case & { runs: (TrialResult | PeerResult)[] })[]): Table {
  const rows = results.map(({ name, branches, runs }) => ({
    engine: name,
    branches,
    'prefix s': median(runs.map(({ prefillSeconds }) => prefillSeconds)),
    'decode s': median(runs.map(({ decodeSeconds }) => decodeSeconds)),
    'decode tokens/s': median(runs.map(({ sampled, decodeSeconds }) => sampled / decodeSeconds)),
    'all tokens/s': median(
      runs.map((run) => run.sampled / (run.prefillSeconds + run.decodeSeconds)),
    ),
    ...engineColumns(runs.filter((run): run is TrialResult => 'engineSeconds' in run)),
    trials: runs.length,
  }));
  return { title: 'Prefix and decode', rows };
}

/** What peers do not tell. */
function engineColumns(runs: readonly TrialResult[]) {
  if (runs.length === 0) return {};
  return {
    'cold tokens/s': median(runs.map(({ sampled, coldSeconds }) => sampled / coldSeconds)),
    'engine share': median(runs.map((run) => run.engineSeconds / run.decodeSeconds)),
  };
}

/** A profiled trial of each precision at 64 branches: shares of its forward passes by operator. */
async function profile(models: ReadonlyMap<Precision, string>, options: BenchmarkOptions) {
  const rows = [];
  for (const [precision, model] of models) {
    const trial: TrialOptions = { ...sizes(64, options), model, profile: true };
    rows.push({ precision, ...sharesOf(await runTrial(trial)) });
  }
  return { title: 'Seconds by operator, 64 branches', rows };
}

function sharesOf({ operators = {}, engineSeconds, decodeSeconds, coldSeconds }: TrialResult) {
  const total = Object.values(operators).reduce((sum, seconds) => sum + seconds, 0);
  const linear = linears.reduce((sum, name) => sum + (operators[name] ?? 0), 0);
  const attention = operators.TreeAttention ?? 0;
  // Two decodings are in the operators' seconds, one in the engine's.
  const around = engineSeconds * (1 + coldSeconds / decodeSeconds);
  return {
    'in linears': linear / total,
    'in attention': attention / total,
    'in other operators': (total - linear - attention) / total,
    'of what linears alone allow': linear / (total + around),
    'engine share': engineSeconds / decodeSeconds,
  };
}
