// Products of an int4 graph: MatMulNBits on blocks, the checkpoint's own wherever its tensors come in
// blocks, so that nothing is lost; floats are rounded to 4 bits. What a block's codes are offset by is a
// product of its own, (sums of x over blocks) x (offsets), exact where x is rounded; float zero points
// would widen all weights at every call.
import {
  type BlockKind,
  type BlockMatrix,
  emptyBlockRows,
  firstRows,
  ROUNDED,
  roundToBlocks,
} from './blocks.js';
import type { Checkpoint } from './checkpoint.js';
import type { OnnxWriter } from './onnx-writer.js';
import { type Product, writeFp32Product } from './product.js';

/** Rows of blocks that are written at a time. */
const ROWS = 64;
/** Inputs are quantised to 8 bits, block by block. */
const ACCURACY_LEVEL = 4;
/** Codes of blocks with a minimum are counted from the middle: what x loses is multiplied by less. */
const MIDDLE = { 4: 8, 8: 16 } as const; // 8 bits hold five there

export const writeInt4Product: Product = async (context, name, rows, linear, outputName) => {
  const { writer, weights, onMatrix } = context;
  // What is no tensor of the checkpoint is a reward model's few columns.
  if (linear.tensors === undefined || linear.outputs < ROWS) {
    return writeFp32Product(context, name, rows, linear, outputName);
  }
  const matrices = linear.tensors.map((tensor) => blocksOf(weights.checkpoint, tensor));
  const groups = groupByKind(matrices);
  const parts: string[] = [];
  for (const [i, group] of groups.entries()) {
    const isOnly = groups.length === 1;
    const part = isOnly ? name : `${name}.${i}`;
    const output = isOnly && outputName !== undefined ? outputName : `${part}/output_0`;
    parts.push(await writeBlockProduct(writer, part, rows, group, output));
  }
  onMatrix();
  if (parts.length === 1) return parts[0] as string;
  const output = outputName ?? `${name}/Concat/output_0`;
  writer.node('Concat', `${name}/Concat`, parts, [output], { integers: { axis: 1 } });
  return output;
};

/** A tensor's own blocks, or its numbers rounded: in blocks of 32, or of 16 where rows demand it. */
function blocksOf(checkpoint: Checkpoint, tensor: string): BlockMatrix {
  const own = checkpoint.blocks(tensor);
  if (own !== undefined) return own;
  const [rows = 0, inputs = 0] = checkpoint.shape(tensor);
  const size = inputs % 32 === 0 ? 32 : 16;
  let buffer = new Float32Array(0);
  return {
    kind: { ...ROUNDED, size },
    rows,
    inputs,
    async read(first, out) {
      if (buffer.length < out.codes.length) buffer = new Float32Array(out.codes.length);
      const values = buffer.subarray(0, out.codes.length);
      await checkpoint.readRows(tensor, first, values);
      roundToBlocks(size, values, out);
    },
  };
}

/** Neighbours of one kind together. */
function groupByKind(matrices: readonly BlockMatrix[]): BlockMatrix[][] {
  const groups: BlockMatrix[][] = [];
  for (const matrix of matrices) {
    const last = groups.at(-1);
    const { bits, size, zero } = matrix.kind;
    const kind = last?.[0]?.kind;
    if (last !== undefined && kind?.bits === bits && kind.size === size && kind.zero === zero) {
      last.push(matrix);
    } else {
      groups.push([matrix]);
    }
  }
  return groups;
}

