// `espalier pull`: a model on a hub becomes a model package.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { bytes, count, seconds } from '../../figures.js';
import { type PullOptions, type PullProgress, pullModel } from '../../model/pull.js';
import type { Environment } from '../environment.js';
import { textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { describePackage } from './import.js';

interface PullFlags extends Omit<PullOptions, 'signal' | 'onProgress' | 'onDownload'> {
  readonly json?: true;
}

type DownloadProgress = Extract<PullProgress, { kind: 'download' }>;

/** Adds the command, with all options of `import`, which is there already; `run` gets its handler. */
export function addPull(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const pull = program
    .command('pull')
    .summary('download a model from a hub, and import it')
    .description(
      'Downloads a checkpoint from a hub and makes a model package of it. What fails or is ' +
        'interrupted goes on where it was when run again. HF_ENDPOINT names another hub, HF_TOKEN ' +
        'opens gated and private models, ESPALIER_CACHE says where downloads lie meanwhile.',
    )
    .argument('<model>', 'ID, ID@REVISION or ID:FILE.gguf', textValue('model', 'a model on a hub'))
    .argument('<dest>', 'directory of the package, made here', textValue('dest', 'a path'))
    .option(
      '--revision <revision>',
      'a branch, tag or commit (default: main)',
      textValue('--revision', 'a branch, tag or commit'),
    )
    .option('--file <file>', 'the GGUF file to take', textValue('--file', 'a path'))
    .option('--keep', 'keep the downloaded checkpoint after its import')
    .action((model: string, destination: string, flags: PullFlags) =>
      run(() => pullCommand(model, destination, flags, environment)),
    );
  const imports = program.commands.find((command) => command.name() === 'import');
  for (const option of imports?.options ?? []) pull.addOption(option);
}

async function pullCommand(
  model: string,
  destination: string,
  { json, ...flags }: PullFlags,
  { stdout, stderr, signal }: Environment,
): Promise<ExitCode> {
  const status = new StatusLine(stderr);
  const startedAt = performance.now();
  const elapsedSeconds = () => (performance.now() - startedAt) / 1000;
  let last: DownloadProgress | undefined;
  try {
    const pulled = await pullModel(model, destination, {
      ...flags,
      signal,
      onDownload: (progress) => {
        if (progress.kind === 'download') last = progress;
        else status.clear(); // what follows shows at once
        status.show(() => line(progress, elapsedSeconds()));
      },
      onProgress: (done, total) => {
        if (done === 1) status.clear();
        status.show(() => `importing: ${count(done)} of ${count(total)} matrices`);
      },
    });
    status.clear();
    stdout.write(
      json
        ? `${JSON.stringify(pulled.manifest)}\n`
        : `${await describePackage(pulled, seconds(elapsedSeconds()))}${keptNote(flags, last)}`,
    );
    return 0;
  } catch (error) {
    status.clear();
    const kept = last && keptPart(last);
    if (!signal.aborted) {
      if (kept !== undefined) stderr.write(`${kept}.\n`);
      throw error;
    }
    const resume = kept === undefined ? '' : ` ${kept}: run the same command to go on.`;
    stderr.write(`Interrupted: nothing was written to ${destination}.${resume}\n`);
    return 130;
  } finally {
    status.clear();
  }
}

function line(progress: PullProgress, elapsed: number): string {
  if (progress.kind === 'wait') {
    return `${progress.reason}: trying again in ${seconds(progress.seconds)}`;
  }
  const { file, kept, total } = progress;
  const rate = (progress.bytes - kept) / elapsed;
  const left = rate > 0 ? `, ${seconds((total - progress.bytes) / rate)} left` : '';
  return `${bytes(progress.bytes)} of ${bytes(total)} · ${bytes(Math.round(rate))}/s${left} · ${file}`;
}

/** How much of a checkpoint is here, and where; undefined if nothing is. */
function keptPart({ bytes: some, total, folder }: DownloadProgress): string | undefined {
  const home = dirname(folder); // files that are still coming lie beside the checkpoint
  return existsSync(home) ? `${bytes(some)} of ${bytes(total)} are kept in ${home}` : undefined;
}

function keptNote({ keep }: PullFlags, last: DownloadProgress | undefined): string {
  return keep === true && last !== undefined ? `checkpoint kept in ${last.folder}\n` : '';
}
