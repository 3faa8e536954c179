// Which format an imported reward model has, what its package holds of the head, and what is refused.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import onnxProto from 'onnx-proto';
import { afterAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import { importModel } from '../../src/model/import.js';
import type { ImportOptions } from '../../src/model/import-options.js';
import type { PrmFormat } from '../../src/model/manifest.js';
import { prmFormatOf } from '../../src/model/prm-format.js';
import { loadReward } from '../../src/scoring/load.js';
import { openTokenizer } from '../../src/text/tokenizer.js';
import { checkpointOf, HUB_IDS, PUBLISHED, type Published } from '../scoring/published-models.js';
import { GOLDEN_LLAMA, largestError, Scratch } from './golden-llama.js';

const GGUF = fileURLToPath(new URL('../golden/gguf/llama.gguf', import.meta.url));
const scratch = new Scratch();
afterAll(() => scratch.remove());

let made = 0;
const fresh = () => scratch.at(`package-${made++}`);

/** A copy of a golden reward model in which JSON files are changed. */
function changed(name: Published, files: Readonly<Record<string, object>>): string {
  const directory = scratch.at(`source-${made++}`);
  cpSync(checkpointOf(name), directory, { recursive: true });
  for (const [file, change] of Object.entries(files)) {
    const path = join(directory, file);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  }
  return directory;
}

describe('the format', () => {
  const [llama, mistral, qwen] = ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM'];
  const evidence = (architectureName: string, ...names: string[]) => ({
    ...{ source: 'x', architectureName, names, role: undefined, format: undefined },
  });

  test.each<[string, string, PrmFormat | null]>([
    ['Qwen2ForProcessRewardModel', 'mine', 'qwen-prm'],
    ['Qwen2ForPrmModel', 'mine', 'skywork'],
    ['LlamaForStepReward', 'mine', 'step-head'],
    [mistral, HUB_IDS['math-shepherd'], 'math-shepherd'],
    [llama, 'Math Shepherd Mistral 7b Prm', 'math-shepherd'],
    [mistral, 'peiyi9979/math-shepherd-mistral-7b-rl', null],
    [llama, 'RLHFlow/Llama3.1-8B-PRM-Mistral-Data', 'rlhflow'],
    [llama, HUB_IDS.rlhflow, 'rlhflow'],
    [llama, 'Llama3.1-8B-ORM-Deepseek-Data', null],
    [qwen, HUB_IDS.skywork, 'skywork'],
    [qwen, HUB_IDS['qwen-prm'], null],
    [llama, 'Llama-3.2-1B-Instruct', null],
  ])('of %s called %s is %s', (architecture, name, format) => {
    expect(prmFormatOf(evidence(architecture, 'other', name))).toBe(format);
  });

  test('is what the importer is told, where the architecture can be it', () => {
    const told = { ...evidence(qwen, HUB_IDS.skywork), format: 'math-shepherd' } as const;
    expect(prmFormatOf(told)).toBe('math-shepherd');
    expect(prmFormatOf({ ...evidence(llama, HUB_IDS.rlhflow), role: 'policy' })).toBe(null);
  });
});

/** The golden GGUF file with a `general.name`; its 64 bytes keep what follows aligned. */
function named(name: string): string {
  const [bytes, entry] = [readFileSync(GGUF), Buffer.alloc(8 + 12 + 4 + 8 + 64, ' ')];
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(16) + 1n, 16);
  entry.writeBigUInt64LE(12n, 0);
  entry.write('general.name', 8);
  entry.writeUInt32LE(8, 20); // a string
  entry.writeBigUInt64LE(64n, 24);
  entry.write(name, 32);
  const path = scratch.at(`named-${made++}.gguf`);
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 24), entry, bytes.subarray(24)]));
  return path;
}

test.each([
  ['Llama3.1 8B PRM Deepseek Data', 'rlhflow'],
  ['Llama 3.1 8B Instruct', null],
])('a GGUF file that is named %s has format %s', async (name, format) => {
  const { manifest } = await importModel(named(name), fresh());
  expect(manifest.prmFormat).toBe(format);
});

