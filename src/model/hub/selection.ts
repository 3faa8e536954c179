// Which files of a repository an import needs. Known names alone, so a repository decides nothing about
// where its files go.
import { basename } from 'node:path/posix';
import { modelFault } from '../fault.js';
import type { RemoteFile, Repository } from './repository.js';

/** What is downloaded, in order; a directory's weights follow once its small files have been read. */
export type Selection =
  | { readonly kind: 'gguf'; readonly file: RemoteFile }
  | { readonly kind: 'directory'; readonly small: readonly RemoteFile[] };

const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const USED = ['generation_config.json', 'chat_template.jinja', 'README.md'];
const WEIGHTS = 'model.safetensors';
const INDEX = `${WEIGHTS}.index.json`;

const PART = /-\d{5}-of-\d{5}\.gguf$/;
/** The largest tokenizers take some 40 MB. */
const MAX_SMALL_BYTES = 256 * 1024 * 1024;
/** Far beyond any model that this could run. */
const MAX_WEIGHT_BYTES = 2 ** 43;

/**
 * Chooses a safetensors checkpoint where there is one, else the only GGUF file.
 * @param file the GGUF file to take instead
 * @throws ModelError MISSING_MODEL or UNSUPPORTED_MODEL, naming what is there
 */
export function select(repository: Repository, file: string | undefined): Selection {
  const { id, files } = repository;
  if (file !== undefined) return { kind: 'gguf', file: ggufFile(repository, file) };
  if (files.has(INDEX) || files.has(WEIGHTS)) {
    const missing = NEEDED.find((name) => !files.has(name));
    if (missing !== undefined) {
      const expected = `a checkpoint with ${missing}`;
      const remedy = 'choose a repository in the format of Hugging Face transformers';
      throw modelFault('MISSING_MODEL', id, expected, 'one without it', remedy);
    }
    const names = [...NEEDED, ...USED, INDEX].filter((name) => files.has(name));
    return { kind: 'directory', small: names.map((name) => sized(repository, name)) };
  }
  const ggufs = [...files.keys()].filter((path) => path.endsWith('.gguf'));
  if (ggufs.length === 1) return { kind: 'gguf', file: ggufFile(repository, ggufs[0] as string) };
  throw ggufs.length > 1 ? ambiguous(id, ggufs) : weightless(repository);
}

/** Whether the weights are parted into shards that an index names. */
export function hasIndex({ files }: Repository): boolean {
  return files.has(INDEX);
}

/**
 * The weights of a directory.
 * @param shards the names in its index, where it has one
 * @throws ModelError INVALID_FILE or MISSING_MODEL
 */
export function weightsOf(repository: Repository, shards: readonly string[]): RemoteFile[] {
  const { id, files } = repository;
  if (!hasIndex(repository)) return [sized(repository, WEIGHTS)];
  return shards.map((shard) => {
    if (files.has(shard)) return sized(repository, shard);
    const expected = `a repository with ${shard}, as its index says`;
    throw modelFault('MISSING_MODEL', id, expected, 'none', 'choose another repository');
  });
}

function ggufFile(repository: Repository, path: string): RemoteFile {
  const ggufs = [...repository.files.keys()].filter((each) => each.endsWith('.gguf'));
  const where = `${repository.id}: ${path}`;
  if (!ggufs.includes(path)) {
    const found = repository.files.has(path) ? 'another file' : 'no such file';
    const remedy = ggufs.length === 0 ? 'there is none here' : `there are ${listed(ggufs)}`;
    throw modelFault('MISSING_MODEL', where, 'a GGUF file', found, remedy);
  }
  if (PART.test(path)) {
    const remedy = 'choose a file that is whole, or join the parts (llama-gguf-split --merge)';
    throw modelFault('UNSUPPORTED_MODEL', where, 'a GGUF file in one part', 'one of many', remedy);
  }
  return sized(repository, path);
}

function ambiguous(id: string, ggufs: readonly string[]): Error {
  const remedy = `choose one with --file, or as ${id}:${ggufs[0]}`;
  return modelFault('MISSING_MODEL', id, 'one GGUF file', listed(ggufs), remedy);
}

function weightless({ id, files }: Repository): Error {
  const pickles = [...files.keys()].filter((path) => /\.(bin|pt|pth)$/.test(path));
  const found = pickles.length === 0 ? 'no weights' : `weights in ${listed(pickles)}`;
  const expected = `a repository with ${WEIGHTS} (or its shards) or a GGUF file`;
  const remedy = 'choose one that has them; some have a converted revision, such as refs/pr/1';
  return modelFault('UNSUPPORTED_MODEL', id, expected, found, remedy);
}

function sized({ id, files }: Repository, path: string): RemoteFile {
  const file = files.get(path) as RemoteFile;
  const isWeight = /\.(safetensors|gguf)$/.test(basename(path));
  const most = isWeight ? MAX_WEIGHT_BYTES : MAX_SMALL_BYTES;
  if (file.bytes <= most) return file;
  const expected = `a file of at most ${most} bytes`;
  const remedy = 'choose another repository';
  throw modelFault('INVALID_FILE', `${id}: ${path}`, expected, `${file.bytes} bytes`, remedy);
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 12).join(', ');
  return paths.length <= 12 ? shown : `${shown} and ${paths.length - 12} more`;
}
