// `espalier solve` over the embedded models: what it prints is what the library finds.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchTree } from '../../src/cli/search-tree.js';
import { beamSearch, loadPolicy, loadReward, search } from '../../src/index.js';
import type { TraceEvent } from '../../src/search/trace.js';
import { espalier, startEspalier } from './command-line.js';

const question =
  'Kim has 74 coins. Ned has half as many coins as Kim. Tom has 22 fewer coins than Ned. ' +
  'Pam has 4 times as many coins as Tom. How many coins does Pam have?';
const models = ['--policy', 'policy-0.4m', '--reward', 'prm-3m'];
const beam = ['--strategy', 'beam-search', '--budget', '8', '--seed', '7'];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'espalier-solve-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('espalier solve', () => {
  it('prints with --json exactly what the library finds', async () => {
    const { code, stdout, stderr } = await espalier([
      'solve',
      question,
      ...models,
      ...beam,
      '--json',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.endsWith('\n')).toBe(true);
    const printed = JSON.parse(stdout);

    await using policy = await loadPolicy('policy-0.4m');
    await using reward = await loadReward('prm-3m');
    const strategy = beamSearch({ budget: 8 });
    const result = await search(question, { policy, reward, strategy, seed: 7 });
    const { computed: _, seconds: __, ...ledger } = result.ledger;
    expect(printed).toMatchObject({
      question,
      policy: 'policy-0.4m',
      reward: 'prm-3m',
      seed: 7,
      strategy: { name: 'beam-search', budget: 8, width: 4, completed: 'hold' },
      answer: result.answer,
      stopReason: 'finished',
      reproducible: true,
      paths: JSON.parse(JSON.stringify(result.paths)),
      votes: JSON.parse(JSON.stringify(result.votes)),
      ledger,
    });
  });

  it('passes sampling options, limits and strategy options on', async () => {
    const args = ['--strategy', 'dvts', '--budget', '4', '--width', '2', '--answers', 'siblings'];
    const sampling = ['--temperature', '1', '--top-p', '0.9', '--top-k', '20', '--min-p', '0.01'];
    const limits = ['--max-steps', '3', '--max-step-tokens', '40', '--limit-tokens', '60'];
    const all = [
      ...models,
      ...args,
      ...sampling,
      ...limits,
      '--threads',
      '1',
      '--kv-memory',
      '8MB',
    ];
    const { code, stdout } = await espalier(['solve', question, ...all, '--json']);
    expect(code).toBe(0);
    const printed = JSON.parse(stdout);
    expect(printed.strategy).toMatchObject({ width: 2, answers: 'siblings' });
    expect(printed.stopReason).toBe('tokens');
    expect(printed.ledger.policy.sampledTokens).toBeLessThanOrEqual(60);
    for (const { steps } of printed.paths) expect(steps.length).toBeLessThanOrEqual(3);
  });

  it('draws the tree, the answer and the ledger, plainly where there is no terminal', async () => {
    const { code, stdout, stderr } = await espalier(['solve', question, ...models, ...beam]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('● ');
    expect(stdout).toMatch(/^Answer {4}\S/m);
    expect(stdout).toMatch(/^Policy .*tokens sampled/m);
    expect(stdout).toMatch(/^Reward .*steps scored/m);
    expect(stdout).toMatch(/^Spent .*FLOP in .* s, [\d.]+% less than without shared prefixes$/m);
    expect(stdout).not.toContain('\u001b');
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  });

  it('shows progress on standard error and colours on a terminal, and leaves neither behind', async () => {
    const wide = { columns: 72 };
    const { stdout, stderr } = await espalier(['solve', question, ...models, ...beam], wide);
    expect(stdout).toContain('\u001b[32m');
    expect(stderr).toMatch(/beam-search 8 · \d+ branches/);
    expect(stderr.endsWith('\r\u001b[2K')).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
    const plain = stdout.replace(/\u001b\[\d+m/g, '');
    for (const line of plain.split('\n')) expect([...line].length).toBeLessThanOrEqual(72);
  });

  it('draws more with --full, and names its trees whole', async () => {
    const args = ['solve', question, ...models, '--strategy', 'dvts', '--budget', '32'];
    const short = await espalier(args);
    const full = await espalier([...args, '--full']);
    expect(short.stdout).toMatch(/\(\d+ branches; --full draws every one\)/);
    expect(full.stdout).not.toContain('--full');
    expect(full.stdout.split('\n').length).toBeGreaterThan(short.stdout.split('\n').length);
  });

  it('draws a path sampled whole step by step', async () => {
    const args = ['solve', question, '--policy', 'policy-0.4m', '--strategy', 'greedy'];
    const { stdout } = await espalier(args);
    const { path } = JSON.parse((await espalier([...args, '--json'])).stdout);
    expect(path.steps.length).toBeGreaterThan(1);
    expect(stdout.match(/^● /gm)).toHaveLength(path.steps.length);
    expect(stdout).not.toMatch(/^Reward/m);
  });

  it('writes a trace that rebuilds the very tree', async () => {
    const file = join(directory, 'trace.jsonl');
    const args = ['solve', question, ...models, ...beam, '--json', '--trace', file];
    const { stdout } = await espalier(args);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as TraceEvent);
    expect(events[0]?.type).toBe('started');
    expect(events.at(-1)?.type).toBe('finished');
    const tree = new SearchTree();
    for (const event of events) tree.add(event);
    const printed = JSON.parse(stdout);
    expect(tree.tokens).toBe(printed.ledger.policy.sampledTokens);
    expect(tree.votes).toEqual(printed.votes);
    expect(await readdir(directory)).toEqual(['trace.jsonl']);
  });

  it('keeps the best so far when it is interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    const args = ['solve', question, ...models, ...beam];
    const { code, stdout } = await espalier(args, { signal: controller.signal });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^Stopped {3}by you/m);
  });

  it('runs as a process, and ends with 130 on SIGINT', async () => {
    // Hot enough that paths run on to the end of the context: more than half a minute of work.
    const endless = ['--strategy', 'majority', '--budget', '3000', '--temperature', '4'];
    const trace = join(directory, 'endless.jsonl');
    const args = ['solve', question, ...endless, '--json', '--trace', trace];
    const child = startEspalier(args);
    // The file is there once the program listens for the interruption.
    while (!existsSync(`${trace}.partial`)) await new Promise((go) => setTimeout(go, 50));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGINT');
    const { code, stdout } = await child.done;
    expect(code).toBe(130);
    const printed = JSON.parse(stdout);
    expect(printed).toMatchObject({ stopReason: 'aborted', reproducible: false });
  });
});
