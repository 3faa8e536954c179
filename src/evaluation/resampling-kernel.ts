// The sums of resampling.ts as a gpu.js kernel, on what the machine has: WebGPU where the host offers it,
// (as `navigator.gpu`), else WebAssembly. They compute in single precision, which holds these sums of
// integers exactly; a backend serves only once it agreed with the plain way.
import type { GPU, IKernelRunShortcut, Input } from 'gpu.js';
import {
  type Column,
  mostSingleProblems,
  Resamples,
  type ResamplingOptions,
  resampledSums,
  toColumn,
} from './resampling.js';

export type ResamplingBackend = 'webgpu' | 'webasm' | 'cpu';

/** In order of preference; gpu.js's own `cpu` is slower than the plain way at every size. */
const preferred: readonly ResamplingBackend[] = ['webgpu', 'webasm'];

/**
 * Multiplications from which a kernel is faster, its start included: measured with `npm run bench
 * resampling` (0.75 of the plain way's time at twice as many, on WebAssembly).
 */
const fewestProducts = 64e6;

/** Whether a kernel is the faster way. */
export function isWorthAKernel(columns: readonly Column[], resamples: number): boolean {
  const problems = columns[0]?.integers.length ?? 0;
  return problems <= mostSingleProblems && problems * columns.length * resamples >= fewestProducts;
}

/** Numbers in one call's matrices. */
const mostEntries = 2 ** 22;

const source = `function (values, counts) {
  let total = 0;
  for (let i = 0; i < this.constants.problems; i++) {
    total += values[i][this.thread.x] * counts[this.thread.y][i];
  }
  return total;
}`;

/** Dispose it after use. */
export class ResamplingKernel {
  readonly backend: ResamplingBackend;
  readonly #gpu: GPU;
  readonly #matrix: (entries: Float32Array, width: number) => Input;

  private constructor(
    backend: ResamplingBackend,
    gpujs: Pick<typeof import('gpu.js'), 'GPU' | 'Input'>,
  ) {
    this.backend = backend;
    this.#gpu = new gpujs.GPU({ mode: backend });
    this.#matrix = (entries, width) => {
      // Its types know of no typed arrays; it takes them.
      return new gpujs.Input(entries as unknown as number[], [width, entries.length / width]);
    };
  }

  /**
   * The first backend that is there and agrees with the plain way; undefined where there is none, or
   * no gpu.js.
   * @param backends in order of preference
   */
  static async open(
    backends: readonly ResamplingBackend[] = preferred,
  ): Promise<ResamplingKernel | undefined> {
    const gpujs = await import('gpu.js').catch(() => undefined);
    if (gpujs === undefined) return undefined;
    const { GPU } = gpujs;
    for (const backend of backends) {
      if (backend === 'webgpu' && !(await GPU.isWebGPUAvailable())) continue;
      if (backend === 'webasm' && !GPU.isWebAssemblySupported) continue;
      const kernel = new ResamplingKernel(backend, gpujs);
      if (await kernel.#agrees()) return kernel;
      await kernel.dispose();
    }
    return undefined;
  }

  /**
   * As resampledSums, bit for bit.
   * @param columns at least one, of 1 to `mostSingleProblems` values each
   */
  async sums(
    columns: readonly Column[],
    { resamples, seed }: ResamplingOptions,
  ): Promise<readonly Float64Array[]> {
    const problems = columns[0]?.integers.length ?? 0;
    const width = columns.length;
    const values = new Float32Array(problems * width); // [problems, columns]
    columns.forEach(({ integers }, c) => {
      for (let i = 0; i < problems; i++) values[i * width + c] = integers[i] ?? 0;
    });
    const rows = new Resamples(problems, seed);
    const most = Math.max(1, Math.floor(mostEntries / Math.max(problems, width)));
    const sums = columns.map(() => new Float64Array(resamples));
    let kernel: IKernelRunShortcut | undefined;
    for (let from = 0; from < resamples; from += most) {
      const size = Math.min(most, resamples - from);
      const counts = new Float32Array(size * problems); // [size, problems]
      rows.fill(counts);
      // One for each shape: a kernel of changing shapes gives wrong rows on the cpu (gpu.js 2.24.1).
      if (kernel?.output[1] !== size) {
        kernel = this.#gpu.createKernel(source, {
          output: [width, size],
          constants: { problems },
        });
      }
      const found = (await kernel(
        this.#matrix(values, width),
        this.#matrix(counts, problems),
      )) as Float32Array[]; // [size, columns]
      found.forEach((row, r) => {
        for (let c = 0; c < width; c++) (sums[c] as Float64Array)[from + r] = row[c] ?? Number.NaN;
      });
    }
    return sums;
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }

  /** Whether a task of the largest sums comes out as it must. */
  async #agrees(): Promise<boolean> {
    const columns = [2, 7].map((k) =>
      toColumn(Array.from({ length: mostSingleProblems }, (_, i) => (i % k) / 3)),
    );
    const options = { resamples: 8, seed: 1 };
    try {
      const [own, plain] = [await this.sums(columns, options), resampledSums(columns, options)];
      return own.every((sum, c) => sum.every((value, r) => value === plain[c]?.[r]));
    } catch {
      return false;
    }
  }
}
