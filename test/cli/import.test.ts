// `espalier import` and `espalier perplexity`, with the tiny golden checkpoint and an embedded model.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN_LLAMA, Scratch } from '../model/golden-llama.js';
import { checkpointOf } from '../scoring/published-models.js';
import { espalier } from './command-line.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

describe('espalier import', () => {
  it('makes a package and says what it is', async () => {
    const destination = scratch.at('tiny');
    const { code, stdout, stderr } = await espalier(['import', GOLDEN_LLAMA, destination]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^tiny: LlamaForCausalLM, policy, 67\.8 K parameters, int8, [\d.]+ KiB, in [\d.]+ s\n/,
    );
    expect(stdout).toContain(destination);
  });

  it('makes a reward model of a format, which models show and list tell', async () => {
    const destination = scratch.at('prm');
    const source = checkpointOf('rlhflow');
    const outcome = await espalier(['import', source, destination, '--format', 'rlhflow']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^prm: LlamaForCausalLM, reward \(rlhflow\), /);
    const { stdout } = await espalier(['models', 'show', destination]);
    expect(stdout).toMatch(/^role +reward, format rlhflow$/m);
    expect((await espalier(['models', 'list'])).stdout).toMatch(/^prm-3m +reward +step-head /m);
  });

  it('prints the manifest with --json', async () => {
    const destination = scratch.at('json');
    const { stdout } = await espalier([
      ...['import', GOLDEN_LLAMA, destination, '--precision', 'fp32', '--json'],
    ]);
    const manifest = JSON.parse(readFileSync(`${destination}/espalier.json`, 'utf8'));
    expect(JSON.parse(stdout)).toEqual(manifest);
    expect(manifest.precision).toBe('fp32');
  });

  it.each([
    'int8',
    'int4',
    'fp32',
    'fp16',
  ])('imports in %s, which models show tells', async (name) => {
    const destination = scratch.at(name);
    const args = ['import', GOLDEN_LLAMA, destination, '--precision', name];
    expect((await espalier(args)).stdout).toContain(`parameters, ${name}, `);
    const { stdout } = await espalier(['models', 'show', destination]);
    expect(stdout).toMatch(new RegExp(`^precision +${name}$`, 'm'));
    expect(stdout).toMatch(/^KV cache +512 B a token/m); // fp32 in every precision
  });

  it('shows progress on a terminal', async () => {
    const { stderr } = await espalier(['import', GOLDEN_LLAMA, scratch.at('seen')], {
      columns: 80,
    });
    expect(stderr).toMatch(/of 10 matrices/);
  });

  it('replaces a package only when told to', async () => {
    const destination = scratch.at('twice');
    const args = ['import', GOLDEN_LLAMA, destination];
    expect((await espalier(args)).code).toBe(0);
    expect(await espalier(args)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/overwritten/),
    });
    expect((await espalier([...args, '--overwrite'])).code).toBe(0);
  });

  it('leaves nothing behind when interrupted', async () => {
    const destination = scratch.at('interrupted');
    const outcome = await espalier(['import', GOLDEN_LLAMA, destination], {
      signal: AbortSignal.abort(),
    });
    expect(outcome).toMatchObject({ code: 130, stdout: '' });
    expect(outcome.stderr).toBe('Interrupted: nothing was written.\n');
    expect(readdirSync(scratch.path).filter((name) => name.includes('interrupted'))).toEqual([]);
  });

  it.each([
    [['--precision', 'int3'], 2, /`--precision` to be one of int8, int4, fp32, fp16, got "int3"/],
    [['--role', 'judge'], 2, /`--role` to be one of policy, reward/],
    [['--role', 'reward'], 1, /LlamaForCausalLM, which is a policy unless a format is named/],
    [
      ['--format', 'shepherd'],
      2,
      /`--format` to be one of math-shepherd, rlhflow, skywork, qwen-prm/,
    ],
    [['--format', 'qwen-prm'], 1, /Qwen2ForProcessRewardModel, as format qwen-prm needs it/],
    [['--role', 'policy', '--format', 'rlhflow'], 2, /`format` to be left out for a policy/],
  ])('refuses %j', async (flags, code, message) => {
    const destination = scratch.at('refused');
    const outcome = await espalier(['import', GOLDEN_LLAMA, destination, ...flags]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(destination)).toBe(false);
  });
});

describe('espalier perplexity', () => {
  const file = scratch.at('text.txt');
  writeFileSync(
    file,
    'Ann has 3 apples. She buys 4 more. How many apples does she have?\n'.repeat(20),
  );

  it('measures a text in windows', async () => {
    const args = ['perplexity', file, '--policy', 'policy-0.4m', '--window', '64'];
    const { code, stdout } = await espalier([...args, '--json']);
    expect(code).toBe(0);
    const measured = JSON.parse(stdout);
    expect(measured).toMatchObject({ file, policy: 'policy-0.4m', window: 64 });
    const loss = measured.windows.reduce(
      (sum: number, each: { loss: number }) => sum + each.loss,
      0,
    );
    expect(measured.perplexity).toBeCloseTo(Math.exp(loss / measured.tokens), 9);
    expect(measured.perplexity).toBeGreaterThan(1);
    const lines = (await espalier(args)).stdout.trim().split('\n');
    expect(lines).toHaveLength(measured.windows.length + 1);
    expect(lines.at(-1)).toContain(`perplexity ${measured.perplexity.toFixed(3)} (`);
  });

  it.each([
    [['nowhere.txt'], /`file` to be a readable file/],
    [[file, '--window', '1'], /`--window` to be an integer >= 2/],
    [[file, '--policy', 'policy-0.4m', '--window', '4096'], /to the model's context, 512/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await espalier(['perplexity', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
