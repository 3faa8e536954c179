// The look-up of token embeddings. A large table is kept in fp16, in an int4 graph in the checkpoint's
// own blocks if it has some; only an fp32 graph has it in fp32 whatever its size.
import { type BlockMatrix, type BlockRows, emptyBlockRows, firstRows } from './blocks.js';
import type { GraphContext } from './graph-context.js';
import type { Linear } from './linear.js';
import type { Precision } from './manifest.js';
import { halves, writeWidening } from './product.js';

/** A smaller table stays in fp32: it is not worth the nodes. */
const LARGE_BYTES = 4 * 2 ** 20;
/** Numbers of a table that are written at a time. */
const PART_NUMBERS = 2 ** 20;

const NODE = '/model/embed_tokens';
const TABLE = 'model.embed_tokens';

/** Adds the look-up of `input_ids`; returns the name of the rows, fp32 [T, H]. */
export async function writeEmbedding(context: GraphContext, precision: Precision): Promise<string> {
  const { writer, weights, onMatrix } = context;
  const linear = weights.embedding();
  const { inputs: hidden, outputs: vocabulary } = linear;
  const shape = [vocabulary, hidden];
  const isLarge = 4 * vocabulary * hidden > LARGE_BYTES;
  const [tensor] = linear.tensors ?? [];
  const blocks = tensor === undefined ? undefined : weights.checkpoint.blocks(tensor);
  let rows: string;
  if (precision === 'fp32' || (precision !== 'fp16' && !isLarge)) {
    const table = await writer.stream(`${TABLE}.weight`, 'float', shape, rowsOf(linear));
    rows = writeGather(context, 'weight', table);
  } else if (precision === 'int4' && blocks !== undefined) {
    rows = await writeBlockLookUp(context, blocks);
  } else {
    const numbers = halves(rowsOf(linear), TABLE);
    const table = await writer.stream(`${TABLE}.weight`, 'float16', shape, numbers);
    rows = writeWidening(context, NODE, writeGather(context, 'weight', table));
  }
  onMatrix();
  return rows;
}

/** Gathers a token's codes, scales and minimums, and multiplies: (code - zero) * scale + minimum. */
async function writeBlockLookUp(context: GraphContext, matrix: BlockMatrix): Promise<string> {
  const { writer } = context;
  const { kind, rows, inputs } = matrix;
  const blocks = inputs / kind.size;
  const perBlock = new Float32Array(rows * blocks * (kind.hasMinimum ? 2 : 1));
  const scales = perBlock.subarray(0, rows * blocks);
  const minimums = perBlock.subarray(rows * blocks);
  const blockShape = [rows, blocks, 1];
  const codes = await writer.stream(
    `${TABLE}.codes`,
    'uint8',
    [rows, blocks, kind.size],
    codesOf(matrix, ({ scales: some, minimums: others }, first) => {
      scales.set(some, first * blocks);
      if (kind.hasMinimum) minimums.set(others, first * blocks);
    }),
  );
  const apply = async (type: string, value: string, operand: string): Promise<string> => {
    const output = `${NODE}/${type}/output_0`;
    writer.node(type, `${NODE}/${type}`, [value, operand], [output]);
    return output;
  };
  const stored = async (name: string, values: Float32Array) =>
    writeGather(context, name, await writer.initializer(`${TABLE}.${name}`, values, blockShape));
  let value = writeWidening(context, NODE, writeGather(context, 'codes', codes));
  if (kind.zero !== 0) {
    const zero = await writer.initializer(`${TABLE}.zero`, Float32Array.of(kind.zero), []);
    value = await apply('Sub', value, zero);
  }
  value = await apply('Mul', value, await stored('scales', scales));
  if (kind.hasMinimum) value = await apply('Add', value, await stored('minimums', minimums));
  const shape = BigInt64Array.of(0n, BigInt(inputs));
  return apply('Reshape', value, await writer.initializer(`${TABLE}.shape`, shape, [2]));
}

function writeGather({ writer }: GraphContext, name: string, table: string): string {
  const node = name === 'weight' ? `${NODE}/Gather` : `${NODE}/${name}/Gather`;
  const output = `${node}/output_0`;
  writer.node('Gather', node, [table, 'input_ids'], [output], { integers: { axis: 0 } });
  return output;
}

/** Rows of a table, in order, some at a time; overwritten by the next. */
async function* rowsOf({ inputs, outputs, read }: Linear): AsyncGenerator<Float32Array> {
  const step = Math.max(1, Math.floor(PART_NUMBERS / inputs));
  const buffer = new Float32Array(Math.min(step, outputs) * inputs);
  for (let first = 0; first < outputs; first += step) {
    const part = buffer.subarray(0, Math.min(step, outputs - first) * inputs);
    await read(first, part);
    yield part;
  }
}

async function* codesOf(
  { kind, rows, inputs, read }: BlockMatrix,
  onBlocks: (blocks: BlockRows, first: number) => void,
): AsyncGenerator<Uint8Array> {
  const step = Math.max(1, Math.floor(PART_NUMBERS / inputs));
  const buffer = emptyBlockRows(kind, Math.min(step, rows), inputs);
  for (let first = 0; first < rows; first += step) {
    const part = firstRows(buffer, Math.min(step, rows - first), inputs, kind.size);
    await read(first, part);
    onBlocks(part, first);
    yield part.codes;
  }
}
