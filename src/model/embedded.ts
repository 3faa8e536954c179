// The embedded models: packages under `models/` of this very package, found from src/ and dist/ alike.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MANIFEST_FILE } from './manifest.js';

/** Names of the embedded models, in alphabetical order; reads the directory, blocks for it. */
export function listEmbedded(): string[] {
  const root = modelsRoot();
  if (root === undefined) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, MANIFEST_FILE)))
    .map((entry) => entry.name)
    .sort();
}

/** The directory of an embedded model's package, or undefined when there is none of that name. */
export function embeddedDirectory(name: string): string | undefined {
  const root = modelsRoot();
  if (root === undefined || !listEmbedded().includes(name)) return undefined;
  return join(root, name);
}

/** The file of the embedded models' plan; whether it is there is for the reader to see. */
export function embeddedPlanFile(): string {
  return join(modelsRoot() ?? 'models', 'plans', 'embedded.json');
}

/** `models/` beside the package.json above this file: two levels up from src/model and dist/model. */
function modelsRoot(): string | undefined {
  const root = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'models');
  return existsSync(root) ? root : undefined;
}
