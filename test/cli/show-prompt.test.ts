// `espalier solve --show-prompt`: what it prints is what a search sends, and it loads no weights.
import { cpSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/model/import.js';
import { loadReward } from '../../src/scoring/load.js';
import { loadPolicy } from '../../src/search/load.js';
import { GOLDEN_LLAMA, Scratch } from '../model/golden-llama.js';
import { espalier } from './command-line.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const question = 'Ann has 3 pens and \\frac{1}{2} of Ben’s <|eos|>. How many?';
const shown = ['solve', question, '--policy', 'policy-0.4m', '--show-prompt'];

describe('espalier solve --show-prompt', () => {
  it('prints with --json the very tokens that both models are sent', async () => {
    const { code, stdout, stderr } = await espalier([...shown, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await using policy = await loadPolicy('policy-0.4m', { kvMemory: 2 ** 24 });
    await using reward = await loadReward('prm-3m', { kvMemory: 2 ** 24 });
    const text = `<|bos|><|user|>${question}<|assistant|>`;
    expect(JSON.parse(stdout)).toEqual({
      question,
      policy: {
        model: 'policy-0.4m',
        tokens: policy.encodePrompt(question),
        text,
        family: 'embedded',
        systemPrompt: null,
        place: null,
      },
      reward: {
        model: 'prm-3m',
        tokens: reward.format.begin(question).tokens,
        text,
        format: 'step-head',
      },
    });
  });

  it('prints text to read; what is data looks like data on a terminal', async () => {
    const plain = await espalier([...shown, '--strategy', 'greedy']);
    expect(plain.stdout).toMatch(
      /^Policy policy-0\.4m, family embedded, no system prompt, \d+ tokens\n<\|bos\|>/,
    );
    expect(plain.stdout).not.toContain('Reward');
    expect(plain.stdout).toContain(`<|bos|><|user|>${question}<|assistant|>\n`);
    const coloured = await espalier(shown, { columns: 80 });
    expect(coloured.stdout).toContain('\u001b[36m<|bos|>\u001b[39m');
    expect(coloured.stdout).toContain('Ben’s <|eos|>. How');
    expect(coloured.stdout).toMatch(/Reward prm-3m, format step-head, \d+ tokens/);
  });

  it('shows what the flags choose', async () => {
    const document = async (...flags: string[]) =>
      JSON.parse((await espalier([...shown, '--json', ...flags])).stdout).policy;
    expect(await document('--system-prompt', 'Be brief.')).toMatchObject({
      systemPrompt: 'Be brief.',
      place: 'above question',
      text: `<|bos|><|user|>Be brief.\n\n${question}<|assistant|>`,
    });
    expect(await document('--family', 'generic')).toMatchObject({
      family: 'generic',
      place: 'above question',
    });
    expect(await document('--family', 'generic', '--no-system-prompt')).toMatchObject({
      systemPrompt: null,
      text: `<|bos|><|user|>${question}<|assistant|>`,
    });
  });

  it('loads no model, and refuses a family that is not known', async () => {
    const refuse = () => Promise.reject(new Error('loaded'));
    const environment = { loadPolicy: refuse, loadReward: refuse };
    expect((await espalier(shown, { environment })).code).toBe(0);
    const { code, stderr } = await espalier([...shown, '--family', 'lama-3']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean `llama-3`?');
  });
});

describe('a reward model that was not made for the policy', () => {
  const prompts = ['Ann has 3 pens. How many?', '--max-path-tokens', '6', '--seed', '3'];

  it('is warned of once, on standard error and in the result, and scores all the same', async () => {
    const policy = scratch.at('foreign');
    await importModel(GOLDEN_LLAMA, policy);
    const args = ['solve', ...prompts, '--policy', policy, '--strategy', 'best-of-n', '--json'];
    const { code, stdout, stderr } = await espalier([...args, '--budget', '4']);
    expect(code).toBe(0);
    const warning =
      "reward model prm-3m was made for the embedded policies' texts, not for those of foreign: " +
      'its scores say little about them';
    expect(stderr).toBe(`warning: ${warning}\n`);
    const printed = JSON.parse(stdout);
    expect(printed.warnings).toEqual([warning]);
    expect(printed.ledger.reward.scores).toBeGreaterThan(0);
  });

  it('goes with the tokenizer, not with the name', async () => {
    const copy = scratch.at('renamed');
    cpSync(fileURLToPath(new URL('../../models/policy-0.4m', import.meta.url)), copy, {
      recursive: true,
    });
    const { stderr, stdout } = await espalier(['solve', ...prompts, '--policy', copy, '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).warnings).toEqual([]);
  });

  it('is said once for a whole evaluation, whose run says how it asked', async () => {
    const dataset = scratch.at('two.jsonl');
    const problem = { problem: 'Ann has 3 pens. How many?', answer: '3' };
    writeFileSync(dataset, [problem, problem].map((each) => JSON.stringify(each)).join('\n'));
    const out = scratch.at('run');
    const args = ['eval', '--dataset', dataset, '--out', out, '--policy', scratch.at('foreign')];
    const small = ['--strategy', 'majority', '--budget', '2', '--max-path-tokens', '6'];
    expect((await espalier([...args, ...small])).stderr).toBe('');
    const { code, stderr } = await espalier([...args, ...small, '--system-prompt', 'Be brief.']);
    expect(code).toBe(2);
    expect(stderr).toContain('prompt.systemPrompt is "Please reason');
    const scored = await espalier(['score', out, '--reward', 'prm-3m', '--out', scratch.at('s')]);
    expect(scored.code).toBe(0);
    expect(scored.stderr.match(/warning: /g)).toHaveLength(1);
    const best = ['--strategy', 'best-of-n', '--budget', '2', '--max-path-tokens', '6'];
    const again = await espalier([
      ...args.slice(0, 3),
      '--out',
      scratch.at('b'),
      ...args.slice(5),
      ...best,
    ]);
    expect(again.stderr.match(/warning: /g)).toHaveLength(1);
  });
});
