// Importing GGUF files: the golden checkpoints laid out as llama.cpp's converter does it
// (make_gguf_models.py) give the logits that Hugging Face gives for the originals.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import { ModelError } from '../../src/errors.js';
import { importModel } from '../../src/model/import.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { openTokenizer } from '../../src/text/tokenizer.js';
import { largestError, Scratch } from './golden-llama.js';

const GGUF = fileURLToPath(new URL('../golden/gguf', import.meta.url));
const ORIGINALS = fileURLToPath(new URL('../golden/architectures', import.meta.url));
const scratch = new Scratch();
afterAll(() => scratch.remove());

describe.each([
  ['llama', 'llama-llama3', 'permuted rows, factors of rotary frequencies'],
  ['qwen2', 'qwen2', 'biases'],
  ['qwen3', 'qwen3', 'head norms, untied head'],
])('%s.gguf', (kind, original) => {
  const file = join(GGUF, `${kind}.gguf`);

  test('fp32 logits are those of the original', async () => {
    const model = await importModel(file, scratch.at(kind), { precision: 'fp32' });
    const tokenizer = await openTokenizer(model.directory);
    const tree = await openTree(model, tokenizer.tokenBytes(272), { kvMemory: 2 ** 22 });
    const golden = JSON.parse(readFileSync(join(ORIGINALS, original, 'golden.json'), 'utf8')) as {
      prompts: number[][];
    };
    const logits = await SafetensorsFile.open(join(ORIGINALS, original, 'golden.safetensors'));
    for (const [i, ids] of golden.prompts.entries()) {
      const { heads } = await tree.extend(tree.root, ids, { readAt: ids.map((_, j) => j) });
      expect(largestError(heads, await logits.read(`logits.${i}`))).toBeLessThan(1e-4);
    }
    await logits.close();
    await tree.dispose();
  });

  test('its package says what the file says', async () => {
    const { manifest, directory } = await importModel(file, scratch.at(`${kind}-int8`));
    const config = JSON.parse(readFileSync(join(ORIGINALS, original, 'config.json'), 'utf8'));
    expect(manifest).toMatchObject({
      architecture: config.architectures[0],
      precision: 'int8',
      dimensions: { hidden: 48, headDim: 16, vocabulary: 272, context: 256 },
      specialTokens: { bos: 0, eos: [1] },
      licence: 'mit',
      source: `${kind}.gguf`,
    });
    const tokenizer = await openTokenizer(directory);
    const ids = tokenizer.chatPrompt([{ role: 'user', content: 'the thing' }]);
    expect(ids[0]).toBe(0);
    expect(tokenizer.decode(ids)).toBe('the thing');
    expect(ids).toHaveLength(6); // BOS, the, a space, th, in, g
  });
});

describe('refusals', () => {
  const whole = readFileSync(join(GGUF, 'llama.gguf'));
  /** A copy in which a text is replaced by another of its length. */
  function changed(from: string, to: string): string {
    expect(to).toHaveLength(from.length);
    const bytes = Buffer.from(whole);
    for (let i = bytes.indexOf(from); i >= 0; i = bytes.indexOf(from, i + 1)) bytes.write(to, i);
    const path = scratch.at('changed.gguf');
    writeFileSync(path, bytes);
    return path;
  }

  test.each([
    [
      'another architecture',
      'llama',
      'gemma',
      'UNSUPPORTED_MODEL',
      /llama, qwen2, qwen3, got "gemma"/,
    ],
    [
      'other rules of words',
      'gpt-2',
      'dbrx?',
      'UNSUPPORTED_MODEL',
      /ggml\.pre` to be one of.*"dbrx\?"/,
    ],
    [
      'another kind of tokenizer',
      'gpt2',
      'bert',
      'UNSUPPORTED_MODEL',
      /ggml\.model` to be gpt2 or llama/,
    ],
    [
      'a count that is missing',
      'block_count',
      'block_cuont',
      'INVALID_MODEL',
      /block_count` to be an integer/,
    ],
    [
      'a tensor that is missing',
      'attn_q.',
      'attn_x.',
      'INVALID_MODEL',
      /q_proj\.weight` to be a tensor/,
    ],
  ])('%s', async (_, from, to, code, message) => {
    const attempt = importModel(changed(from, to), scratch.at('refused'));
    const error = await attempt.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).code).toBe(code);
    expect((error as ModelError).message).toMatch(message);
  });
});
