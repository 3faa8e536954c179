// Runs trials, each in a fresh process, and takes medians.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TrialOptions, TrialResult } from './trial.js';

/** A program of bench/ and its argument. */
export interface Trial {
  readonly program: string;
  readonly options: object;
}

/** What programs of peers print, as trial.ts does. */
export type PeerResult = Pick<TrialResult, 'prefillSeconds' | 'decodeSeconds' | 'sampled'>;

/** One trial in its own process. Rejects with what it printed if it fails. */
export async function runProgram<Result>({ program, options }: Trial): Promise<Result> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const args = ['--import', 'tsx', path, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`A trial failed with exit code ${code}:\n${errors}`);
  return JSON.parse(output) as Result;
}

/** One trial of espalier itself. */
export function runTrial(options: TrialOptions): Promise<TrialResult> {
  return runProgram({ program: './trial.ts', options });
}

/** The same trials, turn by turn so that slow minutes hit all alike; results per trial. */
export async function runInterleaved<Result>(
  trials: readonly Trial[],
  repeats: number,
  onDone: (done: number, total: number) => void = () => {},
): Promise<Result[][]> {
  const results: Result[][] = trials.map(() => []);
  for (let round = 0; round < repeats; round++) {
    for (const [index, trial] of trials.entries()) {
      results[index]?.push(await runProgram<Result>(trial));
      onDone(round * trials.length + index + 1, repeats * trials.length);
    }
  }
  return results;
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
