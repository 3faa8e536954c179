// Pulling a model: from a hub to a checkpoint in the cache, from there to a model package. A download
// that broke off is gone on with; the package is whole or not there.
import { invalidOption, OptionError, refuseUnknownKeys } from '../errors.js';
import { checkDestination } from './destination.js';
import { CheckpointDownload, type DownloadProgress } from './hub/checkpoint-download.js';
import { CheckpointFolder, defaultCache } from './hub/checkpoint-folder.js';
import { HubClient } from './hub/client.js';
import { PATIENCE, type Patience } from './hub/patience.js';
import { type HubReference, parseReference } from './hub/reference.js';
import { openRepository, type Repository } from './hub/repository.js';
import { type Selection, select } from './hub/selection.js';
import { checkImport, importModel } from './import.js';
import { checkImportOptions, IMPORT_OPTION_NAMES, type ImportOptions } from './import-options.js';
import type { ModelPackage } from './package.js';

/** What a pull is doing before the import begins; `folder` is where the checkpoint lies meanwhile. */
export type PullProgress =
  | ({ readonly kind: 'download'; readonly folder: string } & DownloadProgress)
  | { readonly kind: 'wait'; readonly seconds: number; readonly reason: string };

/** Options of {@link pullModel}; all of `importModel`'s are among them. */
export interface PullOptions extends ImportOptions {
  /**
   * A branch, tag or commit of the repository.
   * @default 'main'
   */
  readonly revision?: string;
  /**
   * A GGUF file of the repository.
   * @default the safetensors checkpoint, or the only GGUF file where there is none
   */
  readonly file?: string;
  /**
   * The hub's address.
   * @default HF_ENDPOINT of the environment, or https://huggingface.co
   */
  readonly endpoint?: string;
  /**
   * A token for gated and private repositories; sent to the hub alone.
   * @default HF_TOKEN of the environment
   */
  readonly token?: string;
  /**
   * Where checkpoints lie between download and import.
   * @default ESPALIER_CACHE, or `espalier` in XDG_CACHE_HOME or ~/.cache
   */
  readonly cache?: string;
  /**
   * Keep the checkpoint after its import: importing it in another way then needs no download.
   * @default false
   */
  readonly keep?: boolean;
  /** Called as bytes come in, and before each wait for the hub. */
  readonly onDownload?: (progress: PullProgress) => void;
  /**
   * How long failures that may pass are put up with.
   * @internal
   */
  readonly patience?: Partial<Patience>;
}

type OwnOptions = Omit<PullOptions, keyof ImportOptions>;

/**
 * Downloads a checkpoint and imports it. The package is the one that importing the same checkpoint
 * gives, its `source` naming repository and commit. Files are checked against the hub's hashes.
 * Whatever fails or is aborted, the same call goes on with what is downloaded.
 * @param model ID, ID@REVISION, ID:FILE or ID@REVISION:FILE, FILE being a GGUF file
 * @param destination the package's directory, made here
 * @throws OptionError; ModelError ACCESS_DENIED (gated, private or missing), MISSING_MODEL,
 *   DOWNLOAD_FAILED, HASH_MISMATCH, WRITE_FAILED, and those of `importModel`; the signal's reason
 * @example
 * await pullModel('HuggingFaceTB/SmolLM2-135M-Instruct', 'models/smollm2');
 */
export async function pullModel(
  model: string,
  destination: string,
  options: PullOptions = {},
): Promise<ModelPackage> {
  const given = parseReference(model);
  const { own, imports } = partOptions(given.id, destination, options);
  const reference = withOptions(given, own);
  const client = clientFor(reference, own, imports.signal);
  await checkDestination(destination, imports.overwrite === true);
  const repository = await openRepository(client, reference.id, reference.revision ?? 'main');
  const selection = select(repository, reference.file);
  const cache = own.cache ?? defaultCache();
  const folder = await CheckpointFolder.open(cache, client.options.endpoint, repository);
  try {
    const download = new CheckpointDownload(client, repository, folder, (progress) =>
      own.onDownload?.({ kind: 'download', folder: folder.path, ...progress }),
    );
    const named = imports.source ?? sourceOf(repository, selection);
    const filled: ImportOptions = { ...imports, source: named };
    const check = () => checkImport(folder.path, destination, filled);
    const source = await download.run(selection, check);
    const imported = await importModel(source, destination, filled);
    if (own.keep !== true) await folder.empty();
    return imported;
  } finally {
    await folder.close();
  }
}

