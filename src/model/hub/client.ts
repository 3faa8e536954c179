// HTTP towards one hub: the token goes to the hub's own origin and nowhere else, redirects are
// followed by hand, a silence ends an attempt, failures that may pass are told from those that do not.
import type { ModelError } from '../../errors.js';
import { modelFault, systemCode } from '../fault.js';
import { type Question, refusal } from './answer.js';
import { type Persistence, persist, Transient } from './patience.js';
import { StallGuard } from './stall-guard.js';

const MAX_REDIRECTS = 8;
/** The hub's own documents, listings among them, are held in memory. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** Failures of a connection that may pass. Others (no such host, a bad certificate) do not. */
const PASSING = [
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'],
  ...['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
];

export interface HubClientOptions extends Persistence {
  /** The hub's address, without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The repository that all of this is about. */
  readonly id: string;
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  /** The hub's own answer: a redirect, or the same as `response`. */
  readonly first: Headers;
  readonly response: Response;
  /** The host that `response` came from, with its scheme. */
  readonly origin: string;
  readonly isHub: boolean;
  /** The next piece of the body; undefined at its end. @throws Transient; the signal's reason */
  read(): Promise<Uint8Array | undefined>;
  /** Ends the connection if the body was not read to its end. */
  close(): Promise<void>;
}

export class HubClient {
  readonly #origin: string;

  constructor(readonly options: HubClientOptions) {
    this.#origin = new URL(options.endpoint).origin;
  }

  /**
   * `fetch` for @huggingface/hub: whole documents, tried again where that may help.
   * @throws ModelError MISSING_MODEL, ACCESS_DENIED or DOWNLOAD_FAILED; never an answer that is not ok
   */
  readonly fetch = (input: string | URL | Request): Promise<Response> =>
    persist(async () => {
      const url = new URL(input instanceof Request ? input.url : input);
      const answer = await this.open(url, this.options.id, () => ({ accept: 'application/json' }));
      try {
        if (!answer.response.ok) throw this.refusal(answer, this.options.id);
        const link = answer.response.headers.get('link');
        return new Response(await this.#document(answer, url), link ? { headers: { link } } : {});
      } finally {
        await answer.close();
      }
    }, this.options);

  /** Calls `attempt` again for as long as patience lasts. */
  persist<T>(attempt: () => Promise<T>): Promise<T> {
    return persist(attempt, this.options);
  }

  /**
   * Sends one GET, through redirects. Whoever gets the answer closes it.
   * @param what for errors
   * @param headersFor headers for the host of this URL
   * @throws Transient; ModelError DOWNLOAD_FAILED; the signal's reason
   */
  async open(
    url: URL,
    what: string,
    headersFor: (url: URL) => Readonly<Record<string, string>>,
  ): Promise<OpenAnswer> {
    const guard = new StallGuard(this.options.patience.stallMs, this.options.signal);
    let first: Headers | undefined;
    let at = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#get(at, what, headersFor(at), guard);
      first ??= response.headers;
      const next = nextUrl(response, at);
      if (next === undefined) return this.#answer(response, first, at, what, guard);
      await response.body?.cancel();
      if (at.protocol === 'https:' && next.protocol !== 'https:') {
        throw this.#failed(what, 'served over HTTPS', `a redirect to ${plain(next)}`);
      }
      at = next;
    }
    throw this.#failed(what, `served within ${MAX_REDIRECTS} redirects`, 'one more');
  }

  /** The error for an answer that is not what was asked for. */
  refusal({ response, isHub }: OpenAnswer, what: string): ModelError | Transient {
    return refusal(response, this.#question(what, isHub));
  }

  async #get(
    url: URL,
    what: string,
    headers: Readonly<Record<string, string>>,
    guard: StallGuard,
  ): Promise<Response> {
    const { token } = this.options;
    const isHub = url.origin === this.#origin;
    const authorization =
      isHub && token !== undefined ? { authorization: `Bearer ${token}` } : undefined;
    try {
      return await guard.wait(
        fetch(url, {
          redirect: 'manual',
          headers: { 'user-agent': 'espalier', ...headers, ...authorization },
          signal: guard.signal,
        }),
      );
    } catch (error) {
      throw this.#broken(error, what, guard);
    }
  }

  #answer(
    response: Response,
    first: Headers,
    url: URL,
    what: string,
    guard: StallGuard,
  ): OpenAnswer {
    const reader = response.body?.getReader();
    return {
      first,
      response,
      origin: url.origin,
      isHub: url.origin === this.#origin,
      read: async () => {
        if (reader === undefined) return undefined;
        try {
          const { done, value } = await guard.wait(reader.read());
          return done ? undefined : value;
        } catch (error) {
          throw this.#broken(error, what, guard);
        }
      },
      close: async () => {
        // A body that failed has nothing left to cancel; its failure was thrown by `read`.
        await reader?.cancel().catch(() => undefined);
      },
    };
  }

  async #document(answer: OpenAnswer, url: URL): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
      bytes += piece.length;
      if (bytes > MAX_DOCUMENT_BYTES) {
        const expected = `a document of at most ${MAX_DOCUMENT_BYTES} bytes`;
        throw this.#failed(plain(url), expected, 'a longer one');
      }
      pieces.push(piece);
    }
    return new Uint8Array(Buffer.concat(pieces));
  }

  /** The error for a connection that failed or fell silent. */
  #broken(error: unknown, what: string, guard: StallGuard): unknown {
    const { signal, patience } = this.options;
    if (signal.aborted) return signal.reason;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = systemCode(cause);
    const reason = guard.hasStalled
      ? `a silence of ${patience.stallMs / 1000} s`
      : `a broken connection (${code ?? String(cause)})`;
    const isPassing = guard.hasStalled || (code !== undefined && PASSING.includes(code));
    const remedy = isPassing
      ? 'check the network, then run it again: what is downloaded is kept'
      : 'check the network and HF_ENDPOINT';
    const expected = `served by ${this.options.endpoint}`;
    const fault = modelFault('DOWNLOAD_FAILED', what, expected, reason, remedy, error);
    return isPassing ? new Transient(fault, reason) : fault;
  }

  #failed(what: string, expected: string, found: string): ModelError {
    return modelFault('DOWNLOAD_FAILED', what, expected, found, 'check HF_ENDPOINT');
  }

  #question(what: string, isHub: boolean): Question {
    const { endpoint, id, token } = this.options;
    return { what, page: `${endpoint}/${id}`, hasToken: token !== undefined, isHub };
  }
}

/** Where an answer points to; undefined if it is none of those that point. */
function nextUrl({ status, headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return undefined;
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  return next?.protocol === 'https:' || next?.protocol === 'http:' ? next : undefined;
}

/** Without its query: a storage's links carry their right of access there. */
function plain(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
