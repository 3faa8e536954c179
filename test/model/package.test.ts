// Opening packages: what is refused, with which code and words.
import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { importModel } from '../../src/model/import.js';
import { engineSpec, openPackage } from '../../src/model/package.js';
import { GOLDEN_LLAMA, Scratch } from './golden-llama.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());
let whole: string;

beforeAll(async () => {
  whole = (await importModel(GOLDEN_LLAMA, scratch.at('whole'), { name: 'tiny' })).directory;
});

let copies = 0;
/** A copy of the package that `change` has damaged. */
function damaged(change: (directory: string) => void): string {
  const directory = scratch.at(`copy-${copies++}`);
  cpSync(whole, directory, { recursive: true });
  change(directory);
  return directory;
}

type Json = Record<string, unknown>;
function withManifest(change: (manifest: Json) => void): string {
  return damaged((directory) => {
    const path = join(directory, 'espalier.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Json;
    change(manifest);
    writeFileSync(path, JSON.stringify(manifest));
  });
}

async function refusal(source: string, role?: 'policy' | 'reward'): Promise<ModelError> {
  const error = await openPackage(source, role === undefined ? {} : { role }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ModelError);
  return error as ModelError;
}

test('a whole package opens, and says what the engine needs', async () => {
  const model = await openPackage(whole, { role: 'policy' });
  expect(model.manifest.name).toBe('tiny');
  expect(engineSpec(model)).toEqual({
    modelPath: join(whole, 'model.onnx'),
    layers: 2,
    kvHeads: 2,
    headDim: 16,
    vocabulary: 272,
    headWidth: 272,
    outputName: 'logits',
    hasLogitScale: true,
    context: 256,
    endTokens: Int32Array.of(1),
  });
});

test('a reward model has another output', async () => {
  const source = scratch.checkpoint('reward', { architectures: ['LlamaForStepReward'] });
  const model = await importModel(source, scratch.at('reward-package'), { precision: 'fp32' });
  expect(model.manifest).toMatchObject({ role: 'reward', prmFormat: 'step-head', headWidth: 1 });
  expect(engineSpec(model)).toMatchObject({ outputName: 'score_logits', hasLogitScale: false });
});

describe('files', () => {
  const cases: [string, (directory: string) => void, string, RegExp][] = [
    [
      'truncated',
      (d) => truncateSync(join(d, 'model.onnx.data'), 5000),
      'INVALID_MODEL',
      /model.onnx.data` to be a file of \d+ bytes, got 5000 bytes \(truncated\)/,
    ],
    [
      'too long',
      (d) => appendFileSync(join(d, 'tokenizer.json'), ' '),
      'INVALID_MODEL',
      /tokenizer.json` to be a file of/,
    ],
    [
      'missing',
      (d) => rmSync(join(d, 'model.onnx')),
      'MISSING_MODEL',
      /model.onnx` to be .*no such file/,
    ],
    [
      'tampered with',
      flipBit,
      'HASH_MISMATCH',
      /model.onnx.data` to be a file of sha256 [0-9a-f]{64}, got [0-9a-f]{64}/,
    ],
  ];
  test.each(cases)('%s', async (_, change, code, message) => {
    const error = await refusal(damaged(change));
    expect(error.message).toMatch(message);
    expect(error.message).toContain('import or fetch the model again');
    expect(error.code).toBe(code);
  });
});

function flipBit(directory: string): void {
  const path = join(directory, 'model.onnx.data');
  const bytes = readFileSync(path);
  bytes[1000] = (bytes[1000] as number) ^ 1;
  writeFileSync(path, bytes);
}

describe('manifests', () => {
  const cases: [string, (manifest: Json) => void, RegExp][] = [
    [
      'another format',
      (m) => Object.assign(m, { formatVersion: 2 }),
      /formatVersion` to be 1, got 2/,
    ],
    ['no name', (m) => Object.assign(m, { name: '' }), /name` to be a non-empty string/],
    [
      'an unknown role',
      (m) => Object.assign(m, { role: 'judge' }),
      /role` to be one of policy, reward/,
    ],
    [
      'an unknown precision',
      (m) => Object.assign(m, { precision: 'int2' }),
      /precision` to be one of/,
    ],
    [
      'a policy with a PRM format',
      (m) => Object.assign(m, { prmFormat: 'step-head' }),
      /prmFormat` to be null/,
    ],
    [
      'labels that are not two tokens',
      (m) => Object.assign(m, { labelTokens: [10] }),
      /labelTokens` to be two token ids, got an array of 1/,
    ],
    [
      'labels out of range',
      (m) => Object.assign(m, { labelTokens: [10, 272] }),
      /labelTokens` to be an array of integers from 0 to 271/,
    ],
    [
      'a head that is no vocabulary',
      (m) => Object.assign(m, { headWidth: 1 }),
      /headWidth` to be an integer from 272 to 272/,
    ],
    [
      'no dimensions',
      (m) => Object.assign(m, { dimensions: null }),
      /dimensions` to be a JSON object, got null/,
    ],
    [
      'a negative dimension',
      (m) => Object.assign(m.dimensions as Json, { layers: -1 }),
      /dimensions: layers/,
    ],
    [
      'a fractional dimension',
      (m) => Object.assign(m.dimensions as Json, { hidden: 1.5 }),
      /dimensions: hidden/,
    ],
    [
      'heads that do not divide',
      (m) => Object.assign(m.dimensions as Json, { heads: 5 }),
      /multiple of kvHeads/,
    ],
    [
      'an end token out of range',
      (m) => Object.assign(m.specialTokens as Json, { eos: [272] }),
      /eos` to be an array of integers from 0 to 271/,
    ],
    ['a file outside', (m) => Object.assign(m.files as Json, { '../x': {} }), /files: \.\.\/x/],
    [
      'a file without hash',
      (m) => Object.assign((m.files as Json)['model.onnx'] as Json, { sha256: 'abc' }),
      /sha256` to be 64 lower-case/,
    ],
    [
      'a file that is not listed',
      (m) => Reflect.deleteProperty(m.files as Json, 'tokenizer.json'),
      /tokenizer.json` to be a JSON object, got undefined/,
    ],
    [
      'no parameters',
      (m) => Object.assign(m, { parameters: 0 }),
      /parameters` to be an integer >= 1/,
    ],
  ];
  test.each(cases)('%s', async (_, change, message) => {
    const error = await refusal(withManifest(change));
    expect(error.message).toMatch(message);
    expect(['INVALID_MODEL', 'UNSUPPORTED_MODEL']).toContain(error.code);
  });

  test('that are no JSON', async () => {
    const directory = damaged((d) => writeFileSync(join(d, 'espalier.json'), '{'));
    expect(await refusal(directory)).toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringContaining('to be a JSON document'),
    });
  });
});

test('the wrong role', async () => {
  const error = await refusal(whole, 'reward');
  expect(error.code).toBe('WRONG_ROLE');
  expect(error.message).toMatch(/to be a reward model, got a policy \(role "policy"/);
});

test('nothing there', async () => {
  const error = await refusal(scratch.at('nowhere'));
  expect(error.code).toBe('MISSING_MODEL');
  expect(error.message).toMatch(
    /a model package's directory or an embedded model .*espalier import/,
  );
});

test('a checkpoint that was not imported', async () => {
  expect((await refusal(GOLDEN_LLAMA)).message).toMatch(/no file .*espalier.json/);
});
