// The bytes of a known evaluation set: from the cache, else from its public repository. Bytes that are
// not the ones asked for are never kept; a set without a pinned hash is given to nobody who names none.
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invalidOption, ModelError, OptionError } from '../errors.js';
import { modelFault } from '../model/fault.js';
import { defaultCache } from '../model/hub/checkpoint-folder.js';
import { writeFailed } from './json-lines.js';
import type { KnownDataset } from './known-datasets.js';
import { parseProblems } from './problem.js';
import { replaceFile } from './replace-file.js';

const publicEndpoint = 'https://raw.githubusercontent.com';
/** The sets have less than a megabyte. */
const timeoutMs = 60_000;

export interface FetchOptions {
  /**
   * Directory of fetched files.
   * @default ESPALIER_CACHE, else `espalier` in XDG_CACHE_HOME or ~/.cache
   */
  readonly cache?: string;
  /**
   * Serves the repositories' raw files, without a slash at its end.
   * @default ESPALIER_DATASETS, else https://raw.githubusercontent.com
   */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
  /** Called before a download, with where it comes from. */
  readonly onDownload?: (url: string, bytes: number) => void;
}

/** A known set that is asked for, as in `amc23` or `amc23@<sha256>`. */
export interface DatasetRequest {
  readonly name: string;
  readonly known: KnownDataset;
  /** The hash that the caller names. */
  readonly sha256: string | undefined;
}

/**
 * The bytes of a known set, checked.
 * @throws OptionError where a hash has to be named, or one is that the set does not have; ModelError
 *   DOWNLOAD_FAILED, HASH_MISMATCH, WRITE_FAILED; the signal's reason
 */
export async function fetchDataset(
  { name, known, sha256 }: DatasetRequest,
  options: FetchOptions = {},
): Promise<Buffer> {
  if (sha256 !== undefined && known.sha256 !== null && sha256 !== known.sha256) {
    throw invalidOption('dataset', `${name}, whose sha256 is ${known.sha256}`, sha256);
  }
  const wanted = known.sha256 ?? sha256;
  const { ESPALIER_DATASETS } = process.env;
  const { cache = defaultCache(), endpoint = ESPALIER_DATASETS || publicEndpoint } = options;
  const file = join(cache, 'datasets', `${name}.jsonl`);
  const url = `${endpoint}/${known.path}`;
  const cached = await readFile(file).catch(() => undefined);
  if (
    cached !== undefined &&
    isPublished(cached, known) &&
    [undefined, hashOf(cached)].includes(wanted)
  ) {
    if (wanted === undefined) throw unnamed(name, known, cached, url);
    return cached;
  }
  options.onDownload?.(url, known.bytes);
  const bytes = await download(url, name, known, options.signal);
  if (wanted !== undefined && hashOf(bytes) !== wanted) {
    const remedy = 'nothing was kept; the file may have changed, or been changed on its way';
    throw modelFault('HASH_MISMATCH', url, `of sha256 ${wanted}`, hashOf(bytes), remedy);
  }
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (cause) {
    throw writeFailed(file, cause);
  }
  await replaceFile(file, bytes);
  if (wanted === undefined) throw unnamed(name, known, bytes, url);
  return bytes;
}

/** Whether size and number of problems are the published ones: all there is to know without a hash. */
function isPublished(bytes: Buffer, { bytes: size, problems, fields }: KnownDataset): boolean {
  if (bytes.length !== size) return false;
  try {
    return parseProblems(bytes.toString('utf8'), '', fields).length === problems;
  } catch {
    return false;
  }
}

async function download(
  url: string,
  name: string,
  known: KnownDataset,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const remedy = `without a network, fetch it elsewhere and use --dataset FILE${mappingOf(known)}`;
  const failed = (found: string, cause?: unknown) =>
    modelFault('DOWNLOAD_FAILED', name, `served at ${url}`, found, remedy, cause);
  let bytes: Buffer;
  try {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (!response.ok) throw failed(`${response.status} ${response.statusText}`.trim());
    bytes = await readBody(response, known.bytes);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ModelError) throw error;
    const { message, cause } = error as Error;
    throw failed(cause instanceof Error ? cause.message || message : message, error);
  }
  if (isPublished(bytes, known)) return bytes;
  const { length } = bytes;
  const found =
    length === known.bytes ? 'others' : `${length > known.bytes ? 'more' : length} bytes`;
  throw failed(
    `${found} (the published file has ${known.bytes} bytes, ${known.problems} problems)`,
  );
}

/** The body, or its first bytes where there are more than `most`. */
async function readBody(response: Response, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece as Uint8Array);
    length += (piece as Uint8Array).length;
    if (length > most) break;
  }
  return Buffer.concat(pieces);
}

/** The flags that a file of this set needs, to be read by its path. */
function mappingOf({ fields }: KnownDataset): string {
  return Object.entries(fields)
    .filter(([role, name]) => role !== name && name !== 'unique_id')
    .map(([role, name]) => ` --field ${role}=${name}`)
    .join('');
}

function unnamed(name: string, known: KnownDataset, bytes: Buffer, url: string): OptionError {
  const hash = hashOf(bytes);
  const message =
    `Expected \`dataset\` to be ${name}@<sha256>, as no hash of this set is pinned, got no hash; ` +
    `${url} gave ${known.bytes} bytes and ${known.problems} problems, as published, of sha256 ` +
    `${hash}: once you trust them, ask for ${name}@${hash}`;
  return new OptionError(message);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
