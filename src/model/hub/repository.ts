// What a repository holds at one commit: names, sizes and hashes. The two listings come from
// @huggingface/hub; its downloads are not used, for they neither resume nor check what they got.
import type { ListFileEntry } from '@huggingface/hub';
import { ModelError } from '../../errors.js';
import { modelFault } from '../fault.js';
import { Fields } from '../fields.js';
import type { HubClient } from './client.js';

/** Repositories hold some dozens of files, those with all of a training's checkpoints some thousands. */
const MAX_ENTRIES = 100_000;
const REMEDY = 'check HF_ENDPOINT: this is no answer of a hub';

/** What a file's bytes must hash to: as git names a blob, or sha256 for files that git keeps elsewhere. */
export interface Checksum {
  readonly kind: 'sha256' | 'git-blob';
  /** Lower-case hexadecimal digits: 64, or 40. */
  readonly digest: string;
}

export interface RemoteFile {
  /** Inside the repository, parted by slashes; never leads out of it. */
  readonly path: string;
  readonly bytes: number;
  readonly checksum: Checksum;
}

export interface Repository {
  readonly id: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** By path. */
  readonly files: ReadonlyMap<string, RemoteFile>;
}

/**
 * Looks a repository up.
 * @param revision a branch, tag or commit
 * @throws ModelError MISSING_MODEL, ACCESS_DENIED or DOWNLOAD_FAILED; the client's signal's reason
 */
export async function openRepository(
  client: HubClient,
  id: string,
  revision: string,
): Promise<Repository> {
  // Only `pull` needs it, and loading it takes as long as all the rest.
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const hub = { hubUrl: client.options.endpoint, fetch: client.fetch };
  try {
    const info = await modelInfo({ ...hub, name: id, revision, additionalFields: ['sha'] });
    const commit: unknown = info.sha;
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) {
      throw new TypeError(`commit ${JSON.stringify(commit)}`);
    }
    const listing = listFiles({ ...hub, repo: id, revision: commit, recursive: true });
    return { id, commit, files: await readListing(listing, id) };
  } catch (error) {
    if (error instanceof ModelError || client.options.signal.aborted) throw error;
    const found = `something else (${String(error)})`;
    throw modelFault('DOWNLOAD_FAILED', id, 'described by the hub', found, REMEDY, error);
  }
}

async function readListing(
  listing: AsyncIterable<ListFileEntry>,
  id: string,
): Promise<Map<string, RemoteFile>> {
  const files = new Map<string, RemoteFile>();
  let entries = 0;
  for await (const entry of listing) {
    if (++entries > MAX_ENTRIES) {
      const expected = `a repository of at most ${MAX_ENTRIES} files`;
      throw modelFault('DOWNLOAD_FAILED', id, expected, 'more', 'choose another repository');
    }
    const fields = new Fields(entry, `${id}: listing`, REMEDY, 'DOWNLOAD_FAILED');
    if (fields.raw('type') !== 'file') continue;
    const file = readFile(fields);
    files.set(file.path, file);
  }
  return files;
}

function readFile(fields: Fields): RemoteFile {
  const path = fields.string('path');
  if (!staysInside(path)) throw fields.fault('path', 'a path inside the repository');
  const lfs = fields.has('lfs') ? fields.object('lfs') : undefined;
  const holder = lfs ?? fields;
  const digest = holder.string('oid');
  const digits = lfs === undefined ? 40 : 64;
  if (!/^[0-9a-f]+$/.test(digest) || digest.length !== digits) {
    throw holder.fault('oid', `${digits} lower-case hexadecimal digits`);
  }
  const kind = lfs === undefined ? 'git-blob' : 'sha256';
  return { path, bytes: holder.integer('size'), checksum: { kind, digest } };
}

/** Names that would lead elsewhere on any system are refused, and characters that terminals obey. */
function staysInside(path: string): boolean {
  const parts = path.split('/');
  return !/[\\\p{Cc}]/u.test(path) && !parts.some((part) => ['', '.', '..'].includes(part));
}
