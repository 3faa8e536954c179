// `espalier eval`: a strategy over a dataset, into a run directory that can be resumed.
import { type Dataset, openDataset } from '../../evaluation/dataset.js';
import { evaluate, placeProblems, totalSeconds } from '../../evaluation/evaluate.js';
import type { ResultRecord } from '../../evaluation/result-record.js';
import {
  checkRunDirectory,
  type Json,
  type RunConfiguration,
  RunDirectory,
} from '../../evaluation/run-directory.js';
import { type Summary, summarise } from '../../evaluation/summary.js';
import type { ModelPackage } from '../../model/package.js';
import { resolveOptions } from '../../search/options.js';
import type { Environment } from '../environment.js';
import { percent, seconds } from '../figures.js';
import { findModels, loadModels, type ModelPackages, type OpenModels } from '../open-models.js';
import { integerValue, textValue } from '../option-values.js';
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

interface EvalFlags extends SearchFlags {
  readonly dataset: string;
  readonly out: string;
  readonly limit?: number;
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
    )
    .requiredOption(
      '--dataset <set>',
      'mini-500, calibration, or a JSONL file of problem and answer',
      textValue('--dataset', "a dataset's name or a file"),
    )
    .requiredOption('--out <directory>', 'the run directory', textValue('--out', 'a directory'))
    .option('--limit <K>', 'only K problems, evenly spaced', integerValue('--limit', 1))
    .option('--concurrency <C>', 'searches at once', integerValue('--concurrency', 1), 4);
  addSearchFlags(command)
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: EvalFlags) => run(() => evaluateDataset(flags, environment)));
}

async function evaluateDataset(flags: EvalFlags, environment: Environment): Promise<ExitCode> {
  const settings = searchSettings(flags);
  const dataset = await openDataset(flags.dataset);
  const packages = await findModels(flags, settings.strategy);
  const models = await loadModels(packages, flags, environment);
  try {
    const configuration = configurationOf(dataset, packages, models, settings, flags);
    await checkRunDirectory(flags.out, configuration);
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
  const problems = placeProblems(dataset.problems, flags.limit);
  const status = new StatusLine(environment.stderr);
  const startedAt = performance.now();
  let correct = 0;
  let finished = 0;
  const { policy, reward } = models;
  const isComplete = await evaluate(problems, {
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
          `${finished}/${problems.length} problems · ${percent(correct / finished)} correct · ` +
          seconds(elapsed),
      );
    },
  }).finally(() => status.clear());
  const summary = summarise(run.records.values());
  const took = totalSeconds(await run.readTimings());
  const facts = { out: flags.out, problems: problems.length, isComplete, seconds: took };
  environment.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ ...facts, ...summary } satisfies Summary & typeof facts)}\n`
      : reportRun(summary, facts, environment.stdout),
  );
  return isComplete ? 0 : 130;
}

/** What determines the results, and nothing else. */
function configurationOf(
  dataset: Dataset,
  packages: ModelPackages,
  models: OpenModels,
  settings: SearchSettings,
  flags: EvalFlags,
): RunConfiguration {
  const { policy, reward } = models;
  const resolved = resolveOptions({ ...settings, policy, ...(reward && { reward }) });
  const { strategy, seed, temperature, topK, topP, minP } = resolved;
  const { maxSteps, maxStepTokens, maxPathTokens } = resolved;
  return {
    format: 1,
    versions: { espalier: version, onnxruntime: runtimePackageVersion },
    dataset: {
      name: dataset.name,
      sha256: dataset.sha256,
      problems: dataset.problems.length,
      limit: flags.limit ?? null,
    },
    policy: modelFacts(packages.policy),
    reward: packages.reward === undefined ? null : modelFacts(packages.reward),
    options: {
      strategy: { ...strategy },
      seed,
      temperature,
      topK,
      topP,
      minP,
      maxSteps,
      maxStepTokens,
      maxPathTokens,
      limits: {
        tokens: flags.limitTokens ?? null,
        flops: flags.limitFlops ?? null,
        milliseconds: flags.limitMs ?? null,
      },
    },
  };
}

function modelFacts({ manifest }: ModelPackage): Json {
  const files = Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256] as const);
  return {
    name: manifest.name,
    architecture: manifest.architecture,
    precision: manifest.precision,
    sha256: Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
