// Turns every checkpoint under models/checkpoints/ into the embedded package of the same name under
// models/. `npm run models` runs it after training; the same checkpoint always gives the same bytes.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importModel } from '../src/model/import.js';
import type { ModelPackage } from '../src/model/package.js';

const MODELS = fileURLToPath(new URL('.', import.meta.url));
const LICENCE = 'Apache-2.0';

/** Names of the trained checkpoints, in alphabetical order. */
export function checkpointNames(): string[] {
  return readdirSync(join(MODELS, 'checkpoints'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Imports one checkpoint into `directory`/`name`, replacing a package that is there. */
export function importCheckpoint(name: string, directory: string = MODELS): Promise<ModelPackage> {
  return importModel(join(MODELS, 'checkpoints', name), join(directory, name), {
    precision: 'int8',
    licence: LICENCE,
    source: `models/checkpoints/${name}`,
    overwrite: true,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of checkpointNames()) {
    const { manifest } = await importCheckpoint(name);
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    console.log(`${name}: ${manifest.role}, ${manifest.parameters} weights, ${bytes} bytes`);
  }
}
