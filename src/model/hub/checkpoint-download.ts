// Downloading what an import needs of a repository: the small files first, and the weights only if
// those were found good.
import { shardsOf } from '../checkpoint.js';
import type { CheckpointFolder } from './checkpoint-folder.js';
import type { HubClient } from './client.js';
import { downloadFile } from './download.js';
import type { RemoteFile, Repository } from './repository.js';
import { hasIndex, type Selection, weightsOf } from './selection.js';

/** Bytes of a checkpoint that are here. */
export interface DownloadProgress {
  /** Path in the repository of the file that is coming. */
  readonly file: string;
  readonly bytes: number;
  /** Of all files asked for so far: the weights come to it once the small files are here. */
  readonly total: number;
  /** What of `bytes` an earlier run had left. */
  readonly kept: number;
}

export class CheckpointDownload {
  readonly #client: HubClient;
  readonly #repository: Repository;
  readonly #folder: CheckpointFolder;
  readonly #onProgress: (progress: DownloadProgress) => void;
  #done = 0;
  #kept = 0;
  #total = 0;

  constructor(
    client: HubClient,
    repository: Repository,
    folder: CheckpointFolder,
    onProgress: (progress: DownloadProgress) => void,
  ) {
    this.#client = client;
    this.#repository = repository;
    this.#folder = folder;
    this.#onProgress = onProgress;
  }

  /**
   * Puts the selected files into the folder.
   * @param check looks at a directory's small files before its weights are asked for
   * @returns what to import: the folder, or a GGUF file in it
   * @throws as `downloadFile`; what `check` throws
   */
  async run(selection: Selection, check: () => Promise<unknown>): Promise<string> {
    if (selection.kind === 'gguf') {
      await this.#files([selection.file]);
      return this.#folder.at(selection.file);
    }
    await this.#files(selection.small);
    await check();
    const { path } = this.#folder;
    const shards = hasIndex(this.#repository) ? (await shardsOf(path)).map(([name]) => name) : [];
    await this.#files(weightsOf(this.#repository, shards));
    return path;
  }

  async #files(files: readonly RemoteFile[]): Promise<void> {
    await this.#folder.expect(files);
    this.#total += files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const file of files) {
      let isFirst = true;
      await downloadFile(this.#client, this.#repository, this.#folder, file, (bytes) => {
        if (isFirst) this.#kept += bytes;
        isFirst = false;
        this.#onProgress({
          file: file.path,
          bytes: this.#done + bytes,
          total: this.#total,
          kept: this.#kept,
        });
      });
      this.#done += file.bytes;
    }
  }
}
