// `espalier sweep`: many strategies, budgets and models over one dataset, with the models loaded once.
import { join } from 'node:path';
import { armOf } from '../../evaluation/arms.js';
import type { Dataset } from '../../evaluation/dataset.js';
import { type Estimate, estimateArm, estimateAuto } from '../../evaluation/estimates.js';
import {
  evaluate,
  type RunInProgress,
  type SharedSearchOptions,
} from '../../evaluation/evaluate.js';
import { replaceFile } from '../../evaluation/replace-file.js';
import type { ResultRecord } from '../../evaluation/result-record.js';
import { configureRun } from '../../evaluation/run-configuration.js';
import {
  checkRunDirectory,
  type RunConfiguration,
  RunDirectory,
  readRun,
} from '../../evaluation/run-directory.js';
import { preparePaths, scorePaths } from '../../evaluation/score.js';
import { planSweep, type SweepRun, workOf } from '../../evaluation/sweep.js';
import { type Unit, unitsOf } from '../../evaluation/units.js';
import { magnitude, percent } from '../../figures.js';
import { budgetOf } from '../../planning/arm.js';
import type { Reward } from '../../scoring/reward.js';
import type { BestOfNStrategy } from '../../search/strategy.js';
import { warningsOf } from '../../search/warnings.js';
import { openDatasetOf } from '../dataset-flags.js';
import { coloursOf, type Environment } from '../environment.js';
import type { ExitCode } from '../outcome.js';
import { checkPlanModels } from '../plan-flags.js';
import { promptOptions } from '../prompt-flags.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { addSweepFlags, type SweepFlags, samplingOf, sweepOptions } from '../sweep-flags.js';
import {
  findSweepModels,
  loadSweepModels,
  type NamedModel,
  type SweepModels,
} from '../sweep-models.js';
import { table } from '../text-layout.js';
import { runtimePackageVersion, version } from '../version.js';
import { warn } from '../warn.js';
import { WorkProgress } from '../work-progress.js';

// Far from the seed of any repeat: difficulty is told from samples of its own.
const difficultySeedOffset = 1_000_000;

/** Adds the command; `run` gets its handler. */
export function addSweep(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const command = program
    .command('sweep')
    .summary('strategies, budgets, policies and reward models over a dataset')
    .description(
      'Runs strategies x budgets x policies x reward models with the models loaded once. Paths are ' +
        'sampled once at the largest budget, scored under every reward model, and subsampled; ' +
        'beam search runs at each budget. Each run is a directory in --out; estimates.json holds ' +
        'the table. A sweep that was stopped goes on where it was.',
    );
  addSweepFlags(command).action((flags: SweepFlags) => run(() => sweep(flags, environment)));
}

/** What all runs of a sweep share. */
interface Sweep {
  readonly flags: SweepFlags;
  readonly dataset: Dataset;
  readonly environment: Environment;
}

/** A run with its models and all that determines it. */
interface ReadyRun {
  readonly plan: SweepRun;
  readonly directory: string;
  readonly units: readonly Unit[];
  readonly search: SharedSearchOptions;
  readonly reward: NamedModel<Reward> | undefined;
  readonly configuration: RunConfiguration;
}

async function sweep(flags: SweepFlags, environment: Environment): Promise<ExitCode> {
  const dataset = await openDatasetOf(flags, environment);
  const packages = await findSweepModels(flags.policies, flags.rewards);
  const plans = planSweep(await sweepOptions(flags, packages));
  for (const { strategy, policy, reward } of plans) {
    const named = <M extends { readonly manifest: { readonly name: string } }>(
      models: readonly M[],
      name: string | undefined,
    ) => models.find(({ manifest }) => manifest.name === name);
    const found = named(packages.policies, policy);
    if (found !== undefined) checkPlanModels(strategy, found, named(packages.rewards, reward));
  }
  const { kvMemory, threads } = flags;
  const options = { ...(kvMemory && { kvMemory }), ...(threads && { threads }) };
  const models = await loadSweepModels(packages, options, promptOptions(flags), environment);
  try {
    const whole: Sweep = { flags, dataset, environment };
    const runs = plans.map((plan) => prepare(whole, plan, models));
    // Everything is checked before anything runs.
    for (const run of runs) await checkRunDirectory(run.directory, run.configuration);
    const pairs = runs.flatMap(({ search, reward }) => warningsOf(search.policy, reward?.model));
    warn(pairs, environment);
    if (!(await runAll(whole, runs))) {
      environment.stderr.write('Stopped; the same command goes on.\n');
      return 130;
    }
    const estimates = await estimateAll(runs, flags.budgets, flags.strategies);
    const file = join(flags.out, 'estimates.json');
    await replaceFile(file, `${JSON.stringify(estimates, null, 2)}\n`);
    environment.stdout.write(
      flags.json === true
        ? `${JSON.stringify({ out: flags.out, estimates })}\n`
        : report(estimates, flags.out, environment),
    );
    return 0;
  } finally {
    await models.dispose();
  }
}

