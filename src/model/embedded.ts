// The embedded models: packages under `models/` of this very package, found from src/ and dist/ alike.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tokenizer } from '../text/tokenizer.js';
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

/**
 * Whether a tokenizer asks as the embedded models' does, whatever its package is called. Looks at the
 * marks first: a reward model's chat template need not take a question.
 */
export function isEmbeddedKind(tokenizer: Tokenizer): boolean {
  const marks = ['<|bos|>', '<|user|>', '<|assistant|>'];
  const isMarked = marks.every((mark) => tokenizer.encode(mark, { special: true }).length === 1);
  if (!isMarked || !tokenizer.hasChatTemplate) return false;
  const prompt = tokenizer.chatPrompt([{ role: 'user', content: 'How many?' }]);
  return tokenizer.decode(prompt, { special: true }) === '<|bos|><|user|>How many?<|assistant|>';
}

/** `models/` beside the package.json above this file: two levels up from src/model and dist/model. */
function modelsRoot(): string | undefined {
  const root = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'models');
  return existsSync(root) ? root : undefined;
}
