// The tensors of a GGUF file under Hugging Face's names and in Hugging Face's order of rows. Which
// names those are, and which rows were permuted: llama.cpp, `convert_hf_to_gguf.py`.
import type { BlockKind, BlockRows } from './blocks.js';
import type { TensorFile } from './checkpoint.js';
import type { BlockFormat } from './dequantise.js';
import { GgufFile } from './gguf-file.js';

/** Hugging Face's ends of names, by GGUF's, in a layer. */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
/** Factors of Llama 3's rotary frequencies: read with the configuration, no weight of the graph. */
export const ROPE_FACTORS = 'rope_freqs.weight';

export class GgufTensors implements TensorFile {
  readonly entries: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  readonly #file: GgufFile;
  readonly #nameOf: ReadonlyMap<string, string>; // Hugging Face's name -> GGUF's

  private constructor(file: GgufFile) {
    this.#file = file;
    const names = [...file.tensors.keys()].filter((name) => name !== ROPE_FACTORS);
    this.#nameOf = new Map(names.map((name) => [huggingFaceName(name), name]));
    this.entries = new Map(
      names.map((name) => [huggingFaceName(name), { shape: file.tensors.get(name)?.shape ?? [] }]),
    );
  }

  /** @throws ModelError as GgufFile.open */
  static async open(path: string): Promise<GgufTensors> {
    return new GgufTensors(await GgufFile.open(path));
  }

  get path(): string {
    return this.#file.path;
  }

  async readRows(name: string, first: number, out: Float32Array): Promise<void> {
    const { format, rowBytes, width } = this.#layout(name);
    format.decode(await this.#rows(name, first, out.length / width, rowBytes), out);
  }

  blockKind(name: string): BlockKind | undefined {
    return this.#layout(name).format.blocks?.kind;
  }

  async readBlocks(name: string, first: number, out: BlockRows): Promise<void> {
    const { format, rowBytes, width } = this.#layout(name);
    const bytes = await this.#rows(name, first, out.codes.length / width, rowBytes);
    format.blocks?.unpack(bytes, out);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** A row of a vector is one number, unless numbers come in blocks. */
  #layout(name: string): { format: BlockFormat; rowBytes: number; width: number } {
    const { format, shape } = this.#file.tensor(this.#nameOf.get(name) ?? name);
    const [rows = 1, ...rest] = shape;
    const width = rest.reduce((product, side) => product * side, 1);
    const isRow = width % format.elements === 0;
    const numbers = isRow ? width : rows * width;
    return { format, rowBytes: (numbers / format.elements) * format.bytes, width: numbers };
  }

  /** Bytes of rows from `first` on, in Hugging Face's order; until the next call. */
  async #rows(
    name: string,
    first: number,
    count: number,
    rowBytes: number,
  ): Promise<DataView<ArrayBuffer>> {
    const inFile = this.#nameOf.get(name) ?? name;
    const read = (from: number, rows: number) =>
      this.#file.readBytes(inFile, from * rowBytes, rows * rowBytes);
    const headDim = this.#permutedHeadDim(name);
    if (headDim === undefined) return read(first, count);
    const begin = Math.floor(first / headDim) * headDim;
    const end = Math.ceil((first + count) / headDim) * headDim;
    const heads = new Uint8Array((await read(begin, end - begin)).buffer, 0);
    const result = new Uint8Array(count * rowBytes);
    for (let row = 0; row < count; row++) {
      const from = (rowInFile(first + row, headDim) - begin) * rowBytes;
      result.set(heads.subarray(from, from + rowBytes), row * rowBytes);
    }
    return new DataView(result.buffer);
  }

  /** Size of the heads of a tensor whose rows were permuted; only the architecture `llama` does that. */
  #permutedHeadDim(name: string): number | undefined {
    const { metadata } = this.#file;
    if (metadata.get('general.architecture') !== 'llama') return undefined;
    const [, which] = /\.([qk])_proj\.(weight|bias)$/.exec(name) ?? [];
    if (which === undefined) return undefined;
    const heads = metadata.get('llama.attention.head_count');
    const kvHeads = metadata.get('llama.attention.head_count_kv') ?? heads;
    const rows = this.entries.get(name)?.shape[0] ?? 0;
    return rows / Number(which === 'q' ? heads : kvHeads);
  }
}

function huggingFaceName(name: string): string {
  const [, index, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const known = part === undefined ? undefined : LAYER_NAMES[part];
  if (known !== undefined) return `model.layers.${index}.${known}.${kind}`;
  return OTHER_NAMES[name] ?? name;
}

/**
 * GGUF's `llama` pairs rotary dimensions (2 i, 2 i + 1) of a head, Hugging Face (i, i + headDim / 2):
 * the rows of queries and keys lie in that order.
 */
function rowInFile(row: number, headDim: number): number {
  const i = row % headDim;
  return row - i + (i < headDim / 2 ? 2 * i : 2 * i - headDim + 1);
}
