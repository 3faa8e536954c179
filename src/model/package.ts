// Opening a model package: finds it, checks its manifest, the sizes of its files and, of those under
// 64 MB, their hashes. Reads no tensor and starts no engine.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nearest } from '../errors.js';
import { embeddedDirectory, listEmbedded } from './embedded.js';
import { modelFault, systemCode } from './fault.js';
import {
  HASHED_BELOW,
  MANIFEST_FILE,
  type Manifest,
  type ModelRole,
  parseManifest,
} from './manifest.js';

export type {
  Manifest,
  MatrixParameters,
  ModelDimensions,
  ModelRole,
  Precision,
  PrmFormat,
} from './manifest.js';

/** A package on disk whose manifest and files have been checked. */
export interface ModelPackage {
  /** Absolute path. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** `model.onnx`, absolute; its `model.onnx.data` lies beside it. */
  readonly modelPath: string;
  /** `tokenizer.json`, absolute; its `tokenizer_config.json` lies beside it. */
  readonly tokenizerPath: string;
}

/** What the engine must know to load a package: the part of its model description that is ours. */
export interface EngineSpec {
  readonly modelPath: string;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  readonly headWidth: number;
  readonly outputName: 'logits' | 'score_logits';
  readonly hasLogitScale: boolean;
  readonly context: number;
  readonly endTokens: Int32Array;
}

const REMEDY = 'import or fetch the model again';

/**
 * Opens a model package.
 * @param source a package's directory, or an embedded model's name (which wins over a directory of
 *   the same name; write `./name` for the directory)
 * @param options `role`: refuse a model of the other role
 * @throws ModelError MISSING_MODEL, INVALID_MODEL, UNSUPPORTED_MODEL, WRONG_ROLE or HASH_MISMATCH
 */
export async function openPackage(
  source: string,
  options: { readonly role?: ModelRole } = {},
): Promise<ModelPackage> {
  const directory = embeddedDirectory(source) ?? resolve(source);
  const manifest = await readManifest(source, directory);
  if (options.role !== undefined && manifest.role !== options.role) {
    const other = options.role === 'policy' ? 'reward model' : 'policy';
    throw modelFault(
      'WRONG_ROLE',
      source,
      `a ${options.role === 'policy' ? 'policy' : 'reward model'}`,
      `a ${other} (role "${manifest.role}" in ${MANIFEST_FILE})`,
      `give it where a ${other} is expected`,
    );
  }
  for (const [name, file] of Object.entries(manifest.files)) {
    const path = join(directory, name);
    await checkSize(path, file.bytes);
    if (file.bytes < HASHED_BELOW) await checkHash(path, file.sha256);
  }
  return {
    directory,
    manifest,
    modelPath: join(directory, 'model.onnx'),
    tokenizerPath: join(directory, 'tokenizer.json'),
  };
}

/** The engine's description of a package. */
export function engineSpec(model: ModelPackage): EngineSpec {
  const { dimensions, role, precision, headWidth, specialTokens } = model.manifest;
  return {
    modelPath: model.modelPath,
    layers: dimensions.layers,
    kvHeads: dimensions.kvHeads,
    headDim: dimensions.headDim,
    vocabulary: dimensions.vocabulary,
    headWidth,
    outputName: role === 'policy' ? 'logits' : 'score_logits',
    hasLogitScale: precision === 'int8',
    context: dimensions.context,
    endTokens: Int32Array.from(specialTokens.eos),
  };
}

/**
 * Compares a file's sha256 with the expected one, reading it as a stream.
 * @throws ModelError HASH_MISMATCH, or INVALID_FILE if it cannot be read
 */
export async function checkHash(path: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(path, error);
  }
  const found = hash.digest('hex');
  if (found !== expected) {
    throw modelFault('HASH_MISMATCH', path, `a file of sha256 ${expected}`, found, REMEDY);
  }
}

async function readManifest(source: string, directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw missingPackage(source, path, error);
  }
  try {
    return parseManifest(JSON.parse(text), path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw modelFault('INVALID_MODEL', path, 'a JSON document', error.message, REMEDY, error);
  }
}

async function checkSize(path: string, expected: number): Promise<void> {
  let found: number;
  try {
    found = (await stat(path)).size;
  } catch (error) {
    throw unreadable(path, error);
  }
  if (found !== expected) {
    const found_ = `${found} bytes${found < expected ? ' (truncated)' : ''}`;
    throw modelFault('INVALID_MODEL', path, `a file of ${expected} bytes`, found_, REMEDY);
  }
}

function missingPackage(source: string, path: string, error: unknown): Error {
  const known = listEmbedded();
  const near = nearest(source, known);
  const hint = near === undefined ? '' : ` (did you mean \`${near}\`?)`;
  const found =
    systemCode(error) === 'ENOENT' ? `no file ${path}` : `an unreadable ${path} (${String(error)})`;
  return modelFault(
    'MISSING_MODEL',
    source,
    `a model package's directory or an embedded model (${known.join(', ') || 'none here'})`,
    found,
    `check the path${hint}, or make a package with \`espalier import\``,
    error,
  );
}

function unreadable(path: string, error: unknown): Error {
  const found = systemCode(error) === 'ENOENT' ? 'no such file' : `an error (${String(error)})`;
  return modelFault('MISSING_MODEL', path, 'a readable file of the package', found, REMEDY, error);
}
