// Wrong inputs at the command line: each is refused in the one template, with its exit code, before
// anything is written.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { espalier, startEspalier } from './command-line.js';

const embedded = (name: string) => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
const question = 'Ann has 3 pens. How many pens does Ann have?';

let directory: string;
let work: string;

/** A copy of an embedded package, spoilt by `spoil`. */
function spoilt(name: string, model: string, spoil: (path: (file: string) => string) => void) {
  const copy = join(directory, name);
  cpSync(embedded(model), copy, { recursive: true });
  spoil((file) => join(copy, file));
}

function editManifest(path: string, edit: (manifest: Record<string, unknown>) => void): void {
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  edit(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'espalier-wrong-'));
  spoilt('no-weights', 'policy-0.4m', (path) => rmSync(path('model.onnx.data')));
  spoilt('truncated', 'policy-0.4m', (path) => truncateSync(path('model.onnx.data'), 1000));
  spoilt('tampered', 'policy-0.4m', (path) => {
    const bytes = readFileSync(path('model.onnx.data'));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path('model.onnx.data'), bytes);
  });
  spoilt('no-manifest', 'policy-0.4m', (path) => rmSync(path('espalier.json')));
  spoilt('bad-manifest', 'policy-0.4m', (path) => writeFileSync(path('espalier.json'), '{'));
  spoilt('future', 'policy-0.4m', (path) =>
    editManifest(path('espalier.json'), (manifest) => {
      manifest.formatVersion = 99;
    }),
  );
  spoilt('odd-tokenizer', 'policy-0.4m', (path) => appendFileSync(path('tokenizer.json'), ' '));
  spoilt('tampered-reward', 'prm-3m', (path) => {
    const bytes = readFileSync(path('model.onnx'));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path('model.onnx'), bytes);
  });
  mkdirSync(join(directory, 'full'));
  writeFileSync(join(directory, 'full', 'thesis.tex'), 'x');
  writeFileSync(join(directory, 'file'), 'x');
  writeFileSync(join(directory, 'good.jsonl'), JSON.stringify({ problem: question, answer: '3' }));
  const lines = [{ problem: question, answer: '3' }, { problem: question }];
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(join(directory, 'bad.jsonl'), text);
  writeFileSync(join(directory, 'torn.jsonl'), text.slice(0, -5));
  writeFileSync(join(directory, 'empty.jsonl'), '\n');
  symlinkSync(join(directory, 'nowhere'), join(directory, 'dangling'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  work = mkdtempSync(join(directory, 'work-'));
});

/** Replaces `@` by the directory of spoilt things, and `%` by an empty one. */
const place = (args: readonly string[]) =>
  args.map((arg) => arg.replace(/^@/, `${directory}/`).replace(/^%/, `${work}/`));

type Case = readonly [args: readonly string[], code: 1 | 2, message: string | RegExp];

const solve = (...more: string[]) => ['solve', question, ...more];
const evaluation = (...more: string[]) => [
  'eval',
  ...['--dataset', 'mini-500', '--limit', '2', '--out', '%out'],
  ...more,
];

const usage: readonly Case[] = [
  [['slove'], 2, 'Expected `command` to be one of demo, solve, eval,'],
  [['slove'], 2, 'did you mean `solve`?'],
  [['models', 'shwo'], 2, 'did you mean `show`?'],
  [['models', 'show'], 2, 'Expected `model` to be given to models show'],
  [['models', 'list', 'x'], 2, 'Expected `arguments` to be at most 0'],
  [['doctor', '--jsn'], 2, 'did you mean `--json`?'],
  [['demo', '--budget', '4'], 2, 'Expected `option` to be one of espalier demo'],
  [['--verison'], 2, 'did you mean `--version`?'],
  [['solve'], 2, 'Expected `question` to be given to espalier solve'],
  [['solve', ''], 2, 'Expected `question` to be a text that is not blank'],
  [['solve', ' \n'], 2, 'Expected `question` to be a text that is not blank'],
  [['solve', 'How', 'many?'], 2, 'each in quotes if it has spaces, got an array of 2'],
  [solve('--budgte', '4'), 2, 'got "--budgte" (string); did you mean `--budget`?'],
  [solve('-x'), 2, 'Expected `option` to be one of espalier solve (see --help), got "-x"'],
  [solve('--bdgt=4'), 2, 'got "--bdgt" (string); did you mean `--budget`?'],
  [solve('--budget'), 2, 'Expected `--budget` to be followed by a value'],
];

