// A checkpoint of any Llama shape with random weights: speed depends on shapes, not on values.
// Written once to the system's temporary folder, in the Hugging Face layout, fp16 or bf16.
import { copyFile, mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedDirectory } from '../src/model/embedded.js';
import { importModel } from '../src/model/import.js';
import type { Precision } from '../src/model/manifest.js';

export interface LlamaShape {
  readonly name: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly inner: number;
  readonly vocabulary: number;
  /** @default 'F16' */
  readonly dtype?: 'F16' | 'BF16';
}

const ROOT = join(tmpdir(), 'espalier-bench');

/** SmolLM2-135M's shape. */
export const smol135m: LlamaShape = {
  name: 'smol-135m-shaped',
  layers: 30,
  hidden: 576,
  heads: 9,
  kvHeads: 3,
  inner: 1536,
  vocabulary: 49152,
};

/** Llama 3.2 1B's shape. */
export const llama1b: LlamaShape = {
  name: 'llama-1b-shaped',
  layers: 16,
  hidden: 2048,
  heads: 32,
  kvHeads: 8,
  inner: 8192,
  vocabulary: 128256,
  dtype: 'BF16',
};

/** The package's directory; imports it on first use. */
export async function randomPackage(shape: LlamaShape, precision: Precision): Promise<string> {
  const destination = join(ROOT, `${shape.name}-${precision}`);
  if (await exists(join(destination, 'espalier.json'))) return destination;
  const source = await randomCheckpoint(shape);
  await importModel(source, destination, { precision, licence: 'none' });
  return destination;
}

/** Some ids that every tokenizer of ours has. */
export function promptOf(length: number): number[] {
  return Array.from({ length }, (_, i) => 5 + ((i * 7919) % 250));
}

/** The checkpoint's directory; writes it on first use. */
export async function randomCheckpoint(shape: LlamaShape): Promise<string> {
  const directory = join(ROOT, shape.name);
  if (!(await exists(directory))) await writeCheckpoint(shape, directory);
  return directory;
}

/** Writes the checkpoint to a directory that is not there yet. */
export async function writeCheckpoint(shape: LlamaShape, directory: string): Promise<void> {
  const partial = `${directory}.partial`;
  await mkdir(partial, { recursive: true });
  const tokenizer = embeddedDirectory('policy-0.4m') ?? '';
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(tokenizer, file), join(partial, file));
  }
  await writeFile(join(partial, 'config.json'), JSON.stringify(configOf(shape)));
  await writeTensors(join(partial, 'model.safetensors'), tensorsOf(shape), shape.dtype ?? 'F16');
  await rename(partial, directory);
}

function configOf(shape: LlamaShape) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: shape.hidden,
    intermediate_size: shape.inner,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.hidden / shape.heads,
    vocab_size: shape.vocabulary,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 100_000,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

function tensorsOf(shape: LlamaShape): Map<string, number[]> {
  const { hidden, inner, vocabulary } = shape;
  const kv = (hidden / shape.heads) * shape.kvHeads;
  const tensors = new Map<string, number[]>([['model.embed_tokens.weight', [vocabulary, hidden]]]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    tensors.set(`${prefix}.input_layernorm.weight`, [hidden]);
    tensors.set(`${prefix}.self_attn.q_proj.weight`, [hidden, hidden]);
    tensors.set(`${prefix}.self_attn.k_proj.weight`, [kv, hidden]);
    tensors.set(`${prefix}.self_attn.v_proj.weight`, [kv, hidden]);
    tensors.set(`${prefix}.self_attn.o_proj.weight`, [hidden, hidden]);
    tensors.set(`${prefix}.post_attention_layernorm.weight`, [hidden]);
    tensors.set(`${prefix}.mlp.gate_proj.weight`, [inner, hidden]);
    tensors.set(`${prefix}.mlp.up_proj.weight`, [inner, hidden]);
    tensors.set(`${prefix}.mlp.down_proj.weight`, [hidden, inner]);
  }
  tensors.set('model.norm.weight', [hidden]);
  return tensors;
}

/** How a type writes 1, and a number in [2^-5, 2^-4) of random sign and mantissa. */
const TYPES = {
  F16: { one: 0x3c00, random: (state: number) => (10 << 10) | (state & 0x3ff) },
  BF16: { one: 0x3f80, random: (state: number) => (122 << 7) | (state & 0x7f) },
} as const;

const PART_NUMBERS = 2 ** 22;

async function writeTensors(
  path: string,
  tensors: Map<string, number[]>,
  dtype: keyof typeof TYPES,
): Promise<void> {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, dims] of tensors) {
    const bytes = 2 * dims.reduce((product, dim) => product * dim, 1);
    header[name] = { dtype, shape: dims, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = await open(path, 'w');
  await file.write(length);
  await file.write(text);
  const { one, random } = TYPES[dtype];
  let state = 1;
  for (const [name, dims] of tensors) {
    const size = dims.reduce((product, dim) => product * dim, 1);
    for (let done = 0; done < size; done += PART_NUMBERS) {
      const values = new Uint16Array(Math.min(PART_NUMBERS, size - done)).fill(one);
      for (let i = 0; i < values.length && !name.includes('norm'); i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const bits = state ^ (state >>> 15);
        values[i] = ((bits >>> 16) & 0x8000) | random(bits);
      }
      await file.write(new Uint8Array(values.buffer));
    }
  }
  await file.close();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
