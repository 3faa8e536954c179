// Writing an ONNX model: nodes are collected, large weights stream to the external data file as they
// come, `finish` encodes the rest. Knows nothing of language models.
import onnxProto from 'onnx-proto';
import type { WholeFile } from './destination.js';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** Element types of the tensors that are written here. */
export type ElementType = 'float' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8';

const DATA_TYPES: Readonly<Record<ElementType, number>> = {
  float: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
};

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float: 4,
  float16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  int8: 1,
};

/** Elements of a tensor; 16-bit integers are the bits of float16. */
export type Values = Float32Array | Uint16Array | BigInt64Array | Int8Array | Uint8Array;

/** A number, or the name of a size that is known at run time. */
export type Dimension = number | string;

export interface NodeOptions {
  readonly domain?: string;
  readonly integers?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** Smaller tensors stay inside the model file. */
const EXTERNAL_FROM_BYTES = 1024;
/** Offsets of external tensors: a page, so that they can be mapped into memory; small ones a cache line. */
const PAGE_BYTES = 4096;
const LINE_BYTES = 64;

const IR_VERSION = 10;
const OPSETS = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
  { domain: 'espalier', version: 1 },
];

export class OnnxWriter {
  readonly #graph: Required<
    Pick<InstanceType<typeof onnx.GraphProto>, 'node' | 'initializer' | 'input' | 'output'>
  > = { node: [], initializer: [], input: [], output: [] };
  readonly #data: WholeFile;
  readonly #dataName: string;

  /**
   * @param data the file that external tensors are appended to; the caller closes it
   * @param dataName how the model file refers to it: its name in the same directory
   */
  constructor(data: WholeFile, dataName: string) {
    this.#data = data;
    this.#dataName = dataName;
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.#graph.input.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.#graph.output.push(valueInfo(name, type, shape));
  }

  /** Adds a node; an absent optional input or output is an empty name. */
  node(
    type: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    options: NodeOptions = {},
  ): void {
    const attribute = [
      ...Object.entries(options.integers ?? {}).map(([key, i]) =>
        onnx.AttributeProto.create({ name: key, type: AttributeType.INT, i }),
      ),
      ...Object.entries(options.floats ?? {}).map(([key, f]) =>
        onnx.AttributeProto.create({ name: key, type: AttributeType.FLOAT, f }),
      ),
    ];
    this.#graph.node.push(
      onnx.NodeProto.create({
        opType: type,
        name,
        domain: options.domain ?? '',
        input: [...inputs],
        output: [...outputs],
        attribute,
      }),
    );
  }

  /**
   * Adds a weight; large ones are written before this returns, so `values` may be dropped.
   * @throws ModelError WRITE_FAILED
   */
  async initializer(name: string, values: Values, shape: readonly number[]): Promise<string> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = { name, dataType: DATA_TYPES[elementType(values)], dims: [...shape] };
    if (bytes.length < EXTERNAL_FROM_BYTES) {
      // A copy: the caller may reuse its buffer.
      this.#graph.initializer.push(
        onnx.TensorProto.create({ ...tensor, rawData: Uint8Array.from(bytes) }),
      );
      return name;
    }
    return this.stream(name, elementType(values), shape, only(values));
  }

  /**
   * Adds a large weight whose elements come in parts.
   * @throws ModelError WRITE_FAILED, or what `parts` throws
   */
  async stream(
    name: string,
    type: ElementType,
    shape: readonly number[],
    parts: AsyncIterable<Values>,
  ): Promise<string> {
    const size = ELEMENT_BYTES[type] * shape.reduce((product, side) => product * side, 1);
    const alignment = size < PAGE_BYTES ? LINE_BYTES : PAGE_BYTES;
    const offset = Math.ceil(this.#data.bytes / alignment) * alignment;
    await this.#data.append(new Uint8Array(offset - this.#data.bytes));
    for await (const { buffer, byteOffset, byteLength } of parts) {
      await this.#data.append(new Uint8Array(buffer, byteOffset, byteLength));
    }
    const length = this.#data.bytes - offset;
    if (length !== size) throw new Error(`${name} has ${length} of ${size} bytes`);
    this.#graph.initializer.push(
      onnx.TensorProto.create({
        name,
        dataType: DATA_TYPES[type],
        dims: [...shape],
        dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: this.#dataName },
          { key: 'offset', value: `${offset}` },
          { key: 'length', value: `${length}` },
        ],
      }),
    );
    return name;
  }

  /** The bytes of the model file. */
  finish(graphName: string, producer: string): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      producerName: producer,
      opsetImport: OPSETS,
      graph: { ...this.#graph, name: graphName },
    });
    return onnx.ModelProto.encode(model).finish();
  }
}

async function* only(values: Values): AsyncGenerator<Values> {
  yield values;
}

function elementType(values: Values): ElementType {
  if (values instanceof Float32Array) return 'float';
  if (values instanceof Uint16Array) return 'float16';
  if (values instanceof BigInt64Array) return 'int64';
  return values instanceof Int8Array ? 'int8' : 'uint8';
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]) {
  const dim = shape.map((side) =>
    typeof side === 'number' ? { dimValue: side } : { dimParam: side },
  );
  return onnx.ValueInfoProto.create({
    name,
    type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } },
  });
}
