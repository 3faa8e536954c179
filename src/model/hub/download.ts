// Downloading one file whole: from where an earlier attempt or run broke off, checked against the hash
// that its listing gave. A hub's storages name the same bytes by tags of their own, so If-Range is sent
// only to the host that gave the tag; everywhere the hash is what decides.
import type { ModelError } from '../../errors.js';
import { modelFault } from '../fault.js';
import type { CheckpointFolder } from './checkpoint-folder.js';
import type { HubClient, OpenAnswer } from './client.js';
import { isThere, PartialFile } from './partial-file.js';
import { Transient } from './patience.js';
import type { RemoteFile, Repository } from './repository.js';

/** An attempt that brought as much counts as progress: a line that breaks now and then is put up with. */
const PROGRESS_BYTES = 1024 * 1024;
const AGAIN = 'run it again';

/** A strong ETag, and the host that gave it. */
interface Validator {
  readonly origin: string;
  readonly tag: string;
}

/**
 * Puts a file of a repository into the folder, unless it is there already.
 * @param onBytes how many of its bytes are here; may fall, where a part had to be thrown away
 * @throws ModelError HASH_MISMATCH, WRITE_FAILED and those of the client; the client's signal's reason.
 *   What is downloaded is kept, unless its hash is wrong.
 */
export async function downloadFile(
  client: HubClient,
  repository: Repository,
  folder: CheckpointFolder,
  file: RemoteFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { signal } = client.options;
  if (await isThere(folder.at(file), file, signal)) {
    onBytes(file.bytes);
    return;
  }
  const partial = await PartialFile.open(folder.partialOf(file), file, signal);
  try {
    // Bytes may be damaged on the way or by a power cut; twice is no accident.
    for (const isLast of [false, true]) {
      onBytes(partial.bytes);
      await new FileDownload(client, repository, partial, onBytes).finish();
      if (partial.isRight()) break;
      await partial.restart();
      if (isLast) throw wrongHash(repository, file);
    }
    await partial.moveTo(folder.at(file));
  } finally {
    await partial.close();
  }
}

/** The attempts to get the rest of a file. */
class FileDownload {
  readonly #what: string;
  #validator: Validator | undefined;

  constructor(
    readonly client: HubClient,
    readonly repository: Repository,
    readonly partial: PartialFile,
    readonly onBytes: (bytes: number) => void,
  ) {
    this.#what = `${repository.id}: ${partial.file.path}`;
  }

  finish(): Promise<void> {
    return this.client.persist(async () => {
      const before = this.partial.bytes;
      try {
        if (before < this.partial.file.bytes) await this.#attempt();
      } catch (error) {
        if (error instanceof Transient) {
          error.hasProgressed = this.partial.bytes - before >= PROGRESS_BYTES;
        }
        throw error;
      }
    });
  }

  async #attempt(): Promise<void> {
    const answer = await this.client.open(this.#url(), this.#what, (url) => this.#headers(url));
    try {
      await this.#check(answer);
      await this.#receive(answer);
    } finally {
      await answer.close();
    }
  }

  #url(): URL {
    const { id, commit } = this.repository;
    const path = this.partial.file.path.split('/').map(encodeURIComponent).join('/');
    return new URL(`${this.client.options.endpoint}/${id}/resolve/${commit}/${path}`);
  }

  #headers(url: URL): Record<string, string> {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (this.partial.bytes === 0) return headers;
    headers.range = `bytes=${this.partial.bytes}-`;
    if (this.#validator?.origin === url.origin) headers['if-range'] = this.#validator.tag;
    return headers;
  }

  /** Checks that the answer is the rest of this file, or all of it: then what is here gives way. */
  async #check(answer: OpenAnswer): Promise<void> {
    const { first, response } = answer;
    if (response.status === 416) {
      await this.partial.restart();
      throw this.#mayPass('an end before what is here already');
    }
    if (response.status !== 200 && response.status !== 206) {
      throw this.client.refusal(answer, this.#what);
    }
    this.#checkIdentity(first);
    const { bytes } = this.partial.file;
    if (response.status === 206) {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
      const [, begin, total] = range ?? [];
      if (Number(begin) !== this.partial.bytes) throw this.#mayPass('another range than asked for');
      if (total !== '*' && Number(total) !== bytes) throw this.#changed(`${total} bytes`);
    } else {
      const length = response.headers.get('content-length');
      const isPlain = response.headers.get('content-encoding') === null;
      if (isPlain && length !== null && Number(length) !== bytes) {
        throw this.#changed(`${length} bytes`);
      }
      if (this.partial.bytes > 0) await this.partial.restart();
    }
    const tag = response.headers.get('etag');
    if (tag?.startsWith('"')) this.#validator = { origin: answer.origin, tag };
  }

  /** The hub names commit and content in its first answer; a mirror may leave that out. */
  #checkIdentity(first: Headers): void {
    const commit = first.get('x-repo-commit');
    if (commit !== null && commit !== this.repository.commit) {
      throw this.#changed(`it at commit ${commit}`);
    }
    const tag = first.get('x-linked-etag')?.replace(/^(W\/)?"|"$/g, '');
    const { digest } = this.partial.file.checksum;
    if (tag !== undefined && tag.length === digest.length && tag !== digest) {
      throw this.#changed(`content ${tag}`);
    }
  }

  async #receive(answer: OpenAnswer): Promise<void> {
    const { partial } = this;
    for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
      if (partial.bytes + piece.length > partial.file.bytes) {
        await partial.restart();
        throw this.#changed('more bytes');
      }
      await partial.append(piece);
      this.onBytes(partial.bytes);
    }
    if (partial.bytes < partial.file.bytes) {
      throw this.#mayPass(`its end after ${partial.bytes} bytes`);
    }
  }

  #changed(found: string): ModelError {
    const { bytes, checksum } = this.partial.file;
    const expected = `${bytes} bytes of ${checksum.kind} ${checksum.digest}, as listed`;
    return modelFault('DOWNLOAD_FAILED', this.#what, expected, found, AGAIN);
  }

  #mayPass(found: string): Transient {
    const expected = `${this.partial.file.bytes} bytes`;
    const remedy = `${AGAIN}: what is downloaded is kept`;
    const fault = modelFault('DOWNLOAD_FAILED', this.#what, expected, found, remedy);
    return new Transient(fault, found);
  }
}

function wrongHash({ id }: Repository, { path, checksum }: RemoteFile): ModelError {
  const expected = `a file of ${checksum.kind} ${checksum.digest}`;
  const remedy = 'nothing of it was kept: try later, or another network or HF_ENDPOINT';
  return modelFault('HASH_MISMATCH', `${id}: ${path}`, expected, 'another, twice', remedy);
}