/** One node for matrices of one kind, [outputs, inputs] each, one below the other. */
async function writeBlockProduct(
  writer: OnnxWriter,
  name: string,
  rows: string,
  matrices: readonly BlockMatrix[],
  output: string,
): Promise<string> {
  const { kind, inputs } = matrices[0] as BlockMatrix;
  const outputs = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const blocks = inputs / kind.size; // of an output
  const scales = new Float32Array(outputs * blocks); // [N, blocks]
  const offsets = new Float32Array(kind.hasMinimum ? blocks * outputs : 0); // [blocks, N]
  const zero = kind.hasMinimum ? MIDDLE[kind.bits] : kind.zero;
  const weight = await writer.stream(
    `${name}.weight`,
    'uint8',
    [outputs, blocks, (kind.size * kind.bits) / 8],
    packedCodes(matrices, zero, scales, offsets),
  );
  const scale = await writer.initializer(`${name}.scale`, scales, [scales.length]);
  const operands = [rows, weight, scale];
  if (zero !== 2 ** (kind.bits - 1)) {
    const zeros = new Uint8Array(outputs * blocks).fill(zero); // 8 bits each
    operands.push(await writer.initializer(`${name}.zero`, zeros, [zeros.length]));
  }
  const node = `${name}/MatMulNBits`;
  const product = kind.hasMinimum ? `${node}/output_0` : output;
  writer.node('MatMulNBits', node, operands, [product], {
    domain: 'com.microsoft',
    integers: {
      K: inputs,
      N: outputs,
      bits: kind.bits,
      block_size: kind.size,
      accuracy_level: ACCURACY_LEVEL,
    },
  });
  if (!kind.hasMinimum) return output;
  const offset = await writeOffsets(writer, name, rows, { offsets, blocks, outputs, kind });
  writer.node('Add', `${name}/Add`, [product, offset], [output]);
  return output;
}

/** (sums of x over blocks) x (offsets), [T, N]. */
async function writeOffsets(
  writer: OnnxWriter,
  name: string,
  rows: string,
  of: { offsets: Float32Array; blocks: number; outputs: number; kind: BlockKind },
): Promise<string> {
  const { offsets, blocks, outputs, kind } = of;
  const shape = await writer.initializer(
    `${name}.block_shape`,
    BigInt64Array.of(0n, BigInt(blocks), BigInt(kind.size)),
    [3],
  );
  const axis = await writer.initializer(`${name}.block_axis`, BigInt64Array.of(2n), [1]);
  const weight = await writer.initializer(`${name}.offset`, offsets, [blocks, outputs]);
  const reshaped = `${name}/Reshape/output_0`; // [T, blocks, size]
  writer.node('Reshape', `${name}/Reshape`, [rows, shape], [reshaped]);
  const sums = `${name}/ReduceSum/output_0`; // [T, blocks]
  writer.node('ReduceSum', `${name}/ReduceSum`, [reshaped, axis], [sums], {
    integers: { keepdims: 0 },
  });
  const offset = `${name}/offset/MatMul/output_0`;
  writer.node('MatMul', `${name}/offset/MatMul`, [sums, weight], [offset]);
  return offset;
}

/** Codes as MatMulNBits takes them, in order; scales and offsets are put where they go on the way. */
async function* packedCodes(
  matrices: readonly BlockMatrix[],
  zero: number,
  scales: Float32Array,
  offsets: Float32Array,
): AsyncGenerator<Uint8Array> {
  const outputs = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  let output = 0;
  for (const { kind, rows, inputs, read } of matrices) {
    const blocks = inputs / kind.size;
    const buffer = emptyBlockRows(kind, ROWS, inputs);
    for (let first = 0; first < rows; first += ROWS) {
      const part = firstRows(buffer, Math.min(ROWS, rows - first), inputs, kind.size);
      await read(first, part);
      scales.set(part.scales, output * blocks);
      if (kind.hasMinimum) {
        for (let i = 0; i < part.minimums.length; i++) {
          const [row, block] = [output + Math.floor(i / blocks), i % blocks];
          const middle = zero * (part.scales[i] as number);
          offsets[block * outputs + row] = (part.minimums[i] as number) + middle;
        }
      }
      output += part.codes.length / inputs;
      yield kind.bits === 8 ? part.codes : packHalves(part.codes);
    }
  }
}

/** Two codes a byte, the first in the low half. */
function packHalves(codes: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: codes.length / 2 },
    (_, i) => (codes[2 * i] as number) | ((codes[2 * i + 1] as number) << 4),
  );
}
