// `espalier score`: recorded paths under another reward model, so that one generation serves them all.
import { basename, join, resolve } from 'node:path';
import { invalidOption } from '../../errors.js';
import { totalSeconds } from '../../evaluation/evaluate.js';
import type { AnyRecord } from '../../evaluation/result-record.js';
import { readConfigured } from '../../evaluation/run-configuration.js';
import {
  checkRunDirectory,
  RunDirectory,
  readRun,
  type SavedRun,
} from '../../evaluation/run-directory.js';
import { preparePaths, type ScorablePaths, scorePaths } from '../../evaluation/score.js';
import { summarise } from '../../evaluation/summary.js';
import { openPackage } from '../../model/package.js';
import type { Reward } from '../../scoring/reward.js';
import type { VoteRule } from '../../search/vote.js';
import { mismatch } from '../../search/warnings.js';
import type { Environment } from '../environment.js';
import { bytesValue, integerValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { reportRun } from '../run-report.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { addVoteFlags } from '../vote-flags.js';
import { warn } from '../warn.js';
import { WorkProgress } from '../work-progress.js';

interface ScoreFlags extends VoteRule {
  readonly reward: string;
  readonly out: string;
  readonly concurrency: number;
  readonly kvMemory?: number;
  readonly threads?: number;
  readonly json?: true;
}

/** A run to score and where the scored one goes. */
interface Target {
  readonly paths: ScorablePaths;
  readonly out: string;
}

/** Adds the command; `run` gets its handler. */
export function addScore(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const model = 'directory of a model package, or an embedded model';
  const command = program
    .command('score')
    .summary('score recorded paths with another reward model')
    .description(
      'Scores the paths of finished majority or best-of-n runs and votes again, without sampling: ' +
        'gives the run that best-of-n with this reward model would have been. One run goes to ' +
        '--out itself, several go to directories of their names in it.',
    )
    .argument('<runs...>', 'run directories')
    .requiredOption('--reward <model>', `scores the steps: ${model}`, textValue('--reward', model))
    .requiredOption('--out <directory>', 'the scored run', textValue('--out', 'a directory'));
  addVoteFlags(command)
    .option('--concurrency <C>', 'problems at once', integerValue('--concurrency', 1), 4)
    .option('--kv-memory <size>', "the model's KV cache, as in 512MB", bytesValue('--kv-memory'))
    .option('--threads <count>', 'threads to compute with', integerValue('--threads', 1))
    .option('--json', 'print one JSON document and nothing else')
    .action((runs: string[], flags: ScoreFlags) => run(() => score(runs, flags, environment)));
}

async function score(
  runs: readonly string[],
  flags: ScoreFlags,
  environment: Environment,
): Promise<ExitCode> {
  const outs = outputsFor(runs, flags.out);
  const sources = await Promise.all(runs.map((path) => readRun<AnyRecord>(path)));
  const { directory, manifest } = await openPackage(flags.reward, { role: 'reward' });
  const { kvMemory, threads, aggregation, vote } = flags;
  await using reward = await environment.loadReward(directory, {
    ...(kvMemory === undefined ? {} : { kvMemory }),
    ...(threads === undefined ? {} : { threads }),
  });
  const rule = { ...(aggregation && { aggregation }), ...(vote && { vote }) };
  const targets = sources.map((source, i): Target => {
    const paths = preparePaths(source, { manifest, cost: reward.cost }, rule);
    return { paths, out: outs[i] ?? flags.out };
  });
  // Everything is checked before anything is scored.
  for (const { paths, out } of targets) await checkRunDirectory(out, paths.configuration);
  warn(
    sources.flatMap((source) => mismatchOf(source, reward)),
    environment,
  );
  const reports: object[] = [];
  const progress = new WorkProgress(sources.map(({ records }) => records.length));
  for (const target of targets) {
    const { isComplete, ...report } = await scoreOne(target, reward, progress, flags, environment);
    reports.push({ isComplete, ...report });
    if (!isComplete) break;
  }
  if (flags.json === true) {
    environment.stdout.write(`${JSON.stringify(runs.length === 1 ? reports[0] : reports)}\n`);
  }
  return environment.signal.aborted ? 130 : 0;
}

function mismatchOf(source: SavedRun, reward: Reward): readonly string[] {
  const { policy, prompt } = readConfigured(source);
  const isForeign = reward.isEmbedded && prompt !== undefined && prompt.family !== 'embedded';
  return isForeign ? [mismatch(reward.name, policy.name)] : [];
}

function outputsFor(runs: readonly string[], out: string): readonly string[] {
  if (runs.length === 1) return [out];
  const names = runs.map((path) => basename(resolve(path)));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalidOption('runs', 'directories of different names', twice);
  return names.map((name) => join(out, name));
}

async function scoreOne(
  { paths, out }: Target,
  reward: Reward,
  progress: WorkProgress,
  { concurrency, json }: ScoreFlags,
  { stdout, stderr, signal }: Environment,
) {
  const run = await RunDirectory.open<AnyRecord>(out, paths.configuration);
  const status = new StatusLine(stderr);
  const problems = paths.source.records.length;
  let finished = 0;
  // What an earlier invocation did tells nothing about this one's speed.
  let old = run.records.length;
  try {
    const isComplete = await scorePaths(paths, reward, {
      run,
      concurrency,
      signal,
      onRecord: () => {
        finished++;
        progress.add(1, old-- > 0);
        status.show(() => `${out} · ${finished}/${problems} scored · ${progress.text()}`);
      },
    }).finally(() => status.clear());
    const summary = summarise(run.records);
    const facts = { out, problems, isComplete, seconds: totalSeconds(await run.readTimings()) };
    if (json !== true) stdout.write(reportRun(summary, facts, stdout));
    return { ...facts, ...summary };
  } finally {
    await run.close();
  }
}
