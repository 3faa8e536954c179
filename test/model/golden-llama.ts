// The tiny random checkpoint of test/golden/llama, the logits that Hugging Face transformers gave for
// it (make_llama.py), and packages made of it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SafetensorsFile } from '../../src/model/safetensors.js';

export const GOLDEN_LLAMA = fileURLToPath(new URL('../golden/llama', import.meta.url));

export interface GoldenPrompt {
  readonly ids: readonly number[];
  readonly logits: Float32Array; // [T, V]
  readonly scores: Float32Array; // [T, 1]
}

export async function goldenPrompts(): Promise<GoldenPrompt[]> {
  const prompts = JSON.parse(
    readFileSync(join(GOLDEN_LLAMA, 'prompts.json'), 'utf8'),
  ) as number[][];
  const file = await SafetensorsFile.open(join(GOLDEN_LLAMA, 'golden.safetensors'));
  const golden: GoldenPrompt[] = [];
  for (const [i, ids] of prompts.entries()) {
    const [logits, scores] = [await file.read(`logits.${i}`), await file.read(`scores.${i}`)];
    golden.push({ ids, logits, scores });
  }
  await file.close();
  return golden;
}

/** A directory for the length of a test file. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'espalier-model-'));

  /** A path inside that does not exist yet. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** A copy of the golden checkpoint, with `config.json` changed. */
  checkpoint(name: string, config: Readonly<Record<string, unknown>> = {}): string {
    const directory = this.at(name);
    cpSync(GOLDEN_LLAMA, directory, { recursive: true });
    const path = join(directory, 'config.json');
    const original = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...original, ...config }));
    return directory;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Largest absolute difference; NaN counts as infinite. */
export function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(largest, error);
  }
  return largest;
}
