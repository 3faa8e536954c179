// A GGUF file of a tiny Llama whose tensors are random blocks of chosen types, written byte by byte:
// what no converter gives so small.
import { writeFileSync } from 'node:fs';

/** ggml's number of a type, numbers and bytes of a block, where its fp16 scales lie, their size. */
const TYPES = {
  F32: { id: 0, numbers: 1, bytes: 4, scales: [] },
  Q4_0: { id: 2, numbers: 32, bytes: 18, scales: [[0, 0.012]] },
  Q4_1: {
    id: 3,
    numbers: 32,
    bytes: 20,
    scales: [
      [0, 0.012],
      [2, -0.09],
    ],
  },
  Q8_0: { id: 8, numbers: 32, bytes: 34, scales: [[0, 0.0008]] },
  Q4_K: {
    id: 12,
    numbers: 256,
    bytes: 144,
    scales: [
      [0, 0.0004],
      [2, 0.003],
    ],
  },
  Q5_K: {
    id: 13,
    numbers: 256,
    bytes: 176,
    scales: [
      [0, 0.0002],
      [2, 0.003],
    ],
  },
  Q6_K: { id: 14, numbers: 256, bytes: 210, scales: [[208, 0.00004]] },
} as const;

export type GgufType = keyof typeof TYPES;

export interface RandomGguf {
  /** Types of a layer's seven matrices, by GGUF's names; one entry a layer. */
  readonly layers: readonly Readonly<Record<(typeof MATRICES)[number], GgufType>>[];
  readonly embedding: GgufType;
  readonly vocabulary: number;
}

const MATRICES = [
  'attn_q',
  'attn_k',
  'attn_v',
  'attn_output',
  'ffn_gate',
  'ffn_up',
  'ffn_down',
] as const;
const HIDDEN = 256;
const KV = 128;
const ALIGNMENT = 32;

/** 256 wide, 4 query and 2 key/value heads of 64, 512 inner, tied. */
export function writeRandomGguf(path: string, { layers, embedding, vocabulary }: RandomGguf): void {
  const rows = { attn_k: KV, attn_v: KV, ffn_gate: 512, ffn_up: 512 };
  const tensors: Tensor[] = [
    { name: 'token_embd.weight', shape: [vocabulary, HIDDEN], type: embedding },
    { name: 'output_norm.weight', shape: [HIDDEN], type: 'F32' },
  ];
  for (const [i, types] of layers.entries()) {
    for (const norm of ['attn_norm', 'ffn_norm']) {
      tensors.push({ name: `blk.${i}.${norm}.weight`, shape: [HIDDEN], type: 'F32' });
    }
    for (const matrix of MATRICES) {
      const shape = [
        rows[matrix as keyof typeof rows] ?? HIDDEN,
        matrix === 'ffn_down' ? 512 : 256,
      ];
      tensors.push({ name: `blk.${i}.${matrix}.weight`, shape, type: types[matrix] });
    }
  }
  const random = randomBytes();
  const parts = [header(tensors, layers.length, vocabulary)];
  for (const tensor of tensors) {
    parts.push(padding(parts), tensorBytes(tensor, random));
  }
  writeFileSync(path, Buffer.concat(parts));
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: GgufType;
}

function header(tensors: readonly Tensor[], layers: number, vocabulary: number): Buffer {
  const special = ['<s>', '</s>'];
  const tokens = Array.from({ length: vocabulary }, (_, i) => special[i] ?? `token-${i}`);
  const values: [string, Buffer][] = [
    ['general.architecture', text('llama')],
    ['llama.block_count', integer(layers)],
    ['llama.context_length', integer(256)],
    ['llama.embedding_length', integer(HIDDEN)],
    ['llama.feed_forward_length', integer(512)],
    ['llama.attention.head_count', integer(4)],
    ['llama.attention.head_count_kv', integer(2)],
    ['llama.attention.layer_norm_rms_epsilon', float(1e-5)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    ['tokenizer.ggml.tokens', array(8, tokens.map(bare))],
    [
      'tokenizer.ggml.token_type',
      array(
        5,
        tokens.map((_, i) => uint32(i < 2 ? 3 : 1)),
      ),
    ],
    ['tokenizer.ggml.merges', array(8, [])],
    ['tokenizer.ggml.bos_token_id', integer(0)],
    ['tokenizer.ggml.eos_token_id', integer(1)],
  ];
  let offset = 0;
  const infos = tensors.map((tensor) => {
    const { name, shape, type } = tensor;
    const info = Buffer.concat([
      bare(name),
      uint32(shape.length),
      ...[...shape].reverse().map(uint64),
      uint32(TYPES[type].id),
      uint64(offset),
    ]);
    offset = Math.ceil((offset + byteLength(tensor)) / ALIGNMENT) * ALIGNMENT;
    return info;
  });
  return Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(values.length),
    ...values.flatMap(([key, value]) => [bare(key), value]),
    ...infos,
  ]);
}

function padding(parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}

function byteLength({ shape, type }: Tensor): number {
  const { numbers, bytes } = TYPES[type];
  return (shape.reduce((product, side) => product * side, 1) / numbers) * bytes;
}

/** Random codes with scales of a tenth more or less; a vector is about 1. */
function tensorBytes(tensor: Tensor, random: () => number): Buffer {
  const { bytes, scales } = TYPES[tensor.type];
  const buffer = Buffer.alloc(byteLength(tensor));
  if (tensor.type === 'F32') {
    for (let at = 0; at < buffer.length; at += 4) buffer.writeFloatLE(1 + random() / 2560, at);
    return buffer;
  }
  for (let i = 0; i < buffer.length; i++) buffer[i] = random();
  for (let at = 0; at < buffer.length; at += bytes) {
    for (const [offset, size] of scales) {
      buffer.writeUInt16LE(half(size * (0.9 + random() / 1280)), at + offset);
    }
  }
  return buffer;
}

/** A normal or subnormal number's binary16, rounded down. */
function half(value: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const steps = Math.floor(Math.abs(value) / 2 ** (exponent - 10));
  return (value < 0 ? 0x8000 : 0) + ((exponent + 14) << 10) + steps;
}

function randomBytes(): () => number {
  let state = 9;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  };
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** A string without its type. */
const bare = (value: string) =>
  Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
const text = (value: string) => Buffer.concat([uint32(8), bare(value)]);
const integer = (value: number) => Buffer.concat([uint32(4), uint32(value)]);
const array = (type: number, values: readonly Buffer[]) =>
  Buffer.concat([uint32(9), uint32(type), uint64(values.length), ...values]);

function float(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(6);
  buffer.writeFloatLE(value, 4);
  return buffer;
}
