// The tensors of a GGUF file under Hugging Face's names and in Hugging Face's order of rows. Which
// names those are, and which rows were permuted: llama.cpp, `convert_hf_to_gguf.py`.
import type { TensorFile } from './checkpoint.js';
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

  async read(name: string): Promise<Float32Array> {
    const values = await this.#file.read(this.#nameOf.get(name) ?? name);
    const heads = this.#permutedHeads(name);
    const rows = this.entries.get(name)?.shape[0] ?? 0;
    return heads === undefined ? values : unpermute(values, rows, heads);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Heads of a tensor whose rows were permuted; only the architecture `llama` does that. */
  #permutedHeads(name: string): number | undefined {
    const { metadata } = this.#file;
    if (metadata.get('general.architecture') !== 'llama') return undefined;
    const heads = metadata.get('llama.attention.head_count');
    if (/\.q_proj\.(weight|bias)$/.test(name)) return Number(heads);
    if (!/\.k_proj\.(weight|bias)$/.test(name)) return undefined;
    return Number(metadata.get('llama.attention.head_count_kv') ?? heads);
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
 * @param values [rows, inputs], rows = heads headDim
 */
function unpermute(values: Float32Array, rows: number, heads: number): Float32Array {
  const inputs = values.length / rows;
  const headDim = rows / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, i] = [Math.floor(row / headDim), row % headDim];
    const paired = i < headDim / 2 ? 2 * i : 2 * i - headDim + 1;
    const from = (head * headDim + paired) * inputs;
    result.set(values.subarray(from, from + inputs), row * inputs);
  }
  return result;
}
