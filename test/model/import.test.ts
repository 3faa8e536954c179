// Importing: the same bytes every time, whole or not at all, and every wrong checkpoint named.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError, OptionError } from '../../src/errors.js';
import { importModel } from '../../src/model/import.js';
import type { ImportOptions } from '../../src/model/import-options.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { GOLDEN_LLAMA, Scratch } from './golden-llama.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

let destinations = 0;
const fresh = () => scratch.at(`package-${destinations++}`);

const readAll = (directory: string) =>
  Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]),
  );

describe('a package', () => {
  test.each(['int8', 'fp32'] as const)('of %s is the same bytes every time', async (precision) => {
    const options = { precision, name: 'same' };
    const [first, second] = [
      await importModel(GOLDEN_LLAMA, fresh(), options),
      await importModel(GOLDEN_LLAMA, fresh(), options),
    ];
    expect(readAll(first.directory)).toEqual(readAll(second.directory));
    expect(readdirSync(first.directory).sort()).toEqual([
      'espalier.json',
      'model.onnx',
      'model.onnx.data',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  test('says what it is', async () => {
    const source = scratch.checkpoint('described');
    writeFileSync(join(source, 'README.md'), '---\nlicense: mit\ntags: [x]\n---\n# A model\n');
    writeFileSync(join(source, 'generation_config.json'), '{"eos_token_id": [1, 7]}');
    const { manifest } = await importModel(source, fresh(), { name: 'tiny' });
    expect(manifest).toMatchObject({
      formatVersion: 1,
      name: 'tiny',
      role: 'policy',
      architecture: 'LlamaForCausalLM',
      precision: 'int8',
      dimensions: {
        layers: 2,
        hidden: 48,
        heads: 4,
        kvHeads: 2,
        headDim: 16,
        inner: 80,
        vocabulary: 272,
        context: 256,
      },
      parameters: 2 * 272 * 48 + 48 + 2 * (2 * 48 + 48 * 128 + 64 * 48 + 3 * 48 * 80),
      matrixParameters: { body: 2 * (48 * 128 + 64 * 48 + 3 * 48 * 80), head: 272 * 48 },
      headWidth: 272,
      specialTokens: { bos: 0, eos: [1, 7] },
      stepDelimiter: '\n\n',
      prmFormat: null,
      source: 'described',
      licence: 'mit',
    });
  });

  test('takes in a chat template that lies in a file of its own', async () => {
    const source = scratch.checkpoint('jinja');
    writeFileSync(join(source, 'tokenizer_config.json'), '{"bos_token": "<|bos|>"}');
    writeFileSync(join(source, 'chat_template.jinja'), '{{ messages[0].content }}');
    const { directory } = await importModel(source, fresh());
    const config = JSON.parse(readFileSync(join(directory, 'tokenizer_config.json'), 'utf8'));
    expect(config).toEqual({ bos_token: '<|bos|>', chat_template: '{{ messages[0].content }}' });
  });

  test('holds eight nodes a layer in int8, with every weight inside its data file', async () => {
    const { directory } = await importModel(GOLDEN_LLAMA, fresh());
    const { graph } = onnxProto.onnx.ModelProto.decode(readFileSync(join(directory, 'model.onnx')));
    const types = (graph?.node ?? []).map((node) => node.opType);
    const layer = [
      'AddNormQuantize',
      'MatMulIntegerToFloat',
      'TreeAttention',
      'MatMulIntegerToFloat',
      'AddNormQuantize',
      'MatMulIntegerToFloat',
      'SwiGLU',
      'MatMulIntegerToFloat',
    ];
    const head = ['Gather', 'Gather', 'Gather', 'AddNormQuantize', 'MatMulIntegerToFloat'];
    expect(types).toEqual(['Gather', ...layer, ...layer, ...head]);
    const size = readFileSync(join(directory, 'model.onnx.data')).length;
    let end = 0;
    for (const tensor of graph?.initializer ?? []) {
      if (tensor.externalData?.length === 0) continue;
      const of = (key: string) => tensor.externalData?.find((each) => each.key === key)?.value;
      expect(of('location')).toBe('model.onnx.data');
      expect(Number(of('offset')) % 64).toBe(0);
      expect(Number(of('offset'))).toBeGreaterThanOrEqual(end);
      end = Number(of('offset')) + Number(of('length'));
    }
    expect(end).toBe(size);
  });

  test('reports progress up to the end', async () => {
    const calls: [number, number][] = [];
    await importModel(GOLDEN_LLAMA, fresh(), {
      onProgress: (done, total) => calls.push([done, total]),
    });
    expect(calls).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, 10]));
  });
});

describe('whole or not at all', () => {
  const around = (destination: string) =>
    readdirSync(scratch.path).filter((name) => name.includes(destination.split('/').at(-1) ?? ''));

  test('an abort half-way leaves nothing behind', async () => {
    const [destination, controller] = [fresh(), new AbortController()];
    const onProgress = (done: number) => {
      if (done === 5) controller.abort(new Error('enough'));
    };
    const options = { signal: controller.signal, onProgress };
    await expect(importModel(GOLDEN_LLAMA, destination, options)).rejects.toThrow('enough');
    expect(around(destination)).toEqual([]);
  });

  test('a tensor that breaks off the import leaves nothing behind', async () => {
    const source = scratch.checkpoint('infinite');
    const path = join(source, 'model.safetensors');
    const bytes = readFileSync(path);
    const file = await SafetensorsFile.open(path);
    const offset = file.entries.get('model.norm.weight')?.offset as number; // read near the end
    await file.close();
    bytes.writeFloatLE(Number.POSITIVE_INFINITY, offset);
    writeFileSync(path, bytes);
    const destination = fresh();
    await expect(importModel(source, destination)).rejects.toThrow(/finite numbers, got Infinity/);
    expect(around(destination)).toEqual([]);
  });

  test('what is at the destination stays, unless it is a package and may be overwritten', async () => {
    const destination = fresh();
    mkdirSync(destination);
    await importModel(GOLDEN_LLAMA, destination, { precision: 'fp32' }); // empty: free
    const before = readAll(destination);
    const refused = { code: 'WRITE_FAILED', message: expect.stringContaining('5 entries') };
    await expect(importModel(GOLDEN_LLAMA, destination)).rejects.toMatchObject(refused);
    expect(readAll(destination)).toEqual(before);
    await importModel(GOLDEN_LLAMA, destination, { overwrite: true });
    expect(readAll(destination)['model.onnx']).not.toEqual(before['model.onnx']);
    expect(around(destination)).toHaveLength(1);
  });

  test('an overwriting import that fails keeps the old package', async () => {
    const destination = fresh();
    await importModel(GOLDEN_LLAMA, destination);
    const before = readAll(destination);
    const signal = AbortSignal.abort(new Error('no'));
    await expect(
      importModel(GOLDEN_LLAMA, destination, { overwrite: true, signal }),
    ).rejects.toThrow('no');
    expect(readAll(destination)).toEqual(before);
  });

  test('only a package is overwritten', async () => {
    const destination = fresh();
    mkdirSync(destination);
    writeFileSync(join(destination, 'diary.txt'), 'dear diary');
    await expect(importModel(GOLDEN_LLAMA, destination, { overwrite: true })).rejects.toThrow(
      /only a model package is replaced/,
    );
    expect(readdirSync(destination)).toEqual(['diary.txt']);
  });

  test('a destination below a file cannot be written', async () => {
    const file = fresh();
    writeFileSync(file, '');
    await expect(importModel(GOLDEN_LLAMA, join(file, 'model'))).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    });
  });

  test.skipIf(process.getuid?.() === 0)('a directory without permission', async () => {
    const directory = fresh();
    mkdirSync(directory);
    chmodSync(directory, 0o500);
    await expect(importModel(GOLDEN_LLAMA, join(directory, 'model'))).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    });
    chmodSync(directory, 0o700);
  });
});

