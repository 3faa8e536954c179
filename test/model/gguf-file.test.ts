// Reading GGUF: every block format bit for bit as the `gguf` package reads it (test/golden/gguf, made
// by make_gguf_blocks.py), and damaged files refused.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { GgufFile } from '../../src/model/gguf-file.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { Scratch } from './golden-llama.js';

const GOLDEN = fileURLToPath(new URL('../golden/gguf', import.meta.url));
const BLOCKS = join(GOLDEN, 'blocks.gguf');
const TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q4_K', 'Q5_K', 'Q6_K'];

const scratch = new Scratch();
let file: GgufFile;
let expected: SafetensorsFile;

beforeAll(async () => {
  file = await GgufFile.open(BLOCKS);
  expected = await SafetensorsFile.open(join(GOLDEN, 'blocks.safetensors'));
});
afterAll(async () => {
  await file.close();
  await expected.close();
  scratch.remove();
});

test.each(TYPES)('%s gives the very same numbers', async (type) => {
  expect(file.tensors.get(type)?.shape).toEqual([2, 512]);
  const values = await file.read(type);
  const golden = await expected.read(type);
  expect(new Set(golden).size).toBeGreaterThan(100);
  expect(Buffer.from(values.buffer).equals(Buffer.from(golden.buffer))).toBe(true);
});

test('metadata of every type', () => {
  const values = [...file.metadata].filter(([key]) => key.startsWith('test.'));
  expect(Object.fromEntries(values)).toEqual({
    'test.uint8': 200,
    'test.int8': -100,
    'test.uint16': 60000,
    'test.int16': -30000,
    'test.uint32': 4_000_000_000,
    'test.int32': -2_000_000_000,
    'test.uint64': 2 ** 53 - 1,
    'test.int64': -(2 ** 53 - 1),
    'test.float32': 0.5,
    'test.float64': 0.1,
    'test.bool': true,
    'test.string': 'häufig 東京 🙂',
    'test.integers': [3, -1, 7],
    'test.texts': ['', 'a', 'b c'],
  });
});

describe('damaged files', () => {
  const whole = readFileSync(BLOCKS);
  /** Opens a copy that `change` has damaged. */
  async function opening(change: (bytes: Buffer) => Buffer): Promise<unknown> {
    const path = scratch.at('damaged.gguf');
    writeFileSync(path, change(Buffer.from(whole)));
    try {
      await (await GgufFile.open(path)).close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  const cases: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ['empty', () => Buffer.alloc(0), /a GGUF file, got 0 bytes/],
    ['another format', (bytes) => bytes.fill('x', 0, 4), /other first bytes/],
    ['an old version', (bytes) => set32(bytes, 4, 1), /version 2 or 3, got version 1;/],
    ['big-endian', (bytes) => set32(bytes, 4, 0x03000000), /one for big-endian machines/],
    ['too many tensors', (bytes) => set64(bytes, 8, 1n << 40n), /at most \d+ tensors here/],
    ['too many values', (bytes) => set64(bytes, 16, 1n << 63n), /sizes below 2\^53/],
    ['a key beyond the end', (bytes) => set64(bytes, 24, 1n << 30n), /bytes of text here/],
    ['a key that is no text', (bytes) => bytes.fill(0xff, 32, 40), /UTF-8 text/],
    ['cut in the header', (bytes) => bytes.subarray(0, 200), /at most \d+|its end at byte 200/],
    ['cut in the data', (bytes) => bytes.subarray(0, bytes.length - 40), /a file of at least/],
    [
      'an unknown value',
      (bytes) => set32(bytes, endOf('test.uint8'), 99),
      /known values, got type 99/,
    ],
    ['nested arrays', (bytes) => set32(bytes, endOf('test.integers') + 4, 9), /without nested/],
    [
      'a key twice',
      (bytes) => bytes.fill('test.uint8', at('test.int16'), at('test.int16') + 10),
      /"test.uint8" twice/,
    ],
    ['no dimensions', (bytes) => set32(bytes, endOf('Q4_K'), 0), /1 to 4 dimensions, got 0/],
    ['a huge side', (bytes) => set64(bytes, endOf('Q4_K') + 4, 1n << 50n), /that fits the file/],
    [
      'a row of half a block',
      (bytes) => set64(bytes, endOf('Q4_K') + 4, 384n),
      /whole blocks \(256\)/,
    ],
    ['an unread type', (bytes) => set32(bytes, endOf('Q4_K') + 20, 23), /got IQ4_XS; use a file/],
    ['overlapping tensors', (bytes) => set64(bytes, endOf('Q6_K') + 24, 0n), /do not overlap/],
    [
      'a tensor outside',
      (bytes) => set64(bytes, endOf('Q6_K') + 24, 1n << 52n),
      /a file of at least/,
    ],
  ];

  const at = (name: string) => whole.indexOf(Buffer.from(name));
  const endOf = (name: string) => at(name) + name.length;

  function set32(bytes: Buffer, offset: number, value: number): Buffer {
    bytes.writeUInt32LE(value, offset);
    return bytes;
  }
  function set64(bytes: Buffer, offset: number, value: bigint): Buffer {
    bytes.writeBigUInt64LE(value, offset);
    return bytes;
  }

  test.each(cases)('%s', async (_, change, message) => {
    const error = await opening(change);
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).message).toMatch(message);
  });
});

test('no file', async () => {
  await expect(GgufFile.open(scratch.at('none.gguf'))).rejects.toMatchObject({
    code: 'MISSING_MODEL',
  });
});