const values: readonly Case[] = [
  [solve('--budget', '0'), 2, 'Expected `--budget` to be an integer >= 1, got 0 (number)'],
  [solve('--budget', '-4'), 2, 'Expected `--budget` to be an integer >= 1, got -4 (number)'],
  [solve('--budget', 'many'), 2, 'Expected `--budget` to be an integer >= 1, got "many" (string)'],
  [solve('--budget', '4.5'), 2, 'Expected `--budget` to be an integer >= 1, got 4.5 (number)'],
  [solve('--budget', '1e2'), 2, 'Expected `--budget` to be an integer >= 1, got "1e2" (string)'],
  [solve('--budget', '10'), 2, 'Expected `budget` to be a multiple of the width 4, got 10'],
  [solve('--width', '3'), 2, 'Expected `budget` to be a multiple of the width 3, got 16'],
  [solve('--seed', '-1'), 2, 'Expected `--seed` to be an integer >= 0, got -1 (number)'],
  [solve('--seed', '9007199254740993'), 2, 'Expected `--seed` to be an integer >= 0'],
  [solve('--strategy', 'beam'), 2, 'Expected `--strategy` to be one of greedy, majority'],
  [solve('--strategy', 'dtvs'), 2, 'did you mean `dvts`?'],
  [solve('--strategy', 'greedy', '--budget', '4'), 2, '`--budget` to be left out with greedy'],
  [solve('--strategy', 'majority', '--width', '4'), 2, '`--width` to be left out with majority'],
  [solve('--strategy', 'majority', '--vote', 'max'), 2, '`--vote` to be left out with majority'],
  [solve('--completed', 'refill'), 2, '(it belongs to beam-search), got "refill"'],
  [
    solve('--strategy', 'beam-search', '--completed', 'drop'),
    2,
    'Expected `completed` to be one of hold, refill',
  ],
  [solve('--answers', 'all'), 2, 'Expected `answers` to be one of best, siblings, got "all"'],
  [
    solve('--aggregation', 'sum'),
    2,
    'Expected `aggregation` to be one of min, last, mean, product',
  ],
  [solve('--vote', 'majorty'), 2, 'Expected `vote` to be one of majority, max, weighted'],
  [solve('--strategy', 'majority', '--reward', 'prm-3m'), 2, '`--reward` to be left out'],
  [solve('--temperature', 'hot'), 2, 'Expected `--temperature` to be a number, got "hot"'],
  [solve('--temperature', '-1'), 2, 'Expected `temperature` to be a number >= 0, got -1 (number)'],
  [solve('--top-p', '0'), 2, 'Expected `topP` to be a number in (0, 1], got 0 (number)'],
  [solve('--top-p', '1.5'), 2, 'Expected `topP` to be a number in (0, 1], got 1.5 (number)'],
  [solve('--min-p', '1'), 2, 'Expected `minP` to be a number in [0, 1), got 1 (number)'],
  [solve('--limit-tokens', '0'), 2, 'Expected `--limit-tokens` to be an integer >= 1'],
  [solve('--limit-ms', '-5'), 2, 'Expected `milliseconds` to be a number > 0, got -5 (number)'],
  [solve('--limit-flops', '0'), 2, 'Expected `flops` to be a number > 0, got 0 (number)'],
  [solve('--max-steps', '0'), 2, 'Expected `--max-steps` to be an integer >= 1'],
  [solve('--kv-memory', 'lots'), 2, 'Expected `--kv-memory` to be a size such as 512MB or 2GB'],
  [solve('--kv-memory', '1B'), 2, /Expected `kvMemory` to be at least \d+ bytes/],
  [solve('--threads', '0'), 2, 'Expected `--threads` to be an integer >= 1, got 0 (number)'],
  [solve('--threads', '5000'), 2, 'Expected `threads` to be an integer from 1 to 256, got 5000'],
];

