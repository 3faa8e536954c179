// Every architecture against Hugging Face: a tiny random checkpoint of each (test/golden/architectures,
// made by make_architectures.py), its logits and greedy tokens, plain, rotated and in int8.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import type { TokenTree } from '../../src/engine/token-tree.js';
import { importModel } from '../../src/model/import.js';
import type { ImportOptions } from '../../src/model/import-options.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { openTokenizer } from '../../src/text/tokenizer.js';
import { GOLDEN_LLAMA, largestError, Scratch } from './golden-llama.js';

const GOLDEN = fileURLToPath(new URL('../golden/architectures', import.meta.url));
/** Each with what its checkpoint is there to show. */
const CASES = [
  ['llama-linear', 'linear rope scaling, untied head, F16'],
  ['llama-llama3', 'llama3 rope scaling, tied head'],
  ['mistral', 'two shards, a sliding window'],
  ['qwen2', 'biases of queries, keys and values, tied head'],
  ['qwen3', 'norms of queries and keys'],
] as const;

interface Golden {
  readonly prompts: number[][];
  readonly greedy: { readonly prompt: number[]; readonly tokens: number[] };
}

const scratch = new Scratch();
const trees: TokenTree[] = [];
afterAll(async () => {
  for (const tree of trees) await tree.dispose();
  scratch.remove();
});

let sources = 0;
/** A copy of a checkpoint with the tokenizer of the golden Llama and a changed config.json. */
function checkpoint(name: string, config: Readonly<Record<string, unknown>> = {}): string {
  const directory = scratch.at(`source-${sources++}`);
  cpSync(join(GOLDEN, name), directory, { recursive: true });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    cpSync(join(GOLDEN_LLAMA, file), join(directory, file));
  }
  const path = join(directory, 'config.json');
  const original = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...original, ...config }));
  return directory;
}

async function open(source: string, options: ImportOptions): Promise<TokenTree> {
  const model = await importModel(source, `${source}-${options.precision}`, {
    ...options,
    overwrite: true,
  });
  const tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const tree = await openTree(model, bytes, { kvMemory: 2 ** 22, threads: 1 });
  trees.push(tree);
  return tree;
}

async function heads(tree: TokenTree, ids: readonly number[]): Promise<Float32Array> {
  const extension = await tree.extend(tree.root, ids, { readAt: ids.map((_, i) => i) });
  tree.release(extension.node);
  return extension.heads;
}

async function goldenOf(name: string) {
  const golden = JSON.parse(readFileSync(join(GOLDEN, name, 'golden.json'), 'utf8')) as Golden;
  const file = await SafetensorsFile.open(join(GOLDEN, name, 'golden.safetensors'));
  const logits = [await file.read('logits.0'), await file.read('logits.1')];
  await file.close();
  return { ...golden, logits };
}

describe.each(CASES)('%s (%s)', (name) => {
  test.each([
    ['plain', false],
    ['rotated', true],
  ])('%s fp32 logits equal those of Hugging Face within 1e-4', async (_, rotate) => {
    const { prompts, logits } = await goldenOf(name);
    const tree = await open(checkpoint(name), { precision: 'fp32', rotate });
    for (const [i, ids] of prompts.entries()) {
      expect(largestError(await heads(tree, ids), logits[i] as Float32Array)).toBeLessThan(1e-4);
    }
  });

  test('its greedy tokens are those of Hugging Face', async () => {
    const { greedy } = await goldenOf(name);
    const tree = await open(checkpoint(name), { precision: 'fp32' });
    const { node } = await tree.extend(tree.root, greedy.prompt, { readAt: [] });
    const [sample] = tree.sample(node, [{ pathKey: 0n, maxTokens: greedy.tokens.length }], {
      temperature: 0,
      topK: 0,
      topP: 1,
      minP: 0,
      streamKey: 0n,
    });
    const { tokens } = await (sample as NonNullable<typeof sample>);
    expect(Array.from(tokens)).toEqual(greedy.tokens);
    expect(tokens).toHaveLength(64);
  });

  test('int8 stays near fp32', async () => {
    const { prompts, logits } = await goldenOf(name);
    const tree = await open(checkpoint(name), { precision: 'int8' });
    for (const [i, ids] of prompts.entries()) {
      const [found, golden] = [await heads(tree, ids), logits[i] as Float32Array];
      const squares = found.reduce((sum, value, j) => sum + (value - (golden[j] ?? 0)) ** 2, 0);
      expect(Math.sqrt(squares / golden.length)).toBeLessThan(0.1);
    }
  });
});

describe('limits and refusals', () => {
  test('beyond its sliding window a model is not run', async () => {
    const tree = await open(checkpoint('mistral'), { precision: 'int8' });
    const ids = Array.from({ length: 81 }, (_, i) => i);
    await expect(tree.extend(tree.root, ids, { readAt: [] })).rejects.toThrow(
      /a path of at most 80 tokens \(the model's context\)/,
    );
  });

  test('a window that is switched off limits nothing', async () => {
    const config = { sliding_window: 40, use_sliding_window: false };
    const model = await importModel(checkpoint('qwen2', config), scratch.at('unused-window'));
    expect(model.manifest.dimensions.context).toBe(256);
  });

  const refused: [string, string, Record<string, unknown>, RegExp][] = [
    [
      'yarn',
      'qwen2',
      { rope_scaling: { type: 'yarn', factor: 4 } },
      /default, linear, llama3, got "yarn"/,
    ],
    ['dynamic', 'llama-linear', { rope_parameters: { rope_type: 'dynamic' } }, /got "dynamic"/],
    ['biases of the output', 'qwen3', { attention_bias: true }, /attention_bias` to be false/],
    [
      'another architecture',
      'mistral',
      { architectures: ['MixtralForCausalLM'] },
      /one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM.*"MixtralFor/,
    ],
    [
      'biases that are not there',
      'mistral',
      { architectures: ['Qwen2ForCausalLM'] },
      /q_proj.bias/,
    ],
  ];
  test.each(refused)('%s', async (_, name, config, message) => {
    const attempt = importModel(checkpoint(name, config), scratch.at('refused'));
    await expect(attempt).rejects.toThrow(message);
  });

  const INDEX = 'model.safetensors.index.json';
  const damaged: [string, (index: string) => string, RegExp][] = [
    ['an index that is no JSON', () => '{', /a readable JSON document/],
    ['an index without a map', () => '{}', /weight_map` to be a JSON object/],
    [
      'a shard elsewhere',
      (index) => index.replaceAll('model-00001', '../x/model-00001'),
      /beside it/,
    ],
    [
      'a shard that is missing',
      (index) => index.replaceAll('model-00002', 'model-00003'),
      /no such file/,
    ],
    [
      'a tensor in the wrong shard',
      (index) => index.replace('00001-of', '00002-of'),
      /no such tensor|one more/,
    ],
  ];
  test.each(damaged)('%s', async (_, change, message) => {
    const source = checkpoint('mistral');
    const path = join(source, INDEX);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    await expect(importModel(source, scratch.at('refused'))).rejects.toThrow(message);
  });
});
