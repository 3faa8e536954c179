// The engine's life in its environment: worker threads, and processes that end without dispose.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const opener = new URL('./open-embedded.ts', import.meta.url).href;

const tsxFolder = dirname(createRequire(import.meta.url).resolve('tsx/esm/api'));
const tsx = pathToFileURL(join(tsxFolder, 'index.mjs')).href;

// Loads a model; `work(count, maxTokens)` samples that many children and returns their tokens as
// text.
const program = `
  const { tsImport } = await import(${JSON.stringify(tsx)});
  const { openEmbedded, children, sampleAll } = await tsImport(${JSON.stringify(opener)}, ${JSON.stringify(import.meta.url)});
  const { tree, prompt } = await openEmbedded('policy-0.4m', { threads: 1 });
  const { node } = await tree.extend(tree.root, prompt);
  const work = async (count, maxTokens) => {
    const runs = await sampleAll(tree, node, children(count, maxTokens));
    return runs.map((run) => run.tokens.join(' ')).join('|');
  };
`;

function workerSource(rest: string): string {
  return `(async () => {
    const { parentPort } = await import('node:worker_threads');
    ${program} ${rest}
  })();`;
}

function startWorker(rest: string): Worker {
  return new Worker(workerSource(rest), { eval: true });
}

/** Runs a module to its end, in a process of its own. */
function runProcess(source: string) {
  const args = ['--input-type=module', '-e', source];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
}

function firstMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

test('worker threads have engines of their own and give the same tokens', async () => {
  const workers = [1, 2, 3].map(() => startWorker('parentPort.postMessage(await work(8));'));
  const [first, ...rest] = await Promise.all(workers.map(firstMessage));
  expect(first).toMatch(/\d+ \d+/);
  for (const other of rest) expect(other).toBe(first);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

// A crash takes the whole process: its own, so that it fails this test and not the runner.
// The worker that computes leaves completions behind, delivered when it may call JavaScript no more.
test.each([
  ['waits', `parentPort.postMessage('ready'); for (;;) await work(64);`],
  ['computes', `void work(8, 1); parentPort.postMessage('ready'); for (;;);`],
])('a worker terminated while it %s takes nothing down', (_, rest) => {
  const { status, signal, stdout, stderr } = runProcess(`
    import { once } from 'node:events';
    import { setTimeout } from 'node:timers/promises';
    import { Worker } from 'node:worker_threads';
    for (let i = 0; i < 3; i++) {
      const busy = new Worker(${JSON.stringify(workerSource(rest))}, { eval: true });
      await once(busy, 'message');
      await setTimeout(100);
      await busy.terminate();
    }
    const after = new Worker(
      ${JSON.stringify(workerSource('parentPort.postMessage(await work(2));'))}, { eval: true });
    console.log((await once(after, 'message'))[0].length > 0);
    await after.terminate();
  `);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  expect(stdout).toBe('true\n');
});

test.each([
  ['idle', 'console.log((await work(2)).length > 0);'],
  ['busy', 'void work(64); console.log(true); setTimeout(() => process.exit(0), 20);'],
])('a process ends by itself with an %s model open', (_, rest) => {
  const { status, stdout, stderr } = runProcess(program + rest);
  expect(stderr).toBe('');
  expect(stdout).toBe('true\n');
  expect(status).toBe(0);
});
