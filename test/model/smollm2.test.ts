// A real model: SmolLM2-135M-Instruct from its GGUF file, against Hugging Face's dequantised copy
// (test/golden/smollm2.json, made by make_smollm2.py). Needs the file in $ESPALIER_TEST_MODELS; the
// perplexity also GSM8K's questions. What is not there is skipped, and said.
import { existsSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import type { TokenTree } from '../../src/engine/token-tree.js';
import { measurePerplexity } from '../../src/evaluation/perplexity.js';
import { Checkpoint } from '../../src/model/checkpoint.js';
import { importModel } from '../../src/model/import.js';
import type { Precision } from '../../src/model/manifest.js';
import type { ModelPackage } from '../../src/model/package.js';
import { policyPrompt } from '../../src/search/prompts/policy-prompt.js';
import { openTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { Scratch } from './golden-llama.js';
import { compareOnText } from './quantisation-loss.js';

interface Golden {
  readonly model: string;
  readonly texts: { text: string; ids: number[]; columns: number[]; logits: number[] }[];
  readonly chats: { question: string; ids: number[]; prompt: number[]; greedy: number[] }[];
  readonly perplexity: { readonly window: number; readonly losses: number[] };
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const golden = JSON.parse(readFileSync(at('../golden/smollm2.json'), 'utf8')) as Golden;
const folder =
  process.env.ESPALIER_TEST_MODELS ?? join(homedir(), '.cache', 'espalier-test-models');
const file = join(folder, golden.model);
const questions = at('../../../shared/data/gsm8k-1019.jsonl');
const isThere = existsSync(file);
const hasQuestions = isThere && existsSync(questions);
if (!isThere) console.warn(`SKIPPED: tests of a real model, for want of ${file}`);
else if (!hasQuestions) console.warn(`SKIPPED: perplexity, for want of ${questions}`);

/** A matrix of Q4_1. */
const VALUE = 'model.layers.0.self_attn.v_proj.weight';
/** What two fp32 computations of a logit of this model may differ by. */
const TOLERANCE = 2e-3;

const scratch = new Scratch();
const trees: TokenTree[] = [];
let tokenizer: Tokenizer;
let int8: TokenTree;
let int4: TokenTree;
let fp32: TokenTree;
let model: ModelPackage;

async function open(precision: Precision): Promise<TokenTree> {
  model = await importModel(file, scratch.at(precision), { precision });
  tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const tree = await openTree(model, bytes, { kvMemory: 2 ** 28, threads: 2 });
  trees.push(tree);
  return tree;
}

beforeAll(async () => {
  if (!isThere) return;
  int8 = await open('int8');
  int4 = await open('int4');
  fp32 = await open('fp32');
}, 600_000);
afterAll(async () => {
  for (const tree of trees) await tree.dispose();
  scratch.remove();
});

/** Head outputs at the last `rows` tokens, one row each. */
async function lastHeads(
  tree: TokenTree,
  ids: readonly number[],
  rows: number,
): Promise<Float32Array[]> {
  const readAt = Array.from({ length: rows }, (_, i) => ids.length - rows + i);
  const { node, heads } = await tree.extend(tree.root, ids, { readAt });
  tree.release(node);
  const width = tree.headWidth;
  return readAt.map((_, i) => heads.subarray(i * width, (i + 1) * width));
}

/** How far the likeliest token is above the next one. */
function lead(row: Float32Array): number {
  const best = argmax(row);
  const others = row.map((value, i) => (i === best ? -Infinity : value));
  return (row[best] as number) - (others[argmax(others)] as number);
}

const argmax = (values: Float32Array) =>
  values.reduce((best, value, i) => (value > (values[best] as number) ? i : best), 0);

describe.skipIf(!isThere)('SmolLM2-135M-Instruct', () => {
  test('is described as it is', () => {
    expect(model.manifest).toMatchObject({
      architecture: 'LlamaForCausalLM',
      dimensions: {
        layers: 30,
        hidden: 576,
        heads: 9,
        kvHeads: 3,
        headDim: 64,
        inner: 1536,
        vocabulary: 49152,
        context: 8192,
      },
      parameters: 134_515_008,
      specialTokens: { bos: 1, eos: [0, 2] },
      licence: 'apache-2.0',
    });
  });

  test('texts and chats have the ids that Hugging Face gives', () => {
    for (const { text, ids } of golden.texts) expect(tokenizer.encode(text)).toEqual(ids);
    for (const { question, ids } of golden.chats) {
      expect(tokenizer.chatPrompt([{ role: 'user', content: question }])).toEqual(ids);
    }
  });

  test('fp32 logits are those of the dequantised model', async () => {
    expect(golden.texts).toHaveLength(20);
    for (const { text, ids, columns, logits } of golden.texts) {
      const [row] = await lastHeads(fp32, ids, 1);
      const found = columns.map((column) => row?.[column] ?? Number.NaN);
      const errors = found.map((value, i) => Math.abs(value - (logits[i] as number)));
      expect(Math.max(...errors), text).toBeLessThan(TOLERANCE);
      const [first, second] = logits as [number, number];
      if (first - second > TOLERANCE) expect(argmax(row as Float32Array)).toBe(columns[0]);
    }
  });

  test('its fp32 greedy tokens are those of Hugging Face', async () => {
    let compared = 0;
    for (const { question, ids, greedy } of golden.chats) {
      const rows = await lastHeads(fp32, [...ids, ...greedy.slice(0, -1)], greedy.length);
      for (const [i, row] of rows.entries()) {
        const [best, expected] = [argmax(row), greedy[i] as number];
        const gap = (row[best] as number) - (row[expected] as number);
        expect(gap, `${question} ${i}`).toBeLessThan(TOLERANCE);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(200);
  });

  test('every matrix of 4 bits stays in the blocks of its file', async () => {
    const checkpoint = await Checkpoint.open(file);
    const { bits, size, hasMinimum } = checkpoint.blocks(VALUE)?.kind ?? {};
    expect({ bits, size, hasMinimum }).toEqual({ bits: 4, size: 32, hasMinimum: true });
    expect(checkpoint.blocks('model.embed_tokens.weight')?.kind.bits).toBe(8);
    await checkpoint.close();
    const { size: bytes } = await stat(join(scratch.at('int4'), 'model.onnx.data'));
    // Codes, a scale and an offset (fp32) a block; the embedding twice, as table and as head.
    const inLayers = 30 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536);
    const expected = inLayers * (0.5 + 8 / 32) + 2 * 49152 * 576 * (1 + 4 / 32);
    expect(bytes / expected).toBeGreaterThan(0.99);
    expect(bytes / expected).toBeLessThan(1.01);
  });

  test('is asked as no family of its own, with a system message', () => {
    const { prompt } = policyPrompt(model.manifest.architecture, tokenizer, {});
    expect(prompt).toMatchObject({ family: 'generic', place: 'system', opensThought: false });
    for (const { question, prompt: ids } of golden.chats) {
      expect(prompt.encode(question)).toEqual(ids);
    }
  });

  // In fp32, sampled: the greedy tokens of Hugging Face. Another machine may round a logit otherwise
  // (by less than TOLERANCE); these ten prompts are such that it can change no token of the answer.
  test('answers ten prompts in fluent English', async () => {
    const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, streamKey: 0n };
    const answer = async ({ question, ids, greedy }: Golden['chats'][number], i: number) => {
      const { node } = await fp32.extend(fp32.root, ids);
      const [run] = fp32.sample(node, [{ pathKey: BigInt(i), maxTokens: 64 }], sampling);
      const tokens = Array.from((await run)?.tokens ?? []);
      fp32.release(node);
      expect(tokens, question).toEqual(greedy);
      const rows = await lastHeads(fp32, [...ids, ...tokens.slice(0, -1)], tokens.length);
      for (const row of rows) expect(lead(row), question).toBeGreaterThan(2 * TOLERANCE);
      return `${question}\n${tokenizer.decode(tokens)}`;
    };
    const answers = await Promise.all(golden.chats.slice(-10).map(answer));
    expect(answers.join('\n\n')).toMatchSnapshot();
  });

  describe.skipIf(!hasQuestions)('on six windows of a text', () => {
    const { window, losses } = golden.perplexity;
    const exact = Math.exp(
      losses.reduce((sum, loss) => sum + loss, 0) / (losses.length * (window - 1)),
    );

    function textIds(): number[] {
      const rows = readFileSync(questions, 'utf8').trim().split('\n');
      const text = rows
        .map((row) => JSON.parse(row) as { question: string; answer: string })
        .map(({ question, answer }) => `${question}\n${answer}`)
        .slice(0, 40)
        .join('\n\n');
      const ids = tokenizer.encode(text).slice(0, losses.length * window);
      expect(ids).toHaveLength(losses.length * window);
      return ids;
    }

    test('perplexity: fp32 as Hugging Face, int8 within 1%, int4 within 2%', {
      timeout: 600_000,
    }, async () => {
      const ids = textIds();
      const found = {
        fp32: (await measurePerplexity(fp32, ids, { window })).perplexity,
        int8: (await measurePerplexity(int8, ids, { window })).perplexity,
        int4: (await measurePerplexity(int4, ids, { window })).perplexity,
      };
      console.log(
        `SmolLM2: perplexity ${percent(found.int8 / exact)} in int8, ${percent(found.int4 / exact)} in int4`,
      );
      expect(Math.abs(found.fp32 / exact - 1)).toBeLessThan(1e-4);
      expect(Math.abs(found.int8 / exact - 1)).toBeLessThan(0.01);
      expect(Math.abs(found.int4 / exact - 1)).toBeLessThan(0.02);
    });

    test('int8 diverges from fp32 by at most 0.02 nats', { timeout: 600_000 }, async () => {
      const ids = textIds().slice(0, 2 * window); // as long a text as a mean of this size needs
      const { divergence, agreement } = await compareOnText(fp32, int8, ids, window);
      console.log(`SmolLM2 int8: KL ${divergence.toFixed(4)} nats, same top ${percent(agreement)}`);
      expect(divergence).toBeGreaterThan(0);
      expect(divergence).toBeLessThan(0.02);
    });
  });
});

const percent = (ratio: number) => `${(100 * ratio).toFixed(2)}%`;
