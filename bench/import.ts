// What an import costs: seconds, and memory against the bound that it is to keep.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PRECISIONS, type Precision } from '../src/model/manifest.js';
import type { ImportTrialResult } from './import-trial.js';
import { llama1b, randomCheckpoint } from './random-checkpoint.js';
import type { Benchmark, Row } from './report.js';
import { median, runProgram } from './run-trial.js';

const FOLDER = process.env.ESPALIER_TEST_MODELS ?? join(homedir(), '.cache/espalier-test-models');
const SMOLLM2 = join(FOLDER, 'SmolLM2-135M-Instruct.Q4_1.gguf');
const MIB = 2 ** 20;
/** The importer may take thrice the largest tensor, as the checkpoint holds it, and this. */
const ALLOWANCE_BYTES = 300e6;

export const importing: Benchmark = {
  name: 'import',
  about: 'seconds and most resident memory of an import, each in a fresh process',
  async run({ repeats, onProgress }) {
    const sources = [
      // The embedding is the largest tensor of both: Q8_0, 34 bytes for 32 numbers, and bf16.
      { model: 'SmolLM2-135M', path: SMOLLM2, tensorBytes: (49152 * 576 * 34) / 32 },
      { model: llama1b.name, path: await randomCheckpoint(llama1b), tensorBytes: 128256 * 4096 },
    ].filter(({ model, path }) => {
      if (!existsSync(path)) console.warn(`SKIPPED: ${model}, for want of ${path}`);
      return existsSync(path);
    });
    const rows: Row[] = [];
    for (const { model, path, tensorBytes } of sources) {
      for (const precision of PRECISIONS) {
        const trials = [];
        for (let round = 0; round < repeats; round++) trials.push(await trial(path, precision));
        rows.push({
          model,
          precision,
          seconds: median(trials.map(({ seconds }) => seconds)),
          'peak MiB': median(trials.map(({ peakBytes }) => peakBytes)) / MIB,
          'at the start MiB': median(trials.map(({ startBytes }) => startBytes)) / MIB,
          'allowed MiB': (3 * tensorBytes + ALLOWANCE_BYTES) / MIB,
        });
        onProgress(rows.length, sources.length * PRECISIONS.length);
      }
    }
    return [{ title: 'Import', rows }];
  },
};

async function trial(source: string, precision: Precision): Promise<ImportTrialResult> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-import-'));
  try {
    const options = { source, destination: join(folder, 'package'), precision };
    return await runProgram({ program: './import-trial.ts', options });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
