// What a hub's refusals mean: an HTTP status, with the hub's own X-Error-Code, to an error that says
// what to do, and whether it may pass.
import type { ModelError } from '../../errors.js';
import { modelFault } from '../fault.js';
import { Transient } from './patience.js';

/** What was asked for. */
export interface Question {
  /** For errors: a repository, or a file of it. */
  readonly what: string;
  /** The repository's page. */
  readonly page: string;
  readonly hasToken: boolean;
  /** Whether the hub itself answered, or a storage that it pointed to. */
  readonly isHub: boolean;
}

const AGAIN = 'run it again: what is downloaded is kept';

/** The error for an answer that is not the file or document asked for. */
export function refusal(
  { status, statusText, headers }: Pick<Response, 'status' | 'statusText' | 'headers'>,
  question: Question,
): ModelError | Transient {
  const code = headers.get('x-error-code');
  const found = [status, statusText, code && `(${code})`].filter(Boolean).join(' ');
  const failed = (remedy: string) =>
    modelFault('DOWNLOAD_FAILED', question.what, 'served by the hub', found, remedy);
  if (status === 429) return rateLimit(headers, question, failed);
  if (status === 408 || status >= 500) return new Transient(failed(AGAIN), found);
  // A storage's links run out; the hub gives a new one to whoever asks again.
  if (!question.isHub) return new Transient(failed(AGAIN), `the storage says ${found}`);
  if (status === 401 || status === 403) return denial(status, code, found, question);
  if (status !== 404) return failed('check HF_ENDPOINT, or try later');
  return modelFault('MISSING_MODEL', question.what, 'on the hub', found, missingRemedy(code));
}

function missingRemedy(code: string | null): string {
  if (code === 'RevisionNotFound') return 'check the revision: a branch, a tag or a commit';
  if (code === 'EntryNotFound') return 'run it again: the repository may have changed';
  return 'check the name and the revision; a private repository needs HF_TOKEN';
}

function denial(
  status: number,
  code: string | null,
  found: string,
  { what, page, hasToken }: Question,
): ModelError {
  const denied = (expected: string, remedy: string) =>
    modelFault('ACCESS_DENIED', what, expected, found, remedy);
  if (code === 'GatedRepo') {
    const accept = `accept its terms at ${page}`;
    return denied(
      'open to this account',
      hasToken
        ? `${accept} with the account of HF_TOKEN (its owner may have to approve, and a fine-grained token must allow gated repositories)`
        : `${accept}, then set HF_TOKEN to a token of that account`,
    );
  }
  if (status === 401 && hasToken && code !== 'RepoNotFound') {
    return denied('readable with HF_TOKEN', 'check the token: the hub does not accept it');
  }
  // Hubs say 401 of what is not there too, so as not to tell what is.
  return denied(
    'a repository that may be read',
    hasToken
      ? 'check the name, and that the account of HF_TOKEN may read it'
      : 'check the name; if it is private or gated, set HF_TOKEN',
  );
}

function rateLimit(
  headers: Headers,
  { hasToken }: Question,
  failed: (remedy: string) => ModelError,
): Transient {
  const waitMs = askedWaitMs(headers);
  const later = waitMs === undefined ? 'wait a while' : `wait ${Math.ceil(waitMs / 1000)} s`;
  const more = hasToken ? '' : '; with HF_TOKEN set the limits are wider';
  return new Transient(failed(`${later}, then ${AGAIN}${more}`), 'too many requests', waitMs);
}

/** Retry-After in seconds or as a date; else the time to reset of a RateLimit header (`"api";r=0;t=55`). */
function askedWaitMs(headers: Headers): number | undefined {
  const after = headers.get('retry-after')?.trim();
  if (after !== undefined && /^\d{1,9}$/.test(after)) return Number(after) * 1000;
  const until = after === undefined ? Number.NaN : Date.parse(after);
  if (Number.isFinite(until)) return Math.max(0, until - Date.now());
  const reset = /(?:^|;)\s*t=(\d{1,9})/.exec(headers.get('ratelimit') ?? '')?.[1];
  return reset === undefined ? undefined : Number(reset) * 1000;
}
