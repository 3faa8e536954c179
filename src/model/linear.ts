// A linear's weight, read some outputs at a time, so that no large matrix is held as it is; and the
// forms in which a graph stores it.

/** y = x weight^T, weight [outputs, inputs]. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** Fills `out` with the weights of outputs from `first` on, [count, inputs]. @throws ModelError */
  read(first: number, out: Float32Array): Promise<void>;
  /** The checkpoint's tensors that lie one below the other in it, where it is those and no more. */
  readonly tensors?: readonly string[];
}

/** A linear as `MatMulIntegerToFloat` takes it. */
export interface QuantisedLinear {
  readonly values: Int8Array; // [inputs, outputs]
  readonly scales: Float32Array; // [outputs]
}

const STEPS = 127;
/** Outputs that are read at a time: their columns share cache lines. */
const BLOCK_OUTPUTS = 64;
/** Largest part of a transposed matrix that is held; what is larger is read several times over. */
const PANEL_NUMBERS = 32 * 2 ** 20;

/** A linear from a matrix in memory, [outputs, inputs]. */
export function denseLinear(values: Float32Array, outputs: number): Linear {
  const inputs = values.length / outputs;
  return {
    inputs,
    outputs,
    async read(first, out) {
      out.set(values.subarray(first * inputs, first * inputs + out.length));
    },
  };
}

/** Blocks of a linear's outputs, in order: [count, inputs] each, overwritten by the next. */
async function* blocksOf(linear: Linear): AsyncGenerator<{ first: number; weights: Float32Array }> {
  const { inputs, outputs } = linear;
  const buffer = new Float32Array(Math.min(BLOCK_OUTPUTS, outputs) * inputs);
  for (let first = 0; first < outputs; first += BLOCK_OUTPUTS) {
    const weights = buffer.subarray(0, Math.min(BLOCK_OUTPUTS, outputs - first) * inputs);
    await linear.read(first, weights);
    yield { first, weights };
  }
}

/**
 * Signed 8-bit integers, one scale per output, symmetric about zero: values[k, n] * scales[n] is
 * nearest to output n's weight k. An output of zeros gets scale 0.
 */
export async function quantiseLinear(linear: Linear): Promise<QuantisedLinear> {
  const { inputs, outputs } = linear;
  const values = new Int8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  for await (const { first, weights } of blocksOf(linear)) {
    const count = weights.length / inputs;
    for (let n = 0; n < count; n++) {
      let largest = 0;
      for (let i = n * inputs; i < (n + 1) * inputs; i++) {
        largest = Math.max(largest, Math.abs(weights[i] as number));
      }
      const scale = Math.fround(largest / STEPS);
      scales[first + n] = scale;
      for (let i = n * inputs; i < (n + 1) * inputs; i++) {
        const step = scale === 0 ? 0 : Math.round((weights[i] as number) / scale);
        weights[i] = Math.max(-STEPS, Math.min(STEPS, step));
      }
    }
    for (let k = 0; k < inputs; k++) {
      const to = k * outputs + first;
      for (let n = 0; n < count; n++) values[to + n] = weights[n * inputs + k] as number;
    }
  }
  return { values, scales };
}

/** The same layout without loss, [inputs, outputs]: whole rows of it, one panel after the other. */
export async function* transposedPanels(
  linear: Linear,
  panelNumbers: number = PANEL_NUMBERS,
): AsyncGenerator<Float32Array> {
  const { inputs, outputs } = linear;
  const rows = Math.max(1, Math.min(inputs, Math.floor(panelNumbers / outputs)));
  const buffer = new Float32Array(rows * outputs);
  for (let begin = 0; begin < inputs; begin += rows) {
    const end = Math.min(begin + rows, inputs);
    for await (const { first, weights } of blocksOf(linear)) {
      const count = weights.length / inputs;
      for (let k = begin; k < end; k++) {
        const to = (k - begin) * outputs + first;
        for (let n = 0; n < count; n++) buffer[to + n] = weights[n * inputs + k] as number;
      }
    }
    yield buffer.subarray(0, (end - begin) * outputs);
  }
}
