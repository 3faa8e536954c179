// Resampled sums: integers against plain floating point, and every kernel that gpu.js offers here
// against the plain way, bit for bit.
import { describe, expect, it, vi } from 'vitest';
import { bootstrapMean, bootstrapMeans } from '../../src/evaluation/bootstrap.js';
import { RandomStream } from '../../src/evaluation/random-stream.js';
import {
  meanOf,
  mostSingleProblems,
  Resamples,
  resampledSums,
  toColumn,
} from '../../src/evaluation/resampling.js';
import { isWorthAKernel, ResamplingKernel } from '../../src/evaluation/resampling-kernel.js';

const uniform = (length: number, seed: number, from = 0, to = 1) => {
  const stream = new RandomStream(seed, length);
  return Array.from({ length }, () => from + ((to - from) * stream.below(2 ** 30)) / 2 ** 30);
};
const binary = (length: number, seed: number) => uniform(length, seed).map(Math.round);

describe('toColumn', () => {
  it('keeps 0 and 1, counts and halves exact, and constants without a width', () => {
    for (const values of [
      [0, 1, 1, 0, 1],
      [3, 0, 7, 12],
      [0.5, 0, 1, 0.25],
      [0.3, 0.3, 0.3],
      [-1, 1],
    ]) {
      const column = toColumn(values);
      values.forEach((value, i) => {
        expect(column.minimum + column.unit * (column.integers[i] ?? Number.NaN)).toBe(value);
      });
    }
    expect(toColumn([0.1, 0.1]).integers).toEqual(Float64Array.of(0, 0));
    expect(meanOf(0, toColumn([0.1, 0.1, 0.1]))).toBe(0.1);
  });

  it('rounds to so little that no sum leaves single precision', () => {
    for (const length of [1, 2, 3, 5, 30, 500, 1319, 4095, mostSingleProblems, 5000]) {
      for (const [from, to] of [
        [0, 1],
        [-3e9, 8e12],
        [1e-9, 1.1e-9],
        [0, 5e-324],
      ] as const) {
        const values = uniform(length, 3, from, to);
        const { integers, unit, minimum } = toColumn(values);
        const largest = Math.max(...integers);
        if (length <= mostSingleProblems) expect(largest * length).toBeLessThanOrEqual(2 ** 24);
        values.forEach((value, i) => {
          const error = Math.abs(minimum + unit * (integers[i] ?? 0) - value);
          expect(error).toBeLessThanOrEqual(0.51 * unit + 1e-15 * Math.abs(value));
        });
        if (length > 1 && to > 1e-300) expect(unit).toBeLessThanOrEqual((to - from) / 2048);
      }
    }
  });

  it('refuses what is no number', () => {
    for (const values of [[], [1, Number.NaN], [Number.POSITIVE_INFINITY], [1e308, -1e308]]) {
      expect(() => toColumn(values)).toThrow(RangeError);
    }
  });
});

describe('resampledSums', () => {
  it('are the sums over the problems that the stream draws, to a fraction of the unit', () => {
    const values = uniform(70, 5, -2, 3);
    const column = toColumn(values);
    const [sums] = resampledSums([column], { resamples: 200, seed: 9 });
    const stream = new RandomStream(9, 70);
    for (let r = 0; r < 200; r++) {
      let total = 0;
      for (let i = 0; i < 70; i++) total += values[stream.below(70)] ?? 0;
      expect(Math.abs(meanOf(sums?.[r] ?? Number.NaN, column) - total / 70)).toBeLessThan(
        column.unit,
      );
    }
  });

  it('draws as many problems as there are, whatever it is asked for at once', () => {
    const all = new Float32Array(12 * 30);
    new Resamples(30, 4).fill(all);
    const rows = new Resamples(30, 4);
    for (let r = 0; r < 12; r += 4) {
      const some = new Float64Array(4 * 30);
      rows.fill(some);
      expect([...some]).toEqual([...all.subarray(r * 30, (r + 4) * 30)]);
    }
    for (let r = 0; r < 12; r++) {
      const row = all.subarray(r * 30, (r + 1) * 30);
      expect(row.reduce((sum, times) => sum + times)).toBe(30);
    }
  });
});

