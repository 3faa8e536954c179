// int4 and fp16 against fp32: a checkpoint's own blocks come out without loss, what else is rounded
// errs as it may, and nothing that a precision cannot hold is taken.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTree } from '../../src/engine/engine.js';
import type { TokenTree } from '../../src/engine/token-tree.js';
import {
  type BlockRows,
  decodeBlocks,
  emptyBlockRows,
  roundToBlocks,
} from '../../src/model/blocks.js';
import { Checkpoint } from '../../src/model/checkpoint.js';
import { halfToNumber, toHalves } from '../../src/model/floats.js';
import { importModel } from '../../src/model/import.js';
import type { ImportOptions } from '../../src/model/import-options.js';
import { openTokenizer } from '../../src/text/tokenizer.js';
import { type GoldenPrompt, goldenPrompts, largestError, Scratch } from './golden-llama.js';
import { writeRandomGguf } from './random-gguf.js';

const scratch = new Scratch();
const trees: TokenTree[] = [];
afterAll(async () => {
  for (const tree of trees) await tree.dispose();
  scratch.remove();
});

let packages = 0;
async function open(source: string, options: ImportOptions): Promise<TokenTree> {
  const model = await importModel(source, scratch.at(`package-${packages++}`), options);
  expect(model.manifest.precision).toBe(options.precision);
  const tokenizer = await openTokenizer(model.directory);
  const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
  const tree = await openTree(model, bytes, { kvMemory: 2 ** 24, threads: 2 });
  trees.push(tree);
  return tree;
}

async function heads(tree: TokenTree, ids: readonly number[]): Promise<Float32Array> {
  const { node, heads: found } = await tree.extend(tree.root, ids, {
    readAt: ids.map((_, i) => i),
  });
  tree.release(node);
  return found;
}

/** Root of the mean square of the difference, in standard deviations of what is expected. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  let [errors, squares] = [0, 0];
  expected.forEach((value, i) => {
    errors += ((found[i] ?? Number.NaN) - value) ** 2;
    squares += value * value;
  });
  return Math.sqrt(errors / squares);
}

/** As files of the world mix them: neighbours of one kind are one product, others several. */
const LEGACY = {
  attn_q: 'Q4_0',
  attn_k: 'Q4_0',
  attn_v: 'Q4_1',
  attn_output: 'Q8_0',
  ffn_gate: 'Q4_1',
  ffn_up: 'Q4_1',
  ffn_down: 'Q4_0',
} as const;
const K_QUANTS = {
  attn_q: 'Q4_K',
  attn_k: 'Q4_K',
  attn_v: 'Q6_K',
  attn_output: 'Q5_K',
  ffn_gate: 'Q5_K',
  ffn_up: 'Q4_K',
  ffn_down: 'Q6_K',
} as const;

describe.each([
  'Q8_0',
  'Q4_1',
  'Q6_K',
] as const)('a GGUF file, its embedding of %s', (embedding) => {
  const source = scratch.at(`${embedding}.gguf`);
  const ids = Array.from({ length: 40 }, (_, i) => (i * 7919) % 5000);
  let exact: Float32Array;

  beforeAll(async () => {
    // The embedding is large enough to be kept in blocks.
    writeRandomGguf(source, { layers: [LEGACY, K_QUANTS], embedding, vocabulary: 5000 });
    exact = await heads(await open(source, { precision: 'fp32' }), ids);
  });

  test('every matrix in blocks decodes to the numbers that the reader gives', async () => {
    const checkpoint = await Checkpoint.open(source);
    let compared = 0;
    const names = Object.values({
      ...{ q: 'self_attn.q_proj', k: 'self_attn.k_proj', v: 'self_attn.v_proj' },
      ...{ o: 'self_attn.o_proj', g: 'mlp.gate_proj', u: 'mlp.up_proj', d: 'mlp.down_proj' },
    });
    for (const name of names.flatMap((each) =>
      [0, 1].map((i) => `model.layers.${i}.${each}.weight`),
    )) {
      const matrix = checkpoint.blocks(name);
      if (matrix === undefined) throw new Error(`${name} is in no blocks`);
      const { kind, rows, inputs } = matrix;
      const blocks = emptyBlockRows(kind, rows, inputs);
      // In two parts, the first ending inside a head.
      const cut = 24;
      await matrix.read(0, part(blocks, 0, cut * inputs, kind.size));
      await matrix.read(cut, part(blocks, cut * inputs, rows * inputs, kind.size));
      const decoded = new Float32Array(rows * inputs);
      decodeBlocks(kind, blocks, decoded);
      const read = await checkpoint.read(name);
      expect(Buffer.from(decoded.buffer).equals(Buffer.from(read.buffer)), name).toBe(true);
      expect(blocks.codes.reduce((a, b) => Math.max(a, b))).toBeLessThan(2 ** kind.bits);
      compared++;
    }
    await checkpoint.close();
    expect(compared).toBe(14);
  });

  test('int4 differs from fp32 by what 8-bit inputs cost', async () => {
    const found = await heads(await open(source, { precision: 'int4' }), ids);
    const error = relativeError(found, exact);
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(0.05); // a wrong code, scale or offset is an error of order 1
  });

  test('fp16 differs by the rounding of weights', async () => {
    const found = await heads(await open(source, { precision: 'fp16' }), ids);
    expect(relativeError(found, exact)).toBeLessThan(2e-3);
  });

  test('int8 keeps the embedding in fp16', async () => {
    const found = await heads(await open(source, { precision: 'int8' }), ids);
    expect(found).toHaveLength(exact.length);
  });
});