const models: readonly Case[] = [
  [solve('--policy', ''), 2, 'Expected `--policy` to be directory of a model package'],
  [solve('--policy', 'policy-0.5m'), 1, 'did you mean `policy-0.4m`?'],
  [solve('--policy', '@nowhere'), 1, /Expected `.*nowhere` to be a model package's directory/],
  [solve('--policy', '@file'), 1, "to be a model package's directory"],
  [solve('--policy', '@no-weights'), 1, /model\.onnx\.data` to be a readable file/],
  [solve('--policy', '@truncated'), 1, /to be a file of \d+ bytes, got 1000 bytes \(truncated\)/],
  [solve('--policy', '@tampered'), 1, /to be a file of sha256 [0-9a-f]{64}, got [0-9a-f]{64}/],
  [solve('--reward', '@tampered-reward'), 1, /to be a file of sha256/],
  [solve('--policy', '@no-manifest'), 1, 'espalier.json'],
  [solve('--policy', '@bad-manifest'), 1, 'to be a JSON document'],
  [solve('--policy', '@future'), 1, 'formatVersion` to be 1, got 99'],
  [solve('--policy', '@odd-tokenizer'), 1, /tokenizer\.json` to be a file of \d+ bytes/],
  [solve('--policy', 'prm-3m'), 1, 'Expected `prm-3m` to be a policy, got a reward model'],
  [
    solve('--reward', 'policy-0.4m'),
    1,
    'Expected `policy-0.4m` to be a reward model, got a policy',
  ],
  [['models', 'show', '@tampered'], 1, 'to be a file of sha256'],
  [['solve', 'Ann has 3 pens. '.repeat(400)], 2, /Expected `question` to /],
  [solve('--kv-memory', '192KB', '--policy', 'policy-2m'), 1, 'to hold a path of'],
];

const files: readonly Case[] = [
  [['eval'], 2, 'Expected `--dataset` to be given to espalier eval'],
  [['eval', '--dataset', 'mini-500'], 2, 'Expected `--out` to be given to espalier eval'],
  [['eval', '--dataset', 'mini-50', '--out', '%out'], 2, 'did you mean `mini-500`?'],
  [['eval', '--dataset', '', '--out', '%out'], 2, "Expected `--dataset` to be a dataset's name"],
  [['eval', '--dataset', '@none.jsonl', '--out', '%out'], 1, 'to be a readable JSONL file'],
  [['eval', '--dataset', '@full', '--out', '%out'], 1, 'to be a readable JSONL file'],
  [['eval', '--dataset', '@bad.jsonl', '--out', '%out'], 1, 'Expected `bad.jsonl:2 answer`'],
  [['eval', '--dataset', '@torn.jsonl', '--out', '%out'], 1, 'Expected `torn.jsonl:2` to be'],
  [['eval', '--dataset', '@empty.jsonl', '--out', '%out'], 1, 'to be one problem a line'],
  [evaluation('--field', 'answer'), 2, 'Expected `--field` to be <role>=<name>, as in answer='],
  [evaluation('--field', 'anwser=x'), 2, 'did you mean `answer`?'],
  [evaluation('--field', 'answer=x'), 2, 'to be left out with mini-500, whose fields are known'],
  [['eval', '--dataset', 'amc23@12', '--out', '%out'], 2, '64 hexadecimal digits of a sha256'],
  [
    ['eval', '--dataset', '@good.jsonl', '--field', 'id=name', '--out', '%out'],
    1,
    'Expected `good.jsonl:1 name` to be there, got undefined; the record has problem, answer',
  ],
  [['eval', '--dataset', 'mini-500', '--out', ''], 2, 'Expected `--out` to be a directory'],
  [evaluation('--limit', '0'), 2, 'Expected `--limit` to be an integer >= 1, got 0 (number)'],
  [evaluation('--concurrency', '0'), 2, 'Expected `--concurrency` to be an integer >= 1'],
  [evaluation('--policy', '@truncated'), 1, '(truncated)'],
  [evaluation('--strategy', 'dvts', '--budget', '6'), 2, 'to be a multiple of the width 4'],
  [evaluation('--limits', '2'), 2, 'did you mean `--limit`?'],
  [evaluation('--shard', '3/2'), 2, 'Expected `--shard` to be'],
  [['eval', '--dataset', '@good.jsonl', '--out', '@full'], 2, 'it holds thesis.tex'],
  [['eval', '--dataset', '@good.jsonl', '--out', '@file'], 2, '`out` to be a directory'],
  [['eval', '--dataset', '@good.jsonl', '--out', '@file/run'], 2, '`out` to be a directory'],
  [
    ['eval', '--dataset', '@good.jsonl', '--out', '/proc/run'],
    1,
    'Expected `output` to be writable',
  ],
  [solve('--trace', '%none/trace.jsonl'), 1, 'Expected `--trace` to be a file that can be written'],
  [solve('--trace', '@full'), 1, 'Expected `--trace` to be a file that can be written'],
];

describe('wrong inputs', () => {
  it.each([...usage, ...values, ...models, ...files])('refuses %j', async (args, code, message) => {
    const before = readdirSync(directory);
    const outcome = await espalier(place(args));
    expect(outcome.stderr).toMatch(/^error: Expected .+, (got|which) .+\n$/s);
    if (typeof message === 'string') expect(outcome.stderr).toContain(message);
    else expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/\n {4}at /);
    expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code, stdout: '' });
    expect(readdirSync(work)).toEqual([]);
    expect(readdirSync(directory)).toEqual(before);
    expect(readdirSync(join(directory, 'full'))).toEqual(['thesis.tex']);
  });

  it('prints with --json one document with the code, and the message on standard error', async () => {
    const wrong = await espalier(solve('--budget', '10', '--json'));
    expect(wrong.code).toBe(2);
    const { error } = JSON.parse(wrong.stdout);
    expect(error.code).toBe('INVALID_OPTION');
    expect(wrong.stderr).toBe(`error: ${error.message}\n`);
    const missing = await espalier(solve('--policy', 'nobody', '--json'));
    expect([missing.code, JSON.parse(missing.stdout).error.code]).toEqual([1, 'MISSING_MODEL']);
    const unknown = await espalier(solve('--jsom', '--json'));
    expect(JSON.parse(unknown.stdout).error.code).toBe('UNKNOWN_OPTION');
  });

  it('shows help where nothing is asked, and on request', async () => {
    const bare = await espalier([]);
    expect([bare.code, bare.stdout]).toEqual([2, '']);
    expect(bare.stderr).toContain('Usage: espalier');
    const help = await espalier(['solve', '--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('--aggregation');
    const version = await espalier(['--version']);
    expect(version).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('ends a process with the same codes', async () => {
    expect((await startEspalier(['solve']).done).code).toBe(2);
    expect((await startEspalier(['models', 'show', 'nobody']).done).code).toBe(1);
  });

  it('says what a missing ONNX Runtime needs', async () => {
    const env = { ESPALIER_ORT_LIBRARY: '/nowhere/libonnxruntime.so' };
    const { code, stderr } = await startEspalier(solve(), env).done;
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: Expected ESPALIER_ORT_LIBRARY to name a file, got /nowhere/libonnxruntime.so\n',
    );
    const other = { ESPALIER_ORT_LIBRARY: fileURLToPath(import.meta.url) };
    const odd = await startEspalier(solve(), other).done;
    expect(odd.code).toBe(1);
    expect(odd.stderr).toMatch(/^error: .*wrong-inputs/);
  });

  it('stops at a full disk, keeps whole lines, and goes on once there is room', async () => {
    const out = join(work, 'run');
    const args = ['eval', '--dataset', 'mini-500', '--limit', '6', '--out', out];
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const flags = ['--policy', 'policy-0.4m', '--strategy', 'majority', '--budget', '4'];
    const command = [process.execPath, '--import', 'tsx', main, ...args, ...flags]
      .map((word) => `'${word}'`)
      .join(' ');
    // No file may grow past 8 KiB.
    const limited = `ulimit -f 8; ${command}`;
    let failure: { status?: number; stderr?: Buffer } = {};
    try {
      execFileSync('bash', ['-c', limited], {
        stdio: 'pipe',
        env: { ...process.env, TSX_DISABLE_CACHE: '1' },
      });
    } catch (error) {
      failure = error as typeof failure;
    }
    expect(failure.status).toBe(1);
    expect(failure.stderr?.toString()).toMatch(/^error: Expected `output` to be writable/m);
    const kept = readFileSync(join(out, 'results.jsonl'), 'utf8');
    expect(kept.endsWith('\n')).toBe(true);
    expect(kept.split('\n').length).toBeGreaterThan(1);
    expect((await espalier([...args, ...flags])).code).toBe(0);
    const lines = readFileSync(join(out, 'results.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(
      kept
        .trimEnd()
        .split('\n')
        .every((line) => lines.includes(line)),
    ).toBe(true);
  });
});
