// `espalier import`: a checkpoint becomes a model package.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytes, count, magnitude, seconds } from '../../figures.js';
import { importModel } from '../../model/import.js';
import type { ImportOptions } from '../../model/import-options.js';
import {
  MODEL_ROLES,
  type ModelRole,
  PRECISIONS,
  PRM_FORMATS,
  type Precision,
  type PrmFormat,
} from '../../model/manifest.js';
import type { ModelPackage } from '../../model/package.js';
import type { Environment } from '../environment.js';
import { choiceValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';

interface ImportFlags {
  readonly role?: ModelRole;
  readonly format?: PrmFormat;
  readonly precision?: Precision;
  readonly overwrite?: true;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addImport(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const words = (list: readonly string[]) => list.join(' or ');
  program
    .command('import')
    .summary('make a model package of a checkpoint')
    .description(
      'Makes a model package of a Hugging Face directory (safetensors) or a GGUF file. What fails or ' +
        'is interrupted leaves nothing behind.',
    )
    .argument('<source>', 'the directory or file', textValue('source', 'a path'))
    .argument('<dest>', 'directory of the package, made here', textValue('dest', 'a path'))
    .option(
      '--role <role>',
      `${words(MODEL_ROLES)}: refuse a checkpoint of the other role`,
      choiceValue('--role', MODEL_ROLES),
    )
    .option(
      '--format <format>',
      `what a reward model reads: ${words(PRM_FORMATS)} (default: as the checkpoint says)`,
      choiceValue('--format', PRM_FORMATS),
    )
    .option(
      '--precision <precision>',
      `${words(PRECISIONS)} (default: int8)`,
      choiceValue('--precision', PRECISIONS),
    )
    .option('--overwrite', 'replace a model package that is there')
    .option('--json', 'print the manifest as one JSON document and nothing else')
    .action((source: string, dest: string, flags: ImportFlags) =>
      run(() => importCommand(source, dest, flags, environment)),
    );
}

async function importCommand(
  source: string,
  destination: string,
  { json, ...flags }: ImportFlags,
  { stdout, stderr, signal }: Environment,
): Promise<ExitCode> {
  const status = new StatusLine(stderr);
  const startedAt = performance.now();
  const elapsed = () => seconds((performance.now() - startedAt) / 1000);
  const options: ImportOptions = {
    ...flags,
    signal,
    onProgress: (done, total) => {
      status.show(() => `${count(done)} of ${count(total)} matrices · ${elapsed()}`);
    },
  };
  let model: ModelPackage;
  try {
    model = await importModel(source, destination, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    status.clear();
    stderr.write('Interrupted: nothing was written.\n');
    return 130;
  } finally {
    status.clear();
  }
  stdout.write(
    json ? `${JSON.stringify(model.manifest)}\n` : await describePackage(model, elapsed()),
  );
  return 0;
}

/** What was made, how large it is, how long it took, and where it is. */
export async function describePackage(
  { manifest, directory }: ModelPackage,
  time: string,
): Promise<string> {
  const sizes = await Promise.all(
    Object.keys(manifest.files).map(async (name) => (await stat(join(directory, name))).size),
  );
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const { role, prmFormat } = manifest;
  return (
    `${manifest.name}: ${manifest.architecture}, ` +
    `${prmFormat === null ? role : `${role} (${prmFormat})`}, ` +
    `${magnitude(manifest.parameters)} parameters, ${manifest.precision}, ${bytes(size)}, ` +
    `in ${time}\n${directory}\n`
  );
}
