// The tree workload of DESIGN §14: branches below one shared 512-token prefix, SmolLM2-135M's shape
// with random weights, fp32 and int8 side by side; and where the time goes.
import { randomPackage, smol135m } from './random-checkpoint.js';
import type { Benchmark } from './report.js';
import { median, runInterleaved, runTrial } from './run-trial.js';
import type { TrialResult } from './trial.js';

const prefix = 512;
const branchCounts = [1, 4, 16, 64, 256];
const precisions = ['fp32', 'int8'] as const;
const linears = ['MatMul', 'MatMulIntegerToFloat'];

export const treeWorkload: Benchmark = {
  name: 'tree-workload',
  about: 'branches below one 512-token prefix, 135M-shaped, tokens/s',
  async run({ threads, repeats, onProgress }) {
    const trials = [];
    for (const precision of precisions) {
      const model = await randomPackage(smol135m, precision);
      // Few tokens where there are many branches: the rate is that of the first ones after the fork.
      for (const branches of branchCounts) {
        trials.push({ model, prefix, branches, tokens: branches > 64 ? 32 : 64, threads });
      }
    }
    const results = await runInterleaved(trials, repeats, onProgress);
    const rows = trials.map((trial, index) => {
      const runs = results[index] ?? [];
      return {
        precision: precisions[Math.floor(index / branchCounts.length)] ?? '',
        branches: trial.branches,
        'tokens/s': median(runs.map((run) => run.sampled / run.decodeSeconds)),
        'prefill tokens/s': median(runs.map((run) => prefix / run.prefillSeconds)),
        'engine share': median(runs.map((run) => run.engineSeconds / run.decodeSeconds)),
      };
    });
    return [
      { title: 'Decode and prefill', rows },
      { title: 'Seconds by operator, 64 branches', rows: await profileRows(threads) },
    ];
  },
};

/** A profiled trial of each precision: share of its forward passes by operator. */
async function profileRows(threads: number) {
  const rows = [];
  for (const precision of precisions) {
    const model = await randomPackage(smol135m, precision);
    const options = { model, prefix, branches: 64, tokens: 64, threads, profile: true };
    const run = await runTrial(options);
    rows.push({ precision, ...sharesOf(run) });
  }
  return rows;
}

function sharesOf({ operators = {}, engineSeconds, decodeSeconds }: TrialResult) {
  const total = Object.values(operators).reduce((sum, seconds) => sum + seconds, 0);
  const linear = linears.reduce((sum, name) => sum + (operators[name] ?? 0), 0);
  const attention = operators.TreeAttention ?? 0;
  return {
    'in linears': linear / total,
    'in attention': attention / total,
    'in other operators': (total - linear - attention) / total,
    'of what linears alone allow': linear / (total + engineSeconds),
    'engine share': engineSeconds / decodeSeconds,
  };
}