/** Checks the options, and parts them into `pullModel`'s own and those of `importModel`. */
function partOptions(
  id: string,
  destination: unknown,
  options: PullOptions,
): { readonly own: OwnOptions; readonly imports: ImportOptions } {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('pullModel options', 'an object', options);
  }
  const { revision, file, endpoint, token, cache, keep, onDownload, patience, ...imports } =
    options;
  const own = { revision, file, endpoint, token, cache, keep, onDownload, patience };
  const known = [...Object.keys(own), ...IMPORT_OPTION_NAMES];
  refuseUnknownKeys('an option of pullModel', { ...imports }, known);
  checkImportOptions(id, destination, imports);
  for (const name of ['revision', 'file', 'cache'] as const) {
    const value: unknown = own[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalidOption(name, 'a non-empty string', value);
    }
  }
  if (keep !== undefined && typeof keep !== 'boolean') {
    throw invalidOption('keep', 'true or false', keep);
  }
  return {
    own: Object.fromEntries(Object.entries(own).filter(([, v]) => v !== undefined)),
    imports,
  };
}

/** What the model's name says and what the options say must not contradict each other. */
function withOptions(reference: HubReference, own: OwnOptions): HubReference {
  for (const name of ['revision', 'file'] as const) {
    const [inText, inOption] = [reference[name], own[name]];
    if (inText === undefined || inOption === undefined || inText === inOption) continue;
    throw invalidOption(name, `"${inText}", as the model's name says, or left out`, inOption);
  }
  return {
    id: reference.id,
    revision: reference.revision ?? own.revision,
    file: reference.file ?? own.file,
  };
}

function clientFor({ id }: HubReference, own: OwnOptions, signal?: AbortSignal): HubClient {
  return new HubClient({
    id,
    endpoint: endpointOf(own.endpoint),
    token: tokenOf(own.token),
    patience: { ...PATIENCE, ...own.patience },
    signal: signal ?? new AbortController().signal,
    onWait: (waitMs, reason) => own.onDownload?.({ kind: 'wait', seconds: waitMs / 1000, reason }),
  });
}

function endpointOf(given: string | undefined): string {
  const [name, text] =
    given === undefined
      ? ['HF_ENDPOINT', process.env.HF_ENDPOINT || 'https://huggingface.co']
      : ['endpoint', given];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !isWeb || url.search !== '' || url.hash !== '') {
    throw invalidOption(name, 'the http(s) address of a hub', text);
  }
  // fetch refuses names and passwords in addresses, and errors would print them.
  if (url.username !== '' || url.password !== '') {
    const expected = 'an address without a name or password in it';
    throw new OptionError(`Expected \`${name}\` to be ${expected}, got one with; use HF_TOKEN`);
  }
  return url.href.replace(/\/+$/, '');
}

/** A token is never printed, so neither is a bad one. */
function tokenOf(given: unknown): string | undefined {
  const [name, value] = given === undefined ? ['HF_TOKEN', process.env.HF_TOKEN] : ['token', given];
  const token = typeof value === 'string' ? value.trim() : value;
  if (token === undefined || token === '') return undefined;
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  const expected = 'printable ASCII without spaces';
  throw new OptionError(`Expected \`${name}\` to be ${expected}, got something else`);
}

function sourceOf({ id, commit }: Repository, selection: Selection): string {
  const file = selection.kind === 'gguf' ? `:${selection.file.path}` : '';
  return `${id}@${commit}${file}`;
}
