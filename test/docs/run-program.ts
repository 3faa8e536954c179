// Runs a TypeScript program in a process of its own; `espalier` in it means these sources.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ProgramOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param path of the program; it may lie anywhere */
export function runProgram(path: string): ProgramOutcome {
  const tsx = `${root}/node_modules/tsx/dist/cli.mjs`;
  const args = [tsx, '--tsconfig', `${root}/tsconfig.json`, path];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
