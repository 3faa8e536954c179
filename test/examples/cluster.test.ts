// The cluster examples: their scripts run here, task by task as the scheduler would start them, with
// the command line in place of npx and a smaller evaluation.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { espalier } from '../cli/command-line.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const example = (name: string) => readFile(join(root, 'examples/cluster', name), 'utf8');

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-cluster-'));
  const [main, tsx] = [
    join(root, 'src/cli/main.ts'),
    join(root, 'node_modules/tsx/dist/loader.mjs'),
  ];
  // In place of `npx espalier`: this checkout, on few problems.
  const npx = `#!/bin/bash\nshift\nexec "${process.execPath}" --import "${tsx}" "${main}" "$@" --limit 8\n`;
  await writeFile(join(parent, 'npx'), npx);
  await chmod(join(parent, 'npx'), 0o755);
});
afterAll(() => rm(parent, { recursive: true }));

/** The script with a small budget and fast models; everything else as it stands. */
const shrink = (script: string) =>
  script
    .replaceAll('--budget 64', '--budget 4 --policy policy-0.4m')
    .replaceAll('--threads 8', '--threads 1')
    .replaceAll('/runs/', `${parent}/pods/`);

const start = (script: string, env: NodeJS.ProcessEnv) =>
  run('bash', ['-ec', script], {
    cwd: parent,
    env: { ...process.env, PATH: `${parent}:${process.env.PATH}`, ...env },
  });

async function expectWhole(shards: readonly string[]): Promise<void> {
  const merged = join(parent, `merged-${shards[0]?.includes('pods') ? 'pods' : 'slurm'}`);
  expect((await espalier(['merge', ...shards, '--out', merged])).code).toBe(0);
  const whole = join(parent, 'whole');
  const args = ['--dataset', 'mini-500', '--limit', '8', '--seed', '7', '--policy', 'policy-0.4m'];
  const strategy = ['--strategy', 'dvts', '--budget', '4'];
  expect((await espalier(['eval', ...args, ...strategy, '--out', whole])).code).toBe(0);
  for (const file of ['run.json', 'results.jsonl']) {
    expect(await readFile(join(merged, file), 'utf8')).toBe(
      await readFile(join(whole, file), 'utf8'),
    );
  }
}

describe('examples/cluster', () => {
  it('runs as the tasks of a Slurm array, which merge into the whole', async () => {
    const script = shrink(await example('eval-array.sbatch'));
    for (const task of ['1', '2']) {
      await start(script, { SLURM_ARRAY_TASK_ID: task, SLURM_ARRAY_TASK_COUNT: '2' });
    }
    await expectWhole([1, 2].map((i) => join(parent, `runs/dvts-64/shard-${i}`)));
  });

  it('runs as the pods of an indexed job, which merge into the whole', async () => {
    const manifest = await example('eval-job.yaml');
    const block = /- \|\n((?: {14}.*\n)+)/.exec(manifest)?.[1] ?? '';
    const script = shrink(block.replace(/^ {14}/gm, '')).replaceAll('/16"', '/2"');
    expect(manifest).toContain('completionMode: Indexed');
    expect(/completions: (\d+)/.exec(manifest)?.[1]).toBe(/\$shard\/(\d+)"/.exec(block)?.[1]);
    for (const index of ['0', '1']) await start(script, { JOB_COMPLETION_INDEX: index });
    await expectWhole([1, 2].map((i) => join(parent, `pods/dvts-64/shard-${i}`)));
  });
});
