// Weights as signed 8-bit integers, one scale per output channel, symmetric about zero.

/** A linear's weights as `MatMulIntegerToFloat` takes them. */
export interface QuantisedLinear {
  readonly values: Int8Array; // [inputs, outputs]
  readonly scales: Float32Array; // [outputs]
}

const STEPS = 127;

/**
 * Quantises and transposes: values[k, n] * scales[n] is nearest to weights[n, k].
 * A channel of zeros gets scale 0.
 * @param weights [outputs, inputs]
 */
export function quantiseLinear(weights: Float64Array, outputs: number): QuantisedLinear {
  const inputs = weights.length / outputs;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(outputs);
  for (let n = 0; n < outputs; n++) {
    const channel = weights.subarray(n * inputs, (n + 1) * inputs);
    let largest = 0;
    for (const weight of channel) largest = Math.max(largest, Math.abs(weight));
    const scale = Math.fround(largest / STEPS);
    scales[n] = scale;
    if (scale === 0) continue;
    for (let k = 0; k < inputs; k++) {
      const step = Math.round((channel[k] as number) / scale);
      values[k * outputs + n] = Math.max(-STEPS, Math.min(STEPS, step));
    }
  }
  return { values, scales };
}

/** The same layout without loss: [outputs, inputs] becomes fp32 [inputs, outputs]. */
export function transposeLinear(weights: Float64Array, outputs: number): Float32Array {
  const inputs = weights.length / outputs;
  const values = new Float32Array(weights.length);
  for (let n = 0; n < outputs; n++) {
    for (let k = 0; k < inputs; k++) values[k * outputs + n] = weights[n * inputs + k] as number;
  }
  return values;
}