describe('wrong checkpoints', () => {
  const cases: [string, Record<string, unknown>, string, RegExp][] = [
    [
      'another architecture',
      { architectures: ['MambaForCausalLM'] },
      'UNSUPPORTED_MODEL',
      /one of LlamaForCausalLM, .*, got "MambaForCausalLM"/,
    ],
    [
      'a name from the prototype',
      { architectures: ['toString'] },
      'UNSUPPORTED_MODEL',
      /"toString"/,
    ],
    [
      'no architecture',
      { architectures: [] },
      'INVALID_MODEL',
      /architectures` to be a list of one name/,
    ],
    ['biases', { attention_bias: true }, 'UNSUPPORTED_MODEL', /attention_bias` to be false/],
    ['another activation', { hidden_act: 'gelu' }, 'UNSUPPORTED_MODEL', /hidden_act` to be "silu"/],
    [
      'rope scaling',
      { rope_scaling: { rope_type: 'yarn', factor: 8 } },
      'UNSUPPORTED_MODEL',
      /rope_type` to be one of default, linear, llama3, got "yarn"/,
    ],
    ['an odd head size', { head_dim: 20 }, 'UNSUPPORTED_MODEL', /head_dim` to be a multiple of 16/],
    [
      'a hidden size that is a text',
      { hidden_size: '48' },
      'INVALID_MODEL',
      /hidden_size` to be an integer .* got "48" \(string\)/,
    ],
    [
      'heads that do not divide',
      { num_key_value_heads: 3 },
      'INVALID_MODEL',
      /num_key_value_heads` to be a divisor/,
    ],
    ['no epsilon', { rms_norm_eps: null }, 'INVALID_MODEL', /rms_norm_eps` to be a number above 0/],
    [
      'a layer too many',
      { num_hidden_layers: 3 },
      'INVALID_MODEL',
      /model.layers.2.* got no such tensor/,
    ],
    [
      'a matrix of other shape',
      { intermediate_size: 96 },
      'INVALID_MODEL',
      /a tensor \[96, 48\], got \[80, 48\]/,
    ],
    [
      'a vocabulary below the tokenizer',
      { vocab_size: 200 },
      'INVALID_MODEL',
      /ids are below vocab_size \(200\)/,
    ],
    [
      'an end token out of range',
      { eos_token_id: 272 },
      'INVALID_MODEL',
      /eos_token_id` to be an integer from 0 to 271/,
    ],
  ];
  test.each(cases)('%s', async (_, config, code, message) => {
    const destination = fresh();
    const source = scratch.checkpoint(`wrong-${destinations}`, config);
    const error = await importModel(source, destination).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).message).toMatch(message);
    expect((error as ModelError).code).toBe(code);
    expect(existsSync(destination)).toBe(false);
  });

  test.each([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ])('no %s', async (name) => {
    const source = scratch.checkpoint(`without-${name}`);
    rmSync(join(source, name));
    await expect(importModel(source, fresh())).rejects.toMatchObject({
      code: 'MISSING_MODEL',
      message: expect.stringContaining(join(source, name)),
    });
  });

  test.each([
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])('a broken %s', async (name) => {
    const source = scratch.checkpoint(`broken-${name}`);
    writeFileSync(join(source, name), '{"model": ');
    await expect(importModel(source, fresh())).rejects.toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringMatching(/a JSON document, got SyntaxError/),
    });
  });

  test('the other role', async () => {
    await expect(importModel(GOLDEN_LLAMA, fresh(), { role: 'reward' })).rejects.toMatchObject({
      code: 'WRONG_ROLE',
      message: expect.stringMatching(
        /LlamaForCausalLM, which is a policy .* math-shepherd, rlhflow$/,
      ),
    });
  });

  test('no directory at all', async () => {
    await expect(importModel(scratch.at('nowhere'), fresh())).rejects.toMatchObject({
      code: 'MISSING_MODEL',
    });
  });
});

describe('wrong options', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['an unknown one', { precison: 'int8' }, /did you mean `precision`/],
    [
      'a precision',
      { precision: 'int3' },
      /`precision` to be one of int8, int4, fp32, fp16, got "int3"/,
    ],
    ['a role', { role: 'judge' }, /`role` to be one of policy, reward/],
    ['an empty name', { name: '' }, /`name` to be a non-empty string/],
    ['plain int8', { rotate: false }, /`rotate` to be true for int8/],
  ];
  test.each(cases)('%s', async (_, options, message) => {
    const attempt = importModel(GOLDEN_LLAMA, fresh(), options as ImportOptions);
    const error = await attempt.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OptionError);
    expect((error as OptionError).message).toMatch(message);
  });

  test('no paths', async () => {
    await expect(importModel('', fresh())).rejects.toThrow(/`source` to be a path, got ""/);
    await expect(importModel(GOLDEN_LLAMA, 3 as never)).rejects.toThrow(
      /`destination` to be a path/,
    );
  });
});

beforeAll(() => expect(existsSync(GOLDEN_LLAMA)).toBe(true));
