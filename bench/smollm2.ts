// SmolLM2-135M-Instruct for benchmarks: where its GGUF file lies, its package in each precision, and
// prompts of it (test/golden/smollm2.json).
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { importModel } from '../src/model/import.js';
import type { Precision } from '../src/model/manifest.js';

interface Golden {
  readonly model: string;
  readonly texts: readonly { readonly ids: number[] }[];
  readonly chats: readonly { readonly ids: number[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../test/golden/smollm2.json', import.meta.url), 'utf8'),
) as Golden;
const folder =
  process.env.ESPALIER_TEST_MODELS ?? join(homedir(), '.cache', 'espalier-test-models');

/** The GGUF file; it may be missing. */
export const smollm2File = join(folder, golden.model);
export const hasSmollm2 = existsSync(smollm2File);

/** Ids of ten questions, ready to be answered. */
export const smollm2Chats = golden.chats.map(({ ids }) => ids);

/** So many ids of English text. */
export function smollm2Text(length: number): number[] {
  const ids = golden.texts.flatMap((text) => text.ids);
  return Array.from({ length }, (_, i) => ids[i % ids.length] ?? 0);
}

/** Imports the file anew, since the importer may have changed, and returns the package's directory. */
export async function smollm2Package(precision: Precision): Promise<string> {
  const destination = join(tmpdir(), 'espalier-bench', `smollm2-${precision}`);
  await rm(destination, { recursive: true, force: true });
  await importModel(smollm2File, destination, { precision });
  return destination;
}
