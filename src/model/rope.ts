// Rotary frequencies of a config.json: plain, linearly scaled, or scaled as Llama 3.1 does.
import { modelFault } from './fault.js';
import type { Fields } from './fields.js';

const ROPE_TYPES = ['default', 'linear', 'llama3'] as const;

/**
 * angle = position * frequency.
 * @returns [headDim / 2]
 * @throws ModelError UNSUPPORTED_MODEL for another kind of scaling, INVALID_MODEL
 */
export function ropeFrequencies(config: Fields, headDim: number): Float32Array {
  const scaling = ropeScaling(config);
  const plain = plainFrequencies(ropeTheta(config), headDim);
  if (scaling === undefined) return plain;
  const factor = scaling.fields.number('factor', 0);
  if (scaling.type === 'linear') return plain.map((frequency) => frequency / factor);
  return llama3Frequencies(plain, factor, scaling.fields);
}

/** Older files have rope_theta beside the other fields, newer ones inside rope_parameters. */
function ropeTheta(config: Fields): number {
  if (config.has('rope_theta')) return config.number('rope_theta', 0);
  if (!config.has('rope_parameters')) return 10000;
  return config.object('rope_parameters').number('rope_theta', 0);
}

/** Older files have rope_scaling, with `type` in the oldest; newer ones rope_parameters. */
function ropeScaling(config: Fields): { type: 'linear' | 'llama3'; fields: Fields } | undefined {
  for (const key of ['rope_scaling', 'rope_parameters']) {
    if (!config.has(key)) continue;
    const fields = config.object(key);
    const found = fields.raw('rope_type') ?? fields.raw('type') ?? 'default';
    const type = ROPE_TYPES.find((each) => each === found);
    if (type === undefined) {
      throw modelFault(
        'UNSUPPORTED_MODEL',
        fields.path('rope_type'),
        `one of ${ROPE_TYPES.join(', ')}`,
        JSON.stringify(found),
        'use a model without that scaling',
      );
    }
    if (type !== 'default') return { type, fields };
  }
  return undefined;
}

/** theta ** (-2 i / headDim), rounded to fp32 where Hugging Face's fp32 computation rounds. */
function plainFrequencies(theta: number, headDim: number): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    return 1 / Math.fround(theta ** Math.fround((2 * i) / headDim));
  });
}

/**
 * Llama 3.1's rule: long waves are slowed by `factor`, short ones left alone, those between mixed
 * (transformers, `_compute_llama3_parameters`).
 */
function llama3Frequencies(plain: Float32Array, factor: number, fields: Fields): Float32Array {
  const low = fields.number('low_freq_factor', 0);
  const high = fields.number('high_freq_factor', low);
  const context = fields.integer('original_max_position_embeddings', 1);
  return plain.map((frequency) => {
    const wave = (2 * Math.PI) / frequency;
    if (wave > context / low) return frequency / factor;
    if (wave < context / high) return frequency;
    const smooth = (context / wave - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}