function prepare({ flags, dataset }: Sweep, plan: SweepRun, models: SweepModels): ReadyRun {
  const policy = models.policies.get(plan.policy);
  if (policy === undefined) throw new RangeError(`No policy ${plan.policy} was loaded`);
  const reward = plan.reward === undefined ? undefined : models.rewards.get(plan.reward);
  const isDifficulty = plan.purpose === 'difficulty';
  const seed = flags.seed + (isDifficulty ? difficultySeedOffset : 0);
  const units = {
    ...(flags.limit && { limit: flags.limit }),
    ...(flags.repeats && !isDifficulty && { repeats: flags.repeats }),
  };
  const search: SharedSearchOptions = {
    policy: policy.model,
    ...(reward && { reward: reward.model }),
    strategy: plan.strategy,
    seed,
    ...samplingOf(flags, plan.strategy),
  };
  return {
    plan,
    directory: join(flags.out, plan.directory),
    units: unitsOf(dataset.problems, { seed, ...units }),
    search,
    reward,
    configuration: configureRun({
      versions: { espalier: version, onnxruntime: runtimePackageVersion },
      dataset,
      purpose: plan.purpose,
      units,
      policy: policy.facts,
      reward: reward?.facts,
      search,
    }),
  };
}

/** Runs everything; resolves to whether all of it is complete. */
async function runAll({ flags, environment }: Sweep, runs: readonly ReadyRun[]): Promise<boolean> {
  const status = new StatusLine(environment.stderr);
  const progress = new WorkProgress(runs.map(({ plan, units }) => workOf(plan, units.length)));
  try {
    for (const ready of runs) {
      const { directory, plan, units, configuration } = ready;
      const run = await RunDirectory.open<ResultRecord>(directory, configuration);
      // What an earlier invocation did tells nothing about this one's speed.
      let old = run.records.length;
      try {
        const isComplete = await perform(ready, flags.out, {
          run,
          concurrency: flags.concurrency,
          signal: environment.signal,
          onRecord: () => {
            progress.add(workOf(plan, 1), old-- > 0);
            status.show(() => `${plan.directory} of ${units.length} · ${progress.text()}`);
          },
        });
        if (!isComplete) return false;
      } finally {
        await run.close();
      }
    }
  } finally {
    status.clear();
  }
  return true;
}

/** Samples or scores one run; resolves to whether it is complete. */
async function perform(
  { plan, units, search, reward }: ReadyRun,
  out: string,
  progress: RunInProgress,
): Promise<boolean> {
  if (plan.source === undefined || reward === undefined) {
    return evaluate(units, { ...progress, options: search });
  }
  const source = await readRun<ResultRecord>(join(out, plan.source));
  const { name: _, budget: __, ...rule } = plan.strategy as BestOfNStrategy;
  return scorePaths(preparePaths(source, reward.facts, rule), reward.model, progress);
}

/** One row for each strategy that was asked for, at each budget that its run tells of. */
async function estimateAll(
  runs: readonly ReadyRun[],
  budgets: readonly number[],
  strategies: readonly string[],
): Promise<readonly Estimate[]> {
  const estimates: Estimate[] = [];
  for (const { directory, plan } of runs) {
    if (plan.purpose === 'difficulty' || !strategies.includes(plan.strategy.name)) continue;
    const run = await readRun<ResultRecord>(directory);
    if (plan.strategy.name === 'auto') {
      estimates.push(estimateAuto(run));
      continue;
    }
    const largest = budgetOf(plan.strategy);
    const unit = 'width' in plan.strategy ? plan.strategy.width : 1;
    const isWhole = plan.strategy.name === 'greedy' || plan.strategy.name === 'beam-search';
    const asked = budgets.filter((budget) => budget % unit === 0 && budget <= largest);
    for (const budget of isWhole ? [largest] : asked) {
      estimates.push(estimateArm(armOf(run, budget)));
    }
  }
  return estimates;
}

function report(estimates: readonly Estimate[], out: string, { stdout }: Environment): string {
  const rows = estimates.map(({ policy, reward, strategy, budget, accuracy, flops }) => [
    policy,
    reward ?? '',
    strategy.name,
    String(budget),
    percent(accuracy.mean),
    `${(100 * accuracy.low).toFixed(1)}–${percent(accuracy.high)}`,
    magnitude(flops),
  ]);
  const titles = ['policy', 'reward', 'strategy', 'N', 'accuracy', '95% interval', 'FLOP'];
  const [header = '', ...body] = table([titles, ...rows], 'lllrrrr');
  const colours = coloursOf(stdout);
  return `${[colours.dim(header), ...body, colours.dim(`runs: ${out}`)].join('\n')}\n`;
}
