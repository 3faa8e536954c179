// Finds and opens the two native libraries: our addon, and the ONNX Runtime that it drives.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../errors.js';
import type { Addon } from './addon.js';

const require = createRequire(import.meta.url);
// src/engine/ and dist/engine/ lie equally deep.
const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

/** File of the addon that `npm install` builds. */
export const addonPath = join(packageRoot, 'build', 'Release', 'espalier.node');

let addon: Addon | undefined;

/**
 * The addon, loaded on first use.
 * @throws EngineError ENGINE_UNAVAILABLE with what was found and what to do
 */
export function loadAddon(): Addon {
  if (addon !== undefined) return addon;
  if (!existsSync(addonPath)) {
    throw new EngineError(
      `Expected the native addon at ${addonPath}, got no file; build it with \`npm rebuild espalier\` ` +
        '(it needs a C++20 compiler, make and Python)',
      'ENGINE_UNAVAILABLE',
    );
  }
  try {
    addon = require(addonPath) as Addon;
  } catch (cause) {
    throw new EngineError(
      `Expected the native addon to load, got: ${messageOf(cause)}; rebuild it for Node ` +
        `${process.version} with \`npm rebuild espalier\``,
      'ENGINE_UNAVAILABLE',
      { cause },
    );
  }
  return addon;
}

/**
 * ONNX Runtime's shared library: ESPALIER_ORT_LIBRARY, or the one inside `onnxruntime-node`.
 * @throws EngineError ENGINE_UNAVAILABLE if there is none for this machine
 */
export function findRuntimeLibrary(): string {
  const named = process.env.ESPALIER_ORT_LIBRARY;
  if (named) {
    if (existsSync(named)) return named;
    throw unavailable(`ESPALIER_ORT_LIBRARY to name a file, got ${named}`);
  }
  const bin = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin');
  for (const version of existsSync(bin) ? readdirSync(bin) : []) {
    const folder = join(bin, version, process.platform, process.arch);
    const library = existsSync(folder) ? readdirSync(folder).find(isRuntimeLibrary) : undefined;
    if (library !== undefined) return join(folder, library);
  }
  throw unavailable(
    `an ONNX Runtime library for ${process.platform} ${process.arch} in ${bin}, got none; ` +
      'name one with ESPALIER_ORT_LIBRARY',
  );
}

function isRuntimeLibrary(file: string): boolean {
  return /^(libonnxruntime\.so(\.\d+)*|libonnxruntime\.[\d.]*dylib|onnxruntime\.dll)$/.test(file);
}

function unavailable(rest: string): EngineError {
  return new EngineError(`Expected ${rest}`, 'ENGINE_UNAVAILABLE');
}

/** An Error's message, or the value as text. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