describe('a package', () => {
  test.each([
    ['math-shepherd', 2, 96],
    ['rlhflow', 2, 96],
    ['skywork', 1, 48],
    ['qwen-prm', 2, 48 * 48 + 96],
  ] as const)('of %s says so, and holds a head of %i columns', async (name, width, weights) => {
    const model = await importModel(checkpointOf(name), fresh(), { source: HUB_IDS[name] });
    expect(model.manifest).toMatchObject({ role: 'reward', prmFormat: name, headWidth: width });
    expect(model.manifest.matrixParameters.head).toBe(weights);
    const labels = name === 'math-shepherd' ? 2 : name === 'rlhflow' ? 2 : undefined;
    expect(model.manifest.labelTokens?.length).toBe(labels);
    const { graph } = onnxProto.onnx.ModelProto.decode(readFileSync(model.modelPath));
    const head = graph?.initializer?.find((tensor) => tensor.name === '/model/head.weight');
    expect(head?.dims?.map(Number)).toEqual([48, name === 'qwen-prm' ? 48 : width]);
  });

  test.each<[string, ImportOptions]>([
    [GGUF, {}],
    [GOLDEN_LLAMA, {}],
    [GOLDEN_LLAMA, { rotate: true }],
  ])('of two label columns puts out what the whole head of %s does (%j)', async (source, options) => {
    const settings = { ...options, precision: 'fp32' } as const;
    const policy = await importModel(source, fresh(), settings);
    const reward = await importModel(source, fresh(), { ...settings, format: 'rlhflow' });
    const { labelTokens, dimensions } = reward.manifest;
    const tokenizer = await openTokenizer(reward.directory);
    expect(labelTokens).toEqual(['+', '-'].map((label) => tokenizer.encode(label)[0]));
    const ids = tokenizer.encode('1 + 1 is what? It is 2.', { addSpecial: true });
    const bytes = tokenizer.tokenBytes(dimensions.vocabulary);
    const heads: Float32Array[] = [];
    for (const model of [policy, reward]) {
      const tree = await openTree(model, bytes, { kvMemory: 2 ** 22 });
      heads.push((await tree.extend(tree.root, ids, { readAt: ids.map((_, i) => i) })).heads);
      await tree.dispose();
    }
    const [logits, columns] = heads as [Float32Array, Float32Array];
    const expected = ids.flatMap((_, row) =>
      (labelTokens ?? []).map((id) => logits[row * dimensions.vocabulary + id] ?? Number.NaN),
    );
    expect(largestError(columns, expected)).toBeLessThan(1e-5);
  });

  test('is refused with a tokenizer that numbers the labels otherwise', async () => {
    const model = await importModel(checkpointOf('rlhflow'), fresh(), { format: 'rlhflow' });
    const json = JSON.parse(readFileSync(join(checkpointOf('rlhflow'), 'tokenizer.json'), 'utf8'));
    const { vocab } = json.model;
    [vocab['+'], vocab['-']] = [vocab['-'], vocab['+']];
    const source = changed('rlhflow', { 'tokenizer.json': json });
    const attempt = loadReward(model.directory, { tokenizer: await openTokenizer(source) });
    await expect(attempt).rejects.toThrow(
      /a head of tokens (\d+) and (\d+), .* got one of tokens \2 and \1/,
    );
  });
});

describe('refusals', () => {
  const tokenizerOf = (name: Published) =>
    JSON.parse(readFileSync(join(checkpointOf(name), 'tokenizer.json'), 'utf8'));

  test.each<[string, () => string, ImportOptions, string, RegExp]>([
    [
      'another head',
      () => checkpointOf('skywork'),
      { format: 'qwen-prm' },
      'UNSUPPORTED_MODEL',
      /Qwen2ForProcessRewardModel, as format qwen-prm needs it, got Qwen2ForPrmModel; .*: skywork/,
    ],
    [
      'a reward model as a policy',
      () => checkpointOf('skywork'),
      { role: 'policy' },
      'WRONG_ROLE',
      /Qwen2ForPrmModel, which is for role reward/,
    ],
    [
      'a format that nothing tells',
      () => checkpointOf('rlhflow'),
      { role: 'reward' },
      'WRONG_ROLE',
      /LlamaForCausalLM, which is a policy unless a format is named; .*: math-shepherd, rlhflow$/,
    ],
    [
      'a format of a policy',
      () => checkpointOf('rlhflow'),
      { role: 'policy', format: 'rlhflow' },
      'INVALID_OPTION',
      /`format` to be left out for a policy, got "rlhflow"/,
    ],
    [
      'no such format',
      () => checkpointOf('rlhflow'),
      { format: 'shepherd' as PrmFormat },
      'INVALID_OPTION',
      /`format` to be one of math-shepherd, rlhflow, skywork, qwen-prm, step-head/,
    ],
    [
      'a tokenizer without the marker',
      () => GOLDEN_LLAMA,
      { format: 'math-shepherd' },
      'UNSUPPORTED_MODEL',
      /"ки" is one token, as format math-shepherd needs it, got 4 tokens/,
    ],
    [
      'a tokenizer of the base model',
      () => changed('qwen-prm', { 'tokenizer.json': tokenizerOf('rlhflow') }),
      {},
      'UNSUPPORTED_MODEL',
      /"<extra_0>" is one token, as format qwen-prm needs it/,
    ],
    [
      'no chat template',
      () => changed('qwen-prm', { 'tokenizer_config.json': { chat_template: null } }),
      {},
      'UNSUPPORTED_MODEL',
      /one with a chat_template, as format qwen-prm needs it/,
    ],
    [
      'no BOS',
      () =>
        changed('skywork', {
          'tokenizer_config.json': { bos_token: null },
          'config.json': { bos_token_id: null },
        }),
      {},
      'UNSUPPORTED_MODEL',
      /a bos_token, as format skywork/,
    ],
    [
      'no head',
      () =>
        changed('qwen-prm', {
          'config.json': { architectures: ['Qwen2ForPrmModel'], bos_token_id: 0 },
        }),
      {},
      'INVALID_MODEL',
      /v_head\.summary\.weight` to be a tensor \[1, 48\], got no such tensor/,
    ],
    [
      'tensors of another head',
      () =>
        changed('rlhflow', {
          'config.json': { architectures: ['LlamaForStepReward'] },
        }),
      {},
      'INVALID_MODEL',
      /score\.weight` to be a tensor \[1, 48\], got no such tensor/,
    ],
  ])('%s', async (_, source, options, code, message) => {
    const attempt = importModel(source(), fresh(), options);
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

test.each(PUBLISHED)('%s is opened by loadReward, with its format', async (name) => {
  const model = await importModel(checkpointOf(name), fresh(), { format: name });
  const reward = await loadReward(model.directory, { kvMemory: 2 ** 22 });
  expect(reward.format.name).toBe(name);
  await reward.dispose();
});
