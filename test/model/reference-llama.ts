// The oracle: a Llama forward pass in double precision, one prompt at a time, straight from the
// checkpoint's tensors. No packing, no rotation, no cache; slow and plain on purpose.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SafetensorsFile } from '../../src/model/safetensors.js';

interface Config {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly rope_theta?: number;
  readonly rope_parameters?: { readonly rope_theta: number };
  readonly tie_word_embeddings: boolean;
}

type Rows = Float64Array[];

export class ReferenceLlama {
  private constructor(
    private readonly config: Config,
    private readonly tensors: ReadonlyMap<string, Float32Array>,
  ) {}

  static async open(directory: string): Promise<ReferenceLlama> {
    const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as Config;
    const file = await SafetensorsFile.open(join(directory, 'model.safetensors'));
    const tensors = new Map<string, Float32Array>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    await file.close();
    return new ReferenceLlama(config, tensors);
  }

  /** Final normed states, [T, H]. */
  states(ids: readonly number[]): Rows {
    const { hidden_size: hidden, num_hidden_layers: layers } = this.config;
    const table = this.#tensor('model.embed_tokens.weight');
    let x: Rows = ids.map((id) =>
      Float64Array.from(table.subarray(id * hidden, (id + 1) * hidden)),
    );
    for (let i = 0; i < layers; i++) {
      const layer = `model.layers.${i}`;
      x = add(x, this.#attention(this.#norm(x, `${layer}.input_layernorm.weight`), layer));
      x = add(x, this.#mlp(this.#norm(x, `${layer}.post_attention_layernorm.weight`), layer));
    }
    return this.#norm(x, 'model.norm.weight');
  }

  /** [T, V] */
  logits(ids: readonly number[]): Rows {
    const tied = this.config.tie_word_embeddings;
    return this.#linear(this.states(ids), tied ? 'model.embed_tokens.weight' : 'lm_head.weight');
  }

  /** [T, 1] */
  scores(ids: readonly number[]): Rows {
    return this.#linear(this.states(ids), 'score.weight');
  }

  #attention(x: Rows, layer: string): Rows {
    const { num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim: dim } = this.config;
    const q = this.#linear(x, `${layer}.self_attn.q_proj.weight`).map((row, t) =>
      this.#rope(row, t),
    );
    const k = this.#linear(x, `${layer}.self_attn.k_proj.weight`).map((row, t) =>
      this.#rope(row, t),
    );
    const v = this.#linear(x, `${layer}.self_attn.v_proj.weight`);
    const mixed = x.map((_, t) => {
      const out = new Float64Array(heads * dim);
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h / (heads / kvHeads)) * dim;
        const scores = Array.from({ length: t + 1 }, (_, s) => {
          let sum = 0;
          for (let d = 0; d < dim; d++) sum += at(q, t, h * dim + d) * at(k, s, kv + d);
          return sum / Math.sqrt(dim);
        });
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        weights.forEach((weight, s) => {
          for (let d = 0; d < dim; d++) {
            out[h * dim + d] = (out[h * dim + d] ?? 0) + (weight / total) * at(v, s, kv + d);
          }
        });
      }
      return out;
    });
    return this.#linear(mixed, `${layer}.self_attn.o_proj.weight`);
  }

  #mlp(x: Rows, layer: string): Rows {
    const gate = this.#linear(x, `${layer}.mlp.gate_proj.weight`);
    const up = this.#linear(x, `${layer}.mlp.up_proj.weight`);
    const activation = gate.map((row, t) =>
      row.map((value, i) => (value / (1 + Math.exp(-value))) * at(up, t, i)),
    );
    return this.#linear(activation, `${layer}.mlp.down_proj.weight`);
  }

  #rope(row: Float64Array, position: number): Float64Array {
    const { head_dim: dim, rope_theta: direct, rope_parameters: nested } = this.config;
    const theta = direct ?? nested?.rope_theta ?? 10000;
    const half = dim / 2;
    const out = new Float64Array(row.length);
    for (let start = 0; start < row.length; start += dim) {
      for (let i = 0; i < half; i++) {
        const angle = position * theta ** ((-2 * i) / dim);
        const [a, b] = [row[start + i] ?? 0, row[start + half + i] ?? 0];
        out[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
        out[start + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return out;
  }

  #norm(x: Rows, name: string): Rows {
    const weight = this.#tensor(name);
    return x.map((row) => {
      const square = row.reduce((sum, value) => sum + value * value, 0) / row.length;
      const scale = 1 / Math.sqrt(square + this.config.rms_norm_eps);
      return row.map((value, i) => value * scale * (weight[i] ?? Number.NaN));
    });
  }

  #linear(x: Rows, name: string): Rows {
    const weight = this.#tensor(name); // [outputs, inputs]
    return x.map((row) => {
      const out = new Float64Array(weight.length / row.length);
      for (let n = 0; n < out.length; n++) {
        let sum = 0;
        for (let k = 0; k < row.length; k++)
          sum += (row[k] ?? 0) * (weight[n * row.length + k] ?? 0);
        out[n] = sum;
      }
      return out;
    });
  }

  #tensor(name: string): Float32Array {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    return tensor;
  }
}

function at(rows: Rows, row: number, column: number): number {
  const value = rows[row]?.[column];
  if (value === undefined) throw new Error(`no element ${row}, ${column}`);
  return value;
}

function add(a: Rows, b: Rows): Rows {
  return a.map((row, t) => row.map((value, i) => value + at(b, t, i)));
}
