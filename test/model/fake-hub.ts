// A hub on this machine: the addresses, redirects and headers of Hugging Face's, with large files on a
// storage of another origin, and faults that a test puts in. It counts what it serves.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';

/** What a test does to one request; what is left out goes as usual. */
export interface Fault {
  /** Answer with this status and these headers instead. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Cut the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Send nothing more after so many bytes of the body. */
  readonly stallAfter?: number;
  /** Send this instead of the file. */
  readonly content?: Buffer;
  readonly ignoreRange?: true;
  /** Do not say how long the body is. */
  readonly isEndless?: true;
  /** Wait so long after each piece of 16 KiB. */
  readonly pauseMs?: number;
}

/** One request, as the server saw it. */
export interface Served {
  readonly host: 'hub' | 'storage';
  readonly kind: 'info' | 'tree' | 'file';
  /** In the repository; empty for others than files. */
  readonly path: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
  status: number;
  /** Of the body. */
  bytes: number;
}

export interface FakeRepository {
  readonly id: string;
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Names of its one commit. */
  readonly revisions?: readonly string[];
  /** Needs this token, and `accepted` terms. */
  readonly gate?: { readonly token: string; readonly accepted: boolean };
}

/** The files of a directory. */
export function filesOf(directory: string): Map<string, Buffer> {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}

const isLarge = (path: string) => /\.(safetensors|gguf|bin)$/.test(path);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const blobSha1 = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

export class FakeHub {
  readonly served: Served[] = [];
  /** The only one that it has. */
  commit = COMMIT;
  /** Asked before each answer. */
  fault: (request: Served) => Fault | undefined = () => undefined;
  /** Waits, before a connection is cut, for the other side to have so many bytes of the file. */
  settle: (bytes: number) => Promise<void> = async () => {};
  /** Changes what the listing says. */
  list: (entries: Record<string, unknown>[]) => unknown = (entries) => entries;
  #hub: Server | undefined;
  #storage: Server | undefined;

  constructor(public repository: FakeRepository) {}

  async start(): Promise<this> {
    this.#hub = await listening((request, response) => this.#answerHub(request, response));
    this.#storage = await listening((request, response) => this.#answerStorage(request, response));
    return this;
  }

  get endpoint(): string {
    return originOf(this.#hub);
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    }
  }

  /** Bytes sent of a file, or of all. */
  bytesOf(path?: string): number {
    return this.served
      .filter((each) => each.kind === 'file' && (path === undefined || each.path === path))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #answerHub(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id, revisions = ['main'] } = this.repository;
    const url = new URL(request.url ?? '', this.endpoint);
    const [, rest = ''] = url.pathname.split(`/${id}/`);
    const [action, revision = '', ...path] = rest.split('/').map(decodeURIComponent);
    const isApi = url.pathname.startsWith('/api/models/');
    const kind = !isApi ? 'file' : action === 'tree' ? 'tree' : 'info';
    const served = this.#note(request, 'hub', kind, path.join('/'));
    const fault = this.fault(served);
    if (fault?.status !== undefined) return send(response, served, fault.status, fault);
    // The hub says 401 of what is not there, so as not to tell what is.
    if (!url.pathname.includes(`/${id}/`)) return refuse(response, served, 401, 'RepoNotFound');
    if (![...revisions, this.commit].includes(revision)) {
      return refuse(response, served, 404, 'RevisionNotFound');
    }
    if (kind === 'info') return sendJson(response, served, { _id: '1', id, sha: this.commit });
    if (kind === 'tree') return this.#sendTree(response, served, url);
    return this.#sendFile(response, served, fault);
  }

