// The safetensors reader: all weight types against values written by hand, and files that lie.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { GOLDEN_LLAMA, Scratch } from './golden-llama.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

let files = 0;

/** A file of this header and data; `length` overrides the header length that it claims. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  const path = scratch.at(`file-${files++}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('types', () => {
  const cases: [string, number[], number[]][] = [
    // bit patterns, little endian, and the numbers they stand for
    ['F32', [0x3f800000, 0xc0490fdb, 0x00000001, 0x80000000], [1, -Math.PI, 2 ** -149, -0]],
    ['BF16', [0x3f80, 0xc049, 0x0001, 0x7f7f], [1, -3.140625, 2 ** -133, 255 * 2 ** 120]],
    [
      'F16',
      [0x3c00, 0xc248, 0x0001, 0x7bff, 0x8000, 0x03ff],
      [1, -3.140625, 2 ** -24, 65504, -0, 1023 * 2 ** -24],
    ],
  ];
  test.each(cases)('%s', async (dtype, patterns, expected) => {
    const width = dtype === 'F32' ? 4 : 2;
    const data = new DataView(new ArrayBuffer(patterns.length * width));
    patterns.forEach((bits, i) => {
      if (width === 4) data.setUint32(4 * i, bits, true);
      else data.setUint16(2 * i, bits, true);
    });
    const path = fileOf(
      { __metadata__: { format: 'pt' }, w: entry(dtype, [patterns.length], 0, data.byteLength) },
      new Uint8Array(data.buffer),
    );
    const file = await SafetensorsFile.open(path);
    const values = await file.read('w');
    await file.close();
    expect(values).toEqual(Float32Array.from(expected));
  });

  test('scalars and empty tensors', async () => {
    const file = await SafetensorsFile.open(
      fileOf({ a: entry('F32', [], 0, 4), b: entry('F32', [0, 5], 4, 4) }, new Uint8Array(4)),
    );
    expect(await file.read('a')).toEqual(Float32Array.of(0));
    expect(await file.read('b')).toHaveLength(0);
    await file.close();
  });

  test('integers are known but are no weights', async () => {
    const path = fileOf({ ids: entry('I64', [1], 0, 8) }, new Uint8Array(8));
    const file = await SafetensorsFile.open(path);
    await expect(file.read('ids')).rejects.toThrow(/tensors of F32, F16 or BF16.* got I64 for ids/);
    await expect(file.read('other')).rejects.toThrow(/tensor other/);
    await file.close();
  });
});

const DATA = new Uint8Array(16);
const two = entry('F32', [2], 0, 8);

describe('files that lie', () => {
  const cases: [string, string, RegExp][] = [
    ['empty', fileOf('', DATA.subarray(0, 0), 0n), /JSON header/],
    ['a header longer than the file', fileOf({ a: two }, DATA, 10_000n), /header fits.*10000/],
    ['a header length of 2^64 - 1', fileOf({ a: two }, DATA, 2n ** 64n - 1n), /header fits/],
    ['a header that is no JSON', fileOf('{"a":', DATA), /JSON header/],
    ['a header that is no UTF-8', fileOf('{}', DATA.fill(0xff, 0, 16).slice(), 18n), /JSON header/],
    ['a header that is a list', fileOf([1], DATA), /header` to be a JSON object, got an array/],
    ['an entry that is no object', fileOf({ a: 3 }, DATA), /header: a` to be a JSON object, got 3/],
    [
      'an unknown type',
      fileOf({ a: entry('F4', [4], 0, 16) }, DATA),
      /dtype` to be one of .* got "F4"/,
    ],
    [
      'a negative side',
      fileOf({ a: entry('F32', [-4], 0, 16) }, DATA),
      /shape` to be an array of int/,
    ],
    ['a fractional side', fileOf({ a: entry('F32', [1.5], 0, 6) }, DATA), /shape/],
    [
      'sides whose product overflows',
      fileOf({ a: entry('F32', [2 ** 52, 2 ** 52], 0, 16) }, DATA),
      /shape/,
    ],
    [
      'a shape of other size',
      fileOf({ a: entry('F32', [5], 0, 16) }, DATA),
      /shape` to be one of 16 bytes/,
    ],
    ['an offset past the end', fileOf({ a: entry('F32', [5], 0, 20) }, DATA), /data_offsets/],
    ['a negative offset', fileOf({ a: entry('F32', [5], -4, 16) }, DATA), /data_offsets/],
    ['offsets that descend', fileOf({ a: entry('F32', [2], 8, 0) }, DATA), /two ascending offsets/],
    [
      'one offset',
      fileOf({ a: { dtype: 'F32', shape: [4], data_offsets: [16] } }, DATA),
      /two ascending/,
    ],
    [
      'tensors that overlap',
      fileOf({ a: two, b: entry('F32', [3], 4, 16) }, DATA),
      /byte .*overlap/,
    ],
    ['a hole', fileOf({ a: two, b: entry('F32', [1], 12, 16) }, DATA), /byte .*hole/],
    ['data that nobody owns', fileOf({ a: two }, DATA), /a file of \d+ bytes/],
  ];
  test.each(cases)('%s', async (_, path, message) => {
    const error = await SafetensorsFile.open(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code: 'INVALID_FILE' });
    expect((error as ModelError).message).toMatch(message);
    expect((error as ModelError).message).toContain('download the checkpoint again');
  });

  test('a real file cut anywhere is refused', async () => {
    const whole = readFileSync(join(GOLDEN_LLAMA, 'golden.safetensors'));
    for (const length of [0, 4, 8, 100, 1000, whole.length - 1]) {
      const path = scratch.at(`cut-${length}.safetensors`);
      writeFileSync(path, whole.subarray(0, length));
      await expect(SafetensorsFile.open(path)).rejects.toMatchObject({ code: 'INVALID_FILE' });
    }
  });

  test('a file that is not there is named', async () => {
    await expect(SafetensorsFile.open(scratch.at('none'))).rejects.toMatchObject({
      code: 'MISSING_MODEL',
      message: expect.stringContaining('no such file'),
    });
  });
});
