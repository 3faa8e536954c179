// A linear's weight, handed out one output channel at a time, so that no matrix is held twice; and the
// two forms in which a graph stores it.

/** y = x weight^T, weight [outputs, inputs]. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** The weights of one output, [inputs]; overwritten by the next call. */
  channel(output: number): Float64Array;
}

/** A linear as `MatMulIntegerToFloat` takes it. */
export interface QuantisedLinear {
  readonly values: Int8Array; // [inputs, outputs]
  readonly scales: Float32Array; // [outputs]
}

const STEPS = 127;

/** A linear from a matrix [outputs, inputs]. */
export function denseLinear(values: Float64Array, outputs: number): Linear {
  const inputs = values.length / outputs;
  return {
    inputs,
    outputs,
    channel: (output) => values.subarray(output * inputs, (output + 1) * inputs),
  };
}

/**
 * Signed 8-bit integers, one scale per output, symmetric about zero: values[k, n] * scales[n] is
 * nearest to channel n's weight k. A channel of zeros gets scale 0.
 */
export function quantiseLinear({ inputs, outputs, channel }: Linear): QuantisedLinear {
  const values = new Int8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  for (let n = 0; n < outputs; n++) {
    const weights = channel(n);
    let largest = 0;
    for (let k = 0; k < inputs; k++) {
      weights[k] = Math.fround(weights[k] as number);
      largest = Math.max(largest, Math.abs(weights[k] as number));
    }
    const scale = Math.fround(largest / STEPS);
    scales[n] = scale;
    if (scale === 0) continue;
    for (let k = 0; k < inputs; k++) {
      const step = Math.round((weights[k] as number) / scale);
      values[k * outputs + n] = Math.max(-STEPS, Math.min(STEPS, step));
    }
  }
  return { values, scales };
}

/** The same layout without loss: fp32 [inputs, outputs]. */
export function transposeLinear({ inputs, outputs, channel }: Linear): Float32Array {
  const values = new Float32Array(inputs * outputs);
  for (let n = 0; n < outputs; n++) {
    const weights = channel(n);
    for (let k = 0; k < inputs; k++) values[k * outputs + n] = weights[k] as number;
  }
  return values;
}
