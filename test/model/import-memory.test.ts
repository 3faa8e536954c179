// What an import may take: three times the largest tensor, as the checkpoint holds it, and 300 MB. Here
// that is an embedding of 205 MB, and each import runs in a process of its own.
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImportTrialResult } from '../../bench/import-trial.js';
import { writeCheckpoint } from '../../bench/random-checkpoint.js';
import { Scratch } from './golden-llama.js';

const PROGRAM = fileURLToPath(new URL('../../bench/import-trial.ts', import.meta.url));
const VOCABULARY = 200_000;
const HIDDEN = 512;
const LARGEST_BYTES = 2 * VOCABULARY * HIDDEN;
const ALLOWED_BYTES = 3 * LARGEST_BYTES + 300e6;

const scratch = new Scratch();
const source = scratch.at('wide');
beforeAll(async () => {
  await writeCheckpoint(
    {
      name: 'wide',
      layers: 2,
      hidden: HIDDEN,
      heads: 8,
      kvHeads: 2,
      inner: 1024,
      vocabulary: VOCABULARY,
      dtype: 'BF16',
    },
    source,
  );
});
afterAll(() => scratch.remove());

/** Bytes of the package's weights, of 205 million numbers in embedding and head and 5 in the layers. */
const SIZES = { int8: 3.1e8, int4: 2.8e8, fp16: 4.3e8, fp32: 8.4e8 };

test.each(['int8', 'int4', 'fp16', 'fp32'] as const)('%s keeps within it', async (precision) => {
  const destination = scratch.at(precision);
  const options = JSON.stringify({ source, destination, precision });
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', PROGRAM],
    options,
  ]);
  const { startBytes, peakBytes } = JSON.parse(stdout) as ImportTrialResult;
  console.log(`${precision}: ${(peakBytes / 1e6).toFixed()} of ${ALLOWED_BYTES / 1e6} MB`);
  expect(startBytes).toBeGreaterThan(20e6);
  expect(peakBytes).toBeLessThan(ALLOWED_BYTES);
  const { size } = await stat(join(destination, 'model.onnx.data'));
  expect(size / SIZES[precision]).toBeGreaterThan(0.9);
  expect(size / SIZES[precision]).toBeLessThan(1.1);
}, 300_000);
