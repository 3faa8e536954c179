// What policies are sent, token for token as Hugging Face renders and encodes it (test/golden/prompts.json,
// made by make_prompts.py), and how a package's family is told.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { isEmbeddedKind } from '../../src/model/embedded.js';
import { loadPolicy } from '../../src/search/load.js';
import type { FamilyName } from '../../src/search/prompts/family.js';
import {
  type PolicyPrompt,
  type PromptOptions,
  policyPrompt,
} from '../../src/search/prompts/policy-prompt.js';
import { adoptTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { GOLDEN_LLAMA, Scratch } from '../model/golden-llama.js';

interface Case {
  readonly name: string;
  readonly architecture: string;
  /** A folder of test/golden/tokenizers, or `embedded`. */
  readonly tokenizer: string;
  readonly added: readonly object[];
  readonly bos: string | null;
  readonly eos: string;
  readonly template: string;
  readonly family: FamilyName;
  readonly place: PolicyPrompt['place'];
  readonly prompts: readonly { readonly question: string; readonly ids: readonly number[] }[];
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cases = JSON.parse(readFileSync(at('../golden/prompts.json'), 'utf8')) as readonly Case[];

function caseOf(name: string): Case {
  const found = cases.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

function tokenizerOf({ tokenizer: kind, added, bos, eos, template }: Case): Tokenizer {
  const folder = kind === 'embedded' ? '../../models/policy-2m' : `../golden/tokenizers/${kind}`;
  const json = JSON.parse(readFileSync(at(`${folder}/tokenizer.json`), 'utf8')) as {
    added_tokens: object[];
  };
  return adoptTokenizer({
    _tokenizerJSON: { ...json, added_tokens: [...json.added_tokens, ...added] },
    _tokenizerConfig: { bos_token: bos, eos_token: eos },
    chat_template: template,
  });
}

/** The prompt of a case, some of it changed. */
function promptOf(name: string, changed: Partial<Case> = {}, options: PromptOptions = {}) {
  const own = { ...caseOf(name), ...changed };
  return policyPrompt(own.architecture, tokenizerOf(own), options).prompt;
}

/** What is sent for a question, special tokens visible. */
function sent(name: string, question: string, options: PromptOptions = {}): string {
  const ids = promptOf(name, {}, options).encode(question);
  return tokenizerOf(caseOf(name)).decode(ids, { special: true });
}

const scratch = new Scratch();
afterAll(() => scratch.remove());

describe.each(cases)('$name', (own) => {
  const tokenizer = tokenizerOf(own);
  const { prompt, family } = policyPrompt(own.architecture, tokenizer, {});

  test('is recognised, whatever it is called', () => {
    expect(prompt).toMatchObject({ family: own.family, place: own.place });
    expect(family.name).toBe(own.family);
  });

  test('every prompt has the ids that Hugging Face gives', () => {
    expect(own.prompts.length).toBeGreaterThan(5);
    for (const { question, ids } of own.prompts) {
      expect(prompt.encode(question), question).toEqual(ids);
    }
  });

  test('begins with exactly one BOS, if it has one', () => {
    const [bos] = own.bos === null ? [] : tokenizer.encode(own.bos, { special: true });
    for (const { question } of own.prompts) {
      const ids = prompt.encode(question);
      // ChatML's BOS opens every turn.
      if (own.bos === null || own.bos === '<|im_start|>') continue;
      expect(ids.filter((id) => id === bos)).toEqual([bos]);
      expect(ids[0]).toBe(bos);
    }
  });

  test('tells the policy what its family is told', () => {
    const shown = tokenizer.decode(prompt.encode('How many?'), { special: true });
    const { systemPrompt } = prompt;
    if (systemPrompt !== null) expect(shown).toContain(systemPrompt);
    expect(shown).toContain('How many?');
  });
});

describe('the texts that are sent', () => {
  const reason = 'Please reason step by step, and put your final answer within \\boxed{}.';

  test('Qwen2.5: a system message in place of its own', () => {
    expect(sent('qwen2.5', 'Q')).toBe(
      `<|im_start|>system\n${reason}<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n`,
    );
  });

  test('R1 distillates: no system message, the words below the question', () => {
    const bounds = '<｜begin▁of▁sentence｜><｜User｜>';
    expect(sent('r1-distill-llama', 'Q')).toBe(`${bounds}Q\n${reason}<｜Assistant｜>`);
    expect(sent('r1-distill-qwen', 'Q')).toBe(`${bounds}Q\n${reason}<｜Assistant｜><think>\n`);
    const { family } = policyPrompt('Qwen2ForCausalLM', tokenizerOf(caseOf('r1-distill-qwen')), {});
    expect(family).toMatchObject({ temperature: 0.6, topP: 0.95, maxPathTokens: 32768 });
  });

  test('Llama 3: what is trimmed, and the open turn', () => {
    const shown = sent('llama-3', '  Q\n');
    expect(shown).toMatch(
      /^<\|begin_of_text\|><\|start_header_id\|>system<\|end_header_id\|>\n\nSol/,
    );
    expect(shown).toMatch(
      /problem\.<\|eot_id\|><\|start_header_id\|>user<\|end_header_id\|>\n\nQ<\|/,
    );
    expect(shown).toMatch(/<\|eot_id\|><\|start_header_id\|>assistant<\|end_header_id\|>\n\n$/);
  });

  test('a template without a system role: the words above the question', () => {
    expect(sent('mistral-silent', 'Q')).toBe(`<s>[INST] ${reason}\n\nQ [/INST]`);
    expect(sent('mistral-strict', 'Q')).toBe(`<s> [INST] ${reason}\n\nQ [/INST]`);
  });

  test('only a prompt that opens the thought says so', () => {
    const opening = cases.filter(({ name }) => promptOf(name).opensThought);
    expect(opening.map(({ name }) => name)).toEqual(['r1-distill-qwen']);
  });
});

describe('what a caller chooses', () => {
  test("a system prompt goes where the family's goes", () => {
    const options = { systemPrompt: 'Be brief.' };
    expect(sent('qwen2.5', 'Q', options)).toContain('<|im_start|>system\nBe brief.<|im_end|>');
    expect(sent('r1-distill-llama', 'Q', options)).toContain(
      '<｜User｜>Q\nBe brief.<｜Assistant｜>',
    );
    expect(sent('mistral-strict', 'Q', options)).toBe('<s> [INST] Be brief.\n\nQ [/INST]');
    expect(sent('embedded', 'Q', options)).toBe('<|bos|><|user|>Be brief.\n\nQ<|assistant|>');
  });

  test('null asks the bare question', () => {
    const options = { systemPrompt: null };
    expect(sent('r1-distill-llama', 'Q', options)).toMatch(/<｜User｜>Q<｜Assistant｜>$/);
    expect(sent('mistral-strict', 'Q', options)).toBe('<s> [INST] Q [/INST]');
    expect(promptOf('qwen2.5', {}, options)).toMatchObject({ systemPrompt: null, place: null });
  });

  test('a family brings its words, its place and its sampling', () => {
    const options = { family: 'deepseek-r1-distill' } as const;
    expect(sent('embedded', 'Q', options)).toMatch(/^<\|bos\|><\|user\|>Q\nPlease reason/);
    const tokenizer = tokenizerOf(caseOf('qwen2.5'));
    const { family } = policyPrompt('Qwen2ForCausalLM', tokenizer, options);
    expect(family.temperature).toBe(0.6);
  });

  test.each([
    [{ family: 'llama3' }, /`family` to be one of .*did you mean `llama-3`/],
    [{ family: 7 }, /`family` to be one of .*got 7/],
    [{ systemPrompt: 7 }, /`systemPrompt` to be a text or null, got 7/],
    [{ famly: 'llama-3' }, /did you mean `family`/],
  ])('loadPolicy refuses %j', async (options, message) => {
    await expect(loadPolicy('policy-0.4m', options as PromptOptions)).rejects.toThrow(message);
  });
});

describe('how a family is told', () => {
  const template = caseOf('llama-3').template;
  test.each([
    ['ChatML on a Llama', 'qwen2.5', { architecture: 'LlamaForCausalLM' }, 'generic'],
    ['ChatML on a Qwen3', 'qwen2.5', { architecture: 'Qwen3ForCausalLM' }, 'generic'],
    ['Llama 3 headers on a Mistral', 'llama-3', { architecture: 'MistralForCausalLM' }, 'generic'],
    ['Llama 3 headers that are no tokens', 'qwen2.5', { template, bos: '' }, 'generic'],
    [
      'R1 on a Qwen3',
      'r1-distill-qwen',
      { architecture: 'Qwen3ForCausalLM' },
      'deepseek-r1-distill',
    ],
    ['R1 marks that are no tokens', 'r1-distill-llama', { added: [] }, 'generic'],
    ['a Llama that asks as Llama 3 does', 'llama-3.2', { eos: '<|end_of_text|>' }, 'llama-3'],
  ] as const)('%s', (_, name, changed, family) => {
    expect(promptOf(name, changed).family).toBe(family);
  });

  test('an embedded package under another name is one of them', async () => {
    const copy = scratch.at('another-name');
    cpSync(at('../../models/policy-0.4m'), copy, { recursive: true });
    await using policy = await loadPolicy(copy, { kvMemory: 2 ** 24, threads: 1 });
    expect(policy.isEmbedded).toBe(true);
    expect(policy.prompt).toMatchObject({ family: 'embedded', systemPrompt: null });
  });

  test('no other tokenizer passes for an embedded one', () => {
    for (const own of cases) {
      expect(isEmbeddedKind(tokenizerOf(own)), own.name).toBe(own.name === 'embedded');
    }
    const json = (file: string) => JSON.parse(readFileSync(join(GOLDEN_LLAMA, file), 'utf8'));
    const golden = adoptTokenizer({
      _tokenizerJSON: json('tokenizer.json'),
      _tokenizerConfig: json('tokenizer_config.json'),
      chat_template: undefined,
    });
    expect(isEmbeddedKind(golden)).toBe(false);
  });

  test('a policy without a chat template is refused before its weights are loaded', async () => {
    const tokenizer = tokenizerOf({ ...caseOf('embedded'), template: undefined as never });
    await expect(loadPolicy('policy-0.4m', { tokenizer })).rejects.toMatchObject({
      code: 'UNSUPPORTED_MODEL',
      message: expect.stringMatching(/chat_template, got none/),
    });
  });
});
