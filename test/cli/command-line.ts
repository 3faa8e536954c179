// Runs the command line in this process, or as a child, and hands over what it printed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Environment, processEnvironment } from '../../src/cli/environment.js';
import { runProgram } from '../../src/cli/program.js';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Pretend that both streams are a terminal of so many columns. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly environment?: Partial<Environment>;
}

/** In this process: fast, with a real engine. */
export async function espalier(
  args: readonly string[],
  { columns, signal = new AbortController().signal, environment = {} }: RunOptions = {},
): Promise<Outcome> {
  const printed = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      printed[name] += text;
    },
    ...(columns === undefined ? {} : { isTTY: true, columns }),
  });
  const code = await runProgram(args, {
    ...processEnvironment(signal),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    ...environment,
  });
  return { code, ...printed };
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Child {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly done: Promise<Outcome>;
}

/** As a process of its own. */
export function startEspalier(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const done = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), done };
}