  /** Two entries a page. */
  #sendTree(response: ServerResponse, served: Served, url: URL): Promise<void> {
    const all = [...this.repository.files].map(([path, bytes]) => ({
      type: 'file',
      path,
      size: bytes.length,
      oid: blobSha1(bytes),
      ...(isLarge(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } }),
    }));
    const entries = this.list([{ type: 'directory', path: 'onnx', size: 0, oid: COMMIT }, ...all]);
    if (!Array.isArray(entries)) return sendJson(response, served, entries);
    const begin = Number(url.searchParams.get('cursor') ?? 0);
    url.searchParams.set('cursor', String(begin + 2));
    const link = begin + 2 < entries.length ? { link: `<${url.href}>; rel="next"` } : {};
    return sendJson(response, served, entries.slice(begin, begin + 2), link);
  }

  async #sendFile(response: ServerResponse, served: Served, fault?: Fault): Promise<void> {
    const { gate, files } = this.repository;
    const { path } = served;
    const bytes = files.get(path);
    if (bytes === undefined) return refuse(response, served, 404, 'EntryNotFound');
    if (gate !== undefined && path !== 'README.md') {
      if (served.authorization === undefined) return refuse(response, served, 401, 'GatedRepo');
      if (served.authorization !== `Bearer ${gate.token}`) return refuse(response, served, 401);
      if (!gate.accepted) return refuse(response, served, 403, 'GatedRepo');
    }
    const headers = { 'x-repo-commit': this.commit, ...fault?.headers };
    if (!isLarge(path)) {
      return this.#sendBytes(response, served, bytes, `"${blobSha1(bytes)}"`, fault);
    }
    const location = `${originOf(this.#storage)}/blobs/${sha256(bytes)}?signature=SECRET&path=${encodeURIComponent(path)}`;
    return send(response, served, 302, {
      headers: { location, 'x-linked-etag': `"${sha256(bytes)}"`, ...headers },
    });
  }

  async #answerStorage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', originOf(this.#storage));
    const path = url.searchParams.get('path') ?? '';
    const served = this.#note(request, 'storage', 'file', path);
    const fault = this.fault(served);
    if (fault?.status !== undefined) return send(response, served, fault.status, fault);
    const bytes = this.repository.files.get(path) ?? Buffer.alloc(0);
    return this.#sendBytes(response, served, bytes, '"storage-tag"', fault);
  }

  async #sendBytes(
    response: ServerResponse,
    served: Served,
    original: Buffer,
    etag: string,
    fault: Fault = {},
  ): Promise<void> {
    const bytes = fault.content ?? original;
    const tag = fault.headers?.etag ?? etag;
    const isWanted = served.ifRange === undefined || served.ifRange === tag;
    const range = /^bytes=(\d+)-$/.exec(served.range ?? '');
    const begin = range && isWanted && !fault.ignoreRange ? Number(range[1]) : 0;
    if (range && begin >= bytes.length) return send(response, served, 416, {});
    const body = bytes.subarray(begin);
    served.status = begin > 0 ? 206 : 200;
    response.writeHead(served.status, {
      etag,
      ...(!fault.isEndless && { 'content-length': body.length }),
      ...(begin > 0 && { 'content-range': `bytes ${begin}-${bytes.length - 1}/${bytes.length}` }),
      ...fault.headers,
    });
    const end = Math.min(fault.cutAfter ?? body.length, fault.stallAfter ?? body.length);
    for (let at = 0; at < end && !response.destroyed; at += 16384) {
      const piece = body.subarray(at, Math.min(at + 16384, end));
      await new Promise((resolve) => response.write(piece, resolve));
      served.bytes += piece.length;
      if (fault.pauseMs !== undefined) await sleep(fault.pauseMs);
    }
    if (fault.stallAfter !== undefined) return;
    if (end < body.length) {
      await this.settle(begin + end);
      response.destroy();
    } else {
      response.end();
    }
  }

  #note(
    { headers, url = '' }: IncomingMessage,
    host: Served['host'],
    kind: Served['kind'],
    path: string,
  ): Served {
    const { range, authorization } = headers;
    const ifRange = headers['if-range'] as string | undefined;
    const served = { host, kind, path, url, range, ifRange, authorization, status: 0, bytes: 0 };
    this.served.push(served);
    return served;
  }
}

async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function originOf(server: Server | undefined): string {
  return `http://127.0.0.1:${(server?.address() as AddressInfo).port}`;
}

async function send(
  response: ServerResponse,
  served: Served,
  status: number,
  { headers = {}, body = '' }: Fault,
): Promise<void> {
  served.status = status;
  response.writeHead(status, headers);
  response.end(body);
}

function sendJson(
  response: ServerResponse,
  served: Served,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const body = JSON.stringify(document);
  return send(response, served, 200, {
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

function refuse(
  response: ServerResponse,
  served: Served,
  status: number,
  code?: string,
): Promise<void> {
  return send(response, served, status, { headers: code ? { 'x-error-code': code } : {} });
}
