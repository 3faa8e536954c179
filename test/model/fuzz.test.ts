// Damaged checkpoints, 1,000 of each kind or as many as ESPALIER_FUZZ_FILES says: each is read or
// refused with a ModelError, at once and in little memory.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ModelError } from '../../src/errors.js';
import { Checkpoint } from '../../src/model/checkpoint.js';
import { SafetensorsFile } from '../../src/model/safetensors.js';
import { readSource } from '../../src/model/source.js';
import { Weights } from '../../src/model/weights.js';
import { GOLDEN_LLAMA, Scratch } from './golden-llama.js';

const FILES = Number(process.env.ESPALIER_FUZZ_FILES ?? 1000);
const MEMORY = 1e9;
const gguf = fileURLToPath(new URL('../golden/gguf/llama.gguf', import.meta.url));
const scratch = new Scratch();
afterAll(() => scratch.remove());

/** Uniform integers below a bound; a linear congruential generator. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Changes one to four bytes or words of the first `header` bytes; cuts every eighth file. */
function damage(whole: Buffer, header: number, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(whole);
  const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x30 + random(10), 0x22, random(256)];
  for (let left = random(4); left >= 0; left--) {
    const at = random(header);
    if (random(4) > 0) bytes[at] = extremes[random(extremes.length)] as number;
    else if (random(2) > 0) bytes.writeUInt32LE(random(2 ** 32), at);
    else bytes.writeBigUInt64LE(1n << BigInt(random(64)), at);
  }
  return random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

async function fuzz(
  whole: Buffer,
  header: number,
  path: string,
  read: (path: string) => Promise<void>,
): Promise<void> {
  const random = randomFrom(header);
  const before = process.resourceUsage().maxRSS * 1024;
  let refused = 0;
  let slowest = 0;
  for (let i = 0; i < FILES; i++) {
    writeFileSync(path, damage(whole, header, random));
    const startedAt = performance.now();
    const error = await read(path).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    slowest = Math.max(slowest, performance.now() - startedAt);
    if (error === undefined) continue;
    expect(error, `file ${i}`).toBeInstanceOf(ModelError);
    refused++;
  }
  expect(refused).toBeGreaterThan(FILES / 4);
  expect(slowest).toBeLessThan(10_000);
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(MEMORY);
}

test('safetensors', async () => {
  const whole = readFileSync(join(GOLDEN_LLAMA, 'model.safetensors'));
  const header = 8 + Number(whole.readBigUInt64LE(0));
  await fuzz(whole, header, scratch.at('model.safetensors'), async (path) => {
    await (await SafetensorsFile.open(path)).close();
  });
}, 300_000);

test('GGUF, up to the shapes of its tensors', async () => {
  const whole = readFileSync(gguf);
  const header = whole.indexOf('blk.1.ffn_down.weight') + 200;
  await fuzz(whole, header, scratch.at('model.gguf'), async (path) => {
    const model = await readSource(path);
    const checkpoint = await Checkpoint.open(path);
    try {
      const { architecture, backbone, head } = model;
      new Weights(checkpoint, architecture, backbone, head, false).check();
    } finally {
      await checkpoint.close();
    }
  });
}, 300_000);