describe('ResamplingKernel', () => {
  for (const backend of ['webasm', 'cpu'] as const) {
    it(`gives on ${backend} the bits of the plain way`, async () => {
      await using kernel = await opened(backend);
      for (const [problems, resamples, columns] of [
        [1, 3, 1],
        [7, 5, 2],
        [500, 400, 5],
        [1319, 60, 9],
        [mostSingleProblems, 1100, 3],
      ] as const) {
        const values = Array.from({ length: columns }, (_, c) =>
          toColumn(c % 2 === 0 ? uniform(problems, c, -1, c) : binary(problems, c)),
        );
        const options = { resamples, seed: 6 };
        expect(await kernel.sums(values, options)).toEqual(resampledSums(values, options));
      }
    });
  }

  it('takes the next backend where one is not there', async () => {
    // No WebGPU in Node itself; and a host that offers it may have no adapter.
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    try {
      const kernel = await ResamplingKernel.open(['webgpu', 'webasm', 'cpu']);
      expect(kernel?.backend).toBe('webasm');
      await kernel?.dispose();
      expect(await ResamplingKernel.open(['webgpu'])).toBeUndefined();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('takes none that miscounts', async () => {
    vi.resetModules();
    const gpujs = await import('gpu.js');
    class Forgetful extends gpujs.GPU {
      override createKernel(source: never, settings: never): never {
        const kernel = super.createKernel(source, settings) as unknown as (
          ...args: readonly unknown[]
        ) => Float32Array[];
        const wrong = (...args: readonly unknown[]) =>
          kernel(...args).map((row) => row.map((x) => x + 1));
        return Object.assign(wrong, { output: [0, 0] }) as never;
      }
    }
    vi.doMock('gpu.js', () => ({ ...gpujs, GPU: Forgetful }));
    try {
      const own = await import('../../src/evaluation/resampling-kernel.js');
      expect(await own.ResamplingKernel.open(['webasm', 'cpu'])).toBeUndefined();
    } finally {
      vi.doUnmock('gpu.js');
      vi.resetModules();
    }
  });
});

describe('bootstrapMeans', () => {
  const quantities = (count: number, problems: number) =>
    Array.from({ length: count }, (_, i) =>
      i % 3 === 0 ? binary(problems, i) : uniform(problems, i),
    );

  it('is bootstrapMean of each, on a kernel and without one', async () => {
    for (const [count, resamples] of [
      [3, 100],
      [70, 2000],
    ] as const) {
      const all = quantities(count, 500);
      const isLong = isWorthAKernel(all.map(toColumn), resamples);
      expect(isLong).toBe(count === 70);
      const found = await bootstrapMeans(all, { resamples, seed: 2 });
      [0, 1, count - 1].forEach((i) => {
        expect(found[i]).toEqual(bootstrapMean(all[i] ?? [], { resamples, seed: 2 }));
      });
    }
    expect(isWorthAKernel([toColumn(binary(5000, 1))], 1e6)).toBe(false);
  });

  it('is the same where gpu.js is not installed', async () => {
    const all = quantities(70, 500);
    const found = await bootstrapMeans(all, { resamples: 2000 });
    vi.resetModules();
    vi.doMock('gpu.js', () => {
      throw new Error("Cannot find package 'gpu.js'");
    });
    try {
      const kernels = await import('../../src/evaluation/resampling-kernel.js');
      expect(await kernels.ResamplingKernel.open()).toBeUndefined();
      const own = await import('../../src/evaluation/bootstrap.js');
      expect(await own.bootstrapMeans(all, { resamples: 2000 })).toEqual(found);
    } finally {
      vi.doUnmock('gpu.js');
      vi.resetModules();
    }
  });

  it('refuses quantities of different problems', async () => {
    await expect(bootstrapMeans([[1, 0], [1]])).rejects.toThrow(
      'of the same problems, got 2 and 1',
    );
    expect(await bootstrapMeans([])).toEqual([]);
  });
});

async function opened(backend: 'webasm' | 'cpu') {
  const kernel = await ResamplingKernel.open([backend]);
  if (kernel === undefined) throw new Error(`Expected gpu.js to offer ${backend}`);
  return Object.assign(kernel, { [Symbol.asyncDispose]: () => kernel.dispose() });
}
