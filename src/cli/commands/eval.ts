// `espalier eval`: a strategy over a dataset, into a run directory that can be resumed.
import type { Dataset } from '../../evaluation/dataset.js';
import { evaluate, totalSeconds } from '../../evaluation/evaluate.js';
import type { ResultRecord } from '../../evaluation/result-record.js';
import { configureRun } from '../../evaluation/run-configuration.js';
import { checkRunDirectory, RunDirectory } from '../../evaluation/run-directory.js';
import { type Summary, summarise } from '../../evaluation/summary.js';
import { type Shard, unitsOf } from '../../evaluation/units.js';
import { percent, seconds } from '../../figures.js';
import { warningsOf } from '../../search/warnings.js';
import { addDatasetFlags, type DatasetFlags, openDatasetOf } from '../dataset-flags.js';
import type { Environment } from '../environment.js';
import { configuredModels, findModels, loadModels, type OpenModels } from '../open-models.js';
import { integerValue, shardValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { reportRun } from '../run-report.js';
import {
  addSearchFlags,
  type SearchFlags,
  type SearchSettings,
  searchSettings,
} from '../search-flags.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { runtimePackageVersion, version } from '../version.js';
import { warn } from '../warn.js';

interface EvalFlags extends SearchFlags, DatasetFlags {
  readonly out: string;
  readonly limit?: number;
  readonly repeats?: number;
  readonly shard?: Shard;
  readonly concurrency: number;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addEval(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const command = program
    .command('eval')
    .summary('accuracy on a dataset, in a run directory that can be resumed')
    .description(
      'Searches for the answers of a dataset and grades them. The run directory holds run.json ' +
        '(all that is needed to repeat it), results.jsonl (a line a problem) and timings.jsonl. ' +
        'A run that was stopped goes on where it was; equal runs have equal results, byte for byte.',
    );
  addDatasetFlags(command)
    .requiredOption('--out <directory>', 'the run directory', textValue('--out', 'a directory'))
    .option('--limit <K>', 'only K problems, evenly spaced', integerValue('--limit', 1))
    .option('--repeats <K>', 'each problem under K seeds', integerValue('--repeats', 1))
    .option('--shard <i/n>', 'the i-th of n parts, for `espalier merge`', shardValue('--shard'))
    .option('--concurrency <C>', 'searches at once', integerValue('--concurrency', 1), 4);
  addSearchFlags(command)
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: EvalFlags) => run(() => evaluateDataset(flags, environment)));
}

async function evaluateDataset(flags: EvalFlags, environment: Environment): Promise<ExitCode> {
  const settings = await searchSettings(flags);
  const dataset = await openDatasetOf(flags, environment);
  const packages = await findModels(flags, settings.strategy);
  const models = await loadModels(packages, flags, environment);
  try {
    const { policy, reward } = models;
    const configuration = configureRun({
      versions: { espalier: version, onnxruntime: runtimePackageVersion },
      dataset,
      units: flags,
      ...configuredModels(packages, models),
      search: { ...settings, policy, ...(reward && { reward }) },
    });
    await checkRunDirectory(flags.out, configuration);
    warn(warningsOf(policy, reward), environment);
    const run = await RunDirectory.open<ResultRecord>(flags.out, configuration);
    try {
      return await evaluateRun(run, dataset, models, settings, flags, environment);
    } finally {
      await run.close();
    }
  } finally {
    await models.dispose();
  }
}

async function evaluateRun(
  run: RunDirectory<ResultRecord>,
  dataset: Dataset,
  models: OpenModels,
  settings: SearchSettings,
  flags: EvalFlags,
  environment: Environment,
): Promise<ExitCode> {
  const units = unitsOf(dataset.problems, flags);
  const status = new StatusLine(environment.stderr);
  const startedAt = performance.now();
  let correct = 0;
  let finished = 0;
  const { policy, reward } = models;
  const isComplete = await evaluate(units, {
    options: { ...settings, policy, ...(reward === undefined ? {} : { reward }) },
    concurrency: flags.concurrency,
    signal: environment.signal,
    run,
    onRecord: (record) => {
      finished++;
      if (record.correct) correct++;
      const elapsed = (performance.now() - startedAt) / 1000;
      status.show(
        () =>
          `${finished}/${units.length} ${(flags.repeats ?? 1) > 1 ? 'searches' : 'problems'} · ${percent(correct / finished)} correct · ` +
          seconds(elapsed),
      );
    },
  }).finally(() => status.clear());
  const summary = summarise(run.records);
  const took = totalSeconds(await run.readTimings());
  const facts = { out: flags.out, problems: units.length, isComplete, seconds: took };
  environment.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ ...facts, ...summary } satisfies Summary & typeof facts)}\n`
      : reportRun(summary, facts, environment.stdout),
  );
  return isComplete ? 0 : 130;
}
