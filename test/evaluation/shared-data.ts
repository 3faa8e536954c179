// Published evaluation sets where they are at hand: ../shared/data beside the repository, or the
// directory that ESPALIER_DATA names. None of their text is in this repository.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** Where a file is, or undefined; says so where it is not. */
export function sharedData(name: string): string | undefined {
  const file = join(process.env.ESPALIER_DATA ?? beside, name);
  if (existsSync(file)) return file;
  console.warn(`skipped: tests of ${name}, for want of ${file}`);
  return undefined;
}
