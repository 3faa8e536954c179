// `espalier merge`: the shards of a run into the run that one process would have written.
import { mergeRuns } from '../../evaluation/merge.js';
import { count } from '../../figures.js';
import type { Environment } from '../environment.js';
import { textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import type { StrictCommand } from '../strict-command.js';

interface MergeFlags {
  readonly out: string;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addMerge(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('merge')
    .summary('join the shards of a run')
    .description(
      'Joins all shards of a run (espalier eval --shard i/n), in any order, into exactly what one ' +
        'process would have written.',
    )
    .argument('<runs...>', 'the run directories of the shards')
    .requiredOption('--out <directory>', 'the whole run', textValue('--out', 'a directory'))
    .option('--json', 'print one JSON document and nothing else')
    .action((runs: string[], flags: MergeFlags) => run(() => merge(runs, flags, environment)));
}

async function merge(
  runs: readonly string[],
  flags: MergeFlags,
  { stdout }: Environment,
): Promise<ExitCode> {
  const { units } = await mergeRuns(runs, flags.out);
  const facts = { out: flags.out, shards: runs.length, searches: units };
  stdout.write(
    flags.json === true
      ? `${JSON.stringify(facts)}\n`
      : `${count(units)} searches of ${count(runs.length)} shards\nrun directory: ${flags.out}\n`,
  );
  return 0;
}
