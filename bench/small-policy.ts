// The smallest embedded policy at 256 branches (DESIGN §14), and what the engine around ONNX Runtime
// costs.
import { promptOf } from './random-checkpoint.js';
import type { Benchmark } from './report.js';
import { median, runInterleaved } from './run-trial.js';
import type { TrialResult } from './trial.js';

export const smallPolicy: Benchmark = {
  name: 'small-policy',
  about: 'policy-0.4m, 1 to 256 branches, tokens/s',
  async run({ threads, repeats, onProgress }) {
    const branchCounts = [1, 16, 64, 256];
    const sizes = { model: 'policy-0.4m', prompt: promptOf(64), tokens: 128, threads };
    const trials = branchCounts.map((branches) => ({
      program: './trial.ts',
      options: { ...sizes, branches },
    }));
    const results = await runInterleaved<TrialResult>(trials, repeats, onProgress);
    const rows = branchCounts.map((branches, index) => {
      const runs = results[index] ?? [];
      return {
        branches,
        'tokens/s': median(runs.map((run) => run.sampled / run.decodeSeconds)),
        'share outside the forward pass': median(
          runs.map((run) => 1 - run.runSeconds / run.decodeSeconds),
        ),
      };
    });
    return [{ title: 'Decode', rows }];
  },
};
