// Opens evaluation sets: embedded ones and known ones by name, anything else as the path of a JSONL file.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  expectedMessage,
  invalidOption,
  ModelError,
  OptionError,
  unknownMessage,
} from '../errors.js';
import { type DatasetRequest, type FetchOptions, fetchDataset } from './fetch-dataset.js';
import { knownDatasets } from './known-datasets.js';
import { checkFields, type FieldNames, type Problem, parseProblems } from './problem.js';

export type { Problem } from './problem.js';

/** A whole dataset, in file order. */
export interface Dataset {
  readonly name: string;
  /** Of the file's bytes, in hex. */
  readonly sha256: string;
  /** Which fields were read as what; absent where the file has espalier's own names. */
  readonly fields?: FieldNames;
  readonly problems: readonly Problem[];
}

/** Datasets that come with the package, by name. */
export const embeddedDatasets: readonly string[] = ['mini-500', 'calibration'];

/** All datasets that go by name. */
export const namedDatasets: readonly string[] = [
  ...embeddedDatasets,
  ...Object.keys(knownDatasets),
];

export interface DatasetOptions extends FetchOptions {
  /**
   * Names that a file's records have for `problem`, `answer`, `level`, `subject` and `id`.
   * @default the same names; `unique_id` for an `id` too
   * @example { problem: 'question', answer: 'extracted_groundtruth' }
   */
  readonly fields?: FieldNames;
}

/**
 * Opens an embedded dataset by its name, a known one by its name (fetched at its first use, with its
 * checksum), or a JSONL file by its path.
 * @throws OptionError on a name that is neither, and on fields that do not belong; ModelError
 *   INVALID_FILE on an unreadable or bad file; as fetchDataset
 * @example await openDataset('math500')
 * @example await openDataset('./amc.jsonl', { fields: { answer: 'extracted_groundtruth' } })
 */
export async function openDataset(
  nameOrPath: string,
  { fields: given, ...options }: DatasetOptions = {},
): Promise<Dataset> {
  const request = knownRequest(nameOrPath);
  if (given !== undefined && (request !== undefined || embeddedDatasets.includes(nameOrPath))) {
    const expected = `left out with ${nameOrPath}, whose fields are known`;
    throw invalidOption('fields', expected, given);
  }
  const bytes = request
    ? await fetchDataset(request, options)
    : await readBytes(resolvePath(nameOrPath));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const own = given && checkFields(given);
  const file = request ? `${request.name}.jsonl` : basename(resolvePath(nameOrPath));
  const problems = parseProblems(bytes.toString('utf8'), file, request?.known.fields ?? own);
  const name = request?.name ?? (embeddedDatasets.includes(nameOrPath) ? nameOrPath : file);
  return { name, sha256, ...(own && { fields: own }), problems };
}

/** A known dataset that is asked for by name, or undefined. @throws OptionError on a bad hash */
function knownRequest(text: string): DatasetRequest | undefined {
  const [name = '', ...hashes] = text.split('@');
  const known = Object.hasOwn(knownDatasets, name) ? knownDatasets[name] : undefined;
  if (known === undefined) return undefined;
  const [sha256] = hashes;
  if (hashes.length > 1 || (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))) {
    throw invalidOption('dataset', `${name}@ and the 64 hexadecimal digits of a sha256`, text);
  }
  return { name, known, sha256 };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${expectedMessage('dataset', 'a readable JSONL file', path)}: ${why}`;
    throw new ModelError(message, 'INVALID_FILE', { cause });
  }
}

function resolvePath(nameOrPath: string): string {
  if (embeddedDatasets.includes(nameOrPath)) {
    return fileURLToPath(new URL(`../../models/data/${nameOrPath}.jsonl`, import.meta.url));
  }
  const looksLikePath = /[/\\]|\.jsonl?$/.test(nameOrPath);
  if (!looksLikePath && !existsSync(nameOrPath)) {
    const message = unknownMessage('dataset', nameOrPath, namedDatasets);
    throw new OptionError(`${message} (or give the path of a JSONL file)`, 'UNKNOWN_OPTION');
  }
  return nameOrPath;
}
