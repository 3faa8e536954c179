// Bootstrap resampling: the plain way against the kernels that gpu.js offers, their start included, in
// processor time of this process.
import { Resamples, resampledSums, toColumn } from '../src/evaluation/resampling.js';
import { isWorthAKernel, ResamplingKernel } from '../src/evaluation/resampling-kernel.js';
import type { Benchmark } from './report.js';
import { median } from './run-trial.js';

/** Problems, resamples, quantities: one accuracy, a few comparisons, the curves of N = 16 and 64. */
const sizes = [
  [500, 4000, 1],
  [500, 4000, 16],
  [500, 1000, 64],
  [500, 1000, 256],
  [1319, 1000, 256],
] as const;

export const resampling: Benchmark = {
  name: 'resampling',
  about: 'sums of quantities over bootstrap resamples, processor time in ms',
  async run({ repeats, onProgress }) {
    const rows = [];
    for (const [index, [problems, resamples, quantities]] of sizes.entries()) {
      const columns = Array.from({ length: quantities }, (_, q) =>
        toColumn(Array.from({ length: problems }, (_, i) => ((i * 7919 + q * 31) % 97) / 97)),
      );
      const options = { resamples, seed: 3 };
      const draws = await timed(repeats, () => {
        new Resamples(problems, 3).fill(new Float32Array(problems * resamples));
      });
      const plain = await timed(repeats, () => void resampledSums(columns, options));
      const onBackend = (backend: 'webasm' | 'cpu') =>
        timed(repeats, async () => {
          const kernel = await ResamplingKernel.open([backend]);
          await kernel?.sums(columns, options);
          await kernel?.dispose();
        });
      const [webasm, cpu] = [await onBackend('webasm'), await onBackend('cpu')];
      const chosen = isWorthAKernel(columns, resamples) ? 'kernel' : 'plain';
      rows.push({ problems, resamples, quantities, draws, plain, webasm, cpu, chosen });
      onProgress(index + 1, sizes.length);
    }
    return [{ title: 'Resampling', rows }];
  },
};

/** Milliseconds of processor time, the median; the first call, which compiles, is left out. */
async function timed(repeats: number, work: () => Promise<void> | void): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    if (i > 0) times.push((user + system) / 1000);
  }
  return median(times);
}
