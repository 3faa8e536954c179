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

// Loads a model; `work(count)` samples that many children and returns their tokens as text.
const program = `
  const { tsImport } = await import(${JSON.stringify(tsx)});
  const { openEmbedded, children, sampleAll } = await tsImport(${JSON.stringify(opener)}, ${JSON.stringify(import.meta.url)});
  const { tree, prompt } = await openEmbedded('policy-0.4m', { threads: 1 });
  const { node } = await tree.extend(tree.root, prompt);
  const work = async (count) => {
    const runs = await sampleAll(tree, node, children(count));
    return runs.map((run) => run.tokens.join(' ')).join('|');
  };
`;

function startWorker(rest: string): Worker {
  const source = `
    const { parentPort } = require('node:worker_threads');
    (async () => { ${program} ${rest} })();`;
  return new Worker(source, { eval: true });
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

test('a worker terminated in the middle of its work takes nothing down', async () => {
  for (let i = 0; i < 3; i++) {
    const busy = startWorker(`parentPort.postMessage('ready'); for (;;) await work(64);`);
    await firstMessage(busy);
    await busy.terminate();
  }
  const after = startWorker('parentPort.postMessage(await work(2));');
  expect(await firstMessage(after)).toMatch(/\d/);
  await after.terminate();
});

test.each([
  ['idle', 'console.log((await work(2)).length > 0);'],
  ['busy', 'void work(64); console.log(true); setTimeout(() => process.exit(0), 20);'],
])('a process ends by itself with an %s model open', (_, rest) => {
  const source = program + rest;
  const args = ['--input-type=module', '-e', source];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  expect(stdout).toBe('true\n');
  expect(status).toBe(0);
});
