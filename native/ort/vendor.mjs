// Copies the ONNX Runtime headers that the addon needs, and their licence, into the package before
// it is packed (`prepack`), so that an install can compile without a 150 MB development dependency;
// `--remove` takes them away again (`postpack`).
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { VENDORED, headerDirectory, packageDirectory } = createRequire(import.meta.url)(
  './headers.cjs',
);

/** `name` and every header of the same directory that it includes, directly or not. */
function headersNeededBy(name, directory, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(directory, name), 'utf8');
  for (const [, included] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    headersNeededBy(included, directory, found);
  }
  return found;
}

rmSync(VENDORED, { recursive: true, force: true });
if (!process.argv.includes('--remove')) {
  const directory = headerDirectory();
  mkdirSync(VENDORED, { recursive: true });
  for (const name of headersNeededBy('onnxruntime_cxx_api.h', directory)) {
    copyFileSync(join(directory, name), join(VENDORED, name));
  }
  copyFileSync(join(packageDirectory(), 'LICENSE'), join(VENDORED, 'LICENSE'));
}