function part({ codes, scales, minimums }: BlockRows, from: number, to: number, size: number) {
  return {
    codes: codes.subarray(from, to),
    scales: scales.subarray(from / size, to / size),
    minimums: minimums.subarray(from / size, to / size),
  };
}

describe('a float checkpoint', () => {
  let prompts: GoldenPrompt[];
  beforeAll(async () => {
    prompts = await goldenPrompts();
  });

  test('fp16 logits are those of fp32 within the rounding of weights', async () => {
    const tree = await open(scratch.checkpoint('fp16-source'), { precision: 'fp16' });
    for (const { ids, logits } of prompts) {
      expect(largestError(await heads(tree, ids), logits)).toBeLessThan(1e-2);
    }
  });

  test('int4 is near: random weights of 4 bits', async () => {
    const tree = await open(scratch.checkpoint('int4-source'), { precision: 'int4' });
    for (const { ids, logits } of prompts) {
      expect(relativeError(await heads(tree, ids), logits)).toBeLessThan(0.3);
    }
  });

  test('a reward model has its one column in every precision', async () => {
    const source = scratch.checkpoint('reward', { architectures: ['LlamaForStepReward'] });
    for (const [precision, most] of [
      ['fp16', 1e-2],
      ['int4', 0.3],
    ] as const) {
      const tree = await open(source, { precision, role: 'reward' });
      for (const { ids, scores } of prompts) {
        expect(relativeError(await heads(tree, ids), scores), precision).toBeLessThan(most);
      }
    }
  });

  test('a weight beyond fp16 is refused, and nothing is left', async () => {
    const source = scratch.checkpoint('large');
    const path = join(source, 'model.safetensors');
    const bytes = readFileSync(path);
    const header = Number(bytes.readBigUInt64LE(0));
    const entries = JSON.parse(bytes.toString('utf8', 8, 8 + header)) as Record<
      string,
      { dtype: string; data_offsets: [number, number] }
    >;
    const { dtype, data_offsets } = entries['model.layers.1.mlp.up_proj.weight'] ?? {};
    expect(dtype).toBe('F32');
    bytes.writeFloatLE(-70_000, 8 + header + (data_offsets?.[0] ?? 0) + 40);
    writeFileSync(path, bytes);
    const destination = scratch.at('too-large');
    const attempt = importModel(source, destination, { precision: 'fp16' });
    await expect(attempt).rejects.toThrow(/within the range of fp16 \(65,504\), got -70000/);
    expect(readdirSync(scratch.path).filter((name) => name.includes('too-large'))).toEqual([]);
  });

  test.each(['int4', 'fp16'] as const)('%s is never rotated', async (precision) => {
    const attempt = importModel(
      scratch.checkpoint(`rotated-${precision}`),
      join(scratch.path, 'x'),
      {
        precision,
        rotate: true,
      },
    );
    await expect(attempt).rejects.toThrow(new RegExp(`\`rotate\` to be false for ${precision}`));
  });
});

describe('rounding', () => {
  test('to blocks errs by half a step, and 0 stays in range', () => {
    const values = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * i) * (1 + (i >> 5)));
    values.fill(0, 32, 64);
    values.forEach((value, i) => {
      if (i >= 64) values[i] = 5 + Math.abs(value);
    });
    const kind = { bits: 4, size: 32, zero: 0, hasMinimum: true } as const;
    const blocks = emptyBlockRows(kind, 1, values.length);
    roundToBlocks(kind.size, values, blocks);
    const decoded = new Float32Array(values.length);
    decodeBlocks(kind, blocks, decoded);
    values.forEach((value, i) => {
      const step = blocks.scales[i >> 5] as number;
      expect(Math.abs((decoded[i] as number) - value)).toBeLessThanOrEqual(0.5 * step * (1 + 1e-6));
    });
    expect(Array.from(blocks.scales.map((scale) => Math.sign(scale)))).toEqual([1, 0, 1]);
    expect(blocks.minimums[2]).toBe(0);
  });

  test('to fp16 and back is exact for every number of fp16', () => {
    const bits = Array.from({ length: 0x7c00 }, (_, i) => i).flatMap((i) => [i, i | 0x8000]);
    const values = Float32Array.from(bits, halfToNumber);
    const found = new Uint16Array(values.length);
    expect(toHalves(values, found)).toBeUndefined();
    expect(Array.from(found)).toEqual(bits);
  });

  test('to fp16 goes to the nearest, ties to even, and not beyond 65,504', () => {
    for (let bits = 0; bits < 0x7bff; bits += 7) {
      const [low, high] = [halfToNumber(bits), halfToNumber(bits + 1)];
      const middle = (low + high) / 2;
      const found = new Uint16Array(3);
      toHalves(
        Float32Array.of(middle, middle + (high - low) / 4, middle - (high - low) / 4),
        found,
      );
      expect(Array.from(found)).toEqual([bits + (bits & 1), bits + 1, bits]);
    }
    expect(toHalves(Float32Array.of(1, -65_519, 2), new Uint16Array(3))).toBeUndefined();
    expect(toHalves(Float32Array.of(1, -65_520, 2), new Uint16Array(3))).toBe(1);
  });
});
