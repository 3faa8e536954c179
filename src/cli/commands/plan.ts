// `espalier plan`: which strategy at which N, by difficulty and budget, from recorded runs; and how
// that does on problems it has not seen.

import { defaultProbes } from '../../evaluation/auto-replay.js';
import type { Interval } from '../../evaluation/bootstrap.js';
import { readPlanData } from '../../evaluation/plan-data.js';
import {
  formatPlan,
  makePlan,
  type PairPlan,
  type TestedPlan,
} from '../../evaluation/plan-file.js';
import { replaceFile } from '../../evaluation/replace-file.js';
import type { Line, TestTable } from '../../evaluation/test-table.js';
import { magnitude, percent } from '../../figures.js';
import { budgetOf } from '../../planning/arm.js';
import type { Confusion } from '../../planning/auto-fit.js';
import { bins } from '../../planning/difficulty.js';
import type { BinPlan } from '../../planning/plan.js';
import type { ProbingStep } from '../../planning/probing.js';
import { type Colours, coloursOf, type Environment } from '../environment.js';
import { integerValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import type { StrictCommand } from '../strict-command.js';
import { table } from '../text-layout.js';

interface PlanFlags {
  readonly calibration: readonly string[];
  readonly test?: readonly string[];
  readonly out: string;
  readonly probes: number;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addPlan(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('plan')
    .summary('the best strategy by difficulty and budget, from recorded runs')
    .description(
      'Fits a plan to calibration runs (directories of runs, or of sweeps, with difficulty samples) ' +
        'and tests it on runs over other problems; without --test it is cross-fitted in five ' +
        'folds. Difficulty is pass@1: easy from 50%, medium from 10%, hard below.',
    )
    .requiredOption('--calibration <runs...>', 'run or sweep directories')
    .option('--test <runs...>', 'run or sweep directories over other problems')
    .requiredOption('--out <file>', 'as in plan.json', textValue('--out', 'a file'))
    .option(
      '--probes <K>',
      'paths by which auto predicts difficulty',
      integerValue('--probes', 1),
      defaultProbes,
    )
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: PlanFlags) => run(() => plan(flags, environment)));
}

async function plan(flags: PlanFlags, { stdout }: Environment): Promise<ExitCode> {
  const { probes } = flags;
  const calibration = await readPlanData(flags.calibration, { probes });
  const test = flags.test === undefined ? undefined : await readPlanData(flags.test, { probes });
  const tested = makePlan(calibration, test);
  const document = formatPlan(tested, calibration, test);
  await replaceFile(flags.out, `${JSON.stringify(document, null, 2)}\n`);
  stdout.write(
    flags.json === true
      ? `${JSON.stringify(document)}\n`
      : report(tested, flags.out, coloursOf(stdout)),
  );
  return 0;
}

function report(
  { plans, tables, isCrossFitted }: TestedPlan,
  out: string,
  colours: Colours,
): string {
  const how = isCrossFitted ? 'cross-fitted in five folds of one set' : 'on the test problems';
  const lines = [
    ...plans.flatMap((one) => planLines(one, colours)),
    ...tables.flatMap((one) => testLines(one, how, colours)),
    colours.dim(`plan: ${out}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** What to run, by difficulty, from each number of FLOPs on. */
function planLines(
  { policy, reward, bins: byBin, all, auto }: PairPlan,
  colours: Colours,
): string[] {
  const titles = ['difficulty', 'problems', '', 'from FLOP', 'strategy', 'N', 'accuracy'];
  const lines = [
    colours.bold(`${policy} with ${reward}`),
    ...binTable(titles, { ...byBin, all }, colours),
  ];
  if (auto === undefined) return lines;
  const predicted = ['predicted', 'searches', ...titles.slice(2)];
  return [
    ...lines,
    colours.bold(`auto, by what ${auto.probes} probe paths predict`),
    ...confusionLines(auto.confusion, 'calibration', colours),
    ...binTable(predicted, { ...auto.table.bins, all: auto.table.all }, colours),
    ...probingLines(auto.probing.byFlops, colours),
  ];
}

/** From how many FLOPs on probes pay, and what either way scores and costs there. */
function probingLines(steps: readonly ProbingStep[], colours: Colours): string[] {
  const rows = steps.map(({ from, pays, probed, unprobed }) => [
    magnitude(from),
    pays ? 'probes' : 'does not probe',
    ...[probed, unprobed].flatMap((means) =>
      means === null ? ['', ''] : [percent(means.accuracy), magnitude(means.cost)],
    ),
  ]);
  const titles = ['from FLOP', 'auto', 'with probes', 'spent', 'without', 'spent'];
  const [header = '', ...body] = table([titles, ...rows], 'rlrrrr');
  return [colours.dim(header), ...body, ''];
}

function binTable(
  titles: readonly string[],
  byBin: { readonly [name: string]: BinPlan },
  colours: Colours,
): string[] {
  const rows = [...bins, 'all'].flatMap((name) => {
    const { problems = 0, chosenOn, byFlops = [] } = byBin[name] ?? {};
    return byFlops.map(({ from, arm, accuracy }, i) => [
      i === 0 ? name : '',
      i === 0 ? String(problems) : '',
      i === 0 && chosenOn !== name ? 'too few: as all' : '',
      magnitude(from),
      arm.strategy.name,
      String(budgetOf(arm.strategy)),
      percent(accuracy),
    ]);
  });
  const [header = '', ...body] = table([titles, ...rows], 'lrlrlrr');
  return [colours.dim(header), ...body, ''];
}

/** How often a bin is predicted for what it is. */
function confusionLines(confusion: Confusion, where: string, colours: Colours): string[] {
  const rows = bins.map((bin) => [bin, ...bins.map((other) => String(confusion[bin][other]))]);
  const titles = ['truly', ...bins.map((bin) => `as ${bin}`)];
  const [header = '', ...body] = table([titles, ...rows], 'lrrr');
  const right = bins.reduce((sum, bin) => sum + confusion[bin][bin], 0);
  const all = bins.flatMap((bin) => bins.map((other) => confusion[bin][other]));
  const share = right / all.reduce((sum, count) => sum + count, 0);
  return [`predicted bins on ${where}: ${percent(share)} right`, colours.dim(header), ...body, ''];
}

/** How the plan does, level by level. */
function testLines(
  { policy, reward, levels, problems, confusion }: TestTable,
  how: string,
  colours: Colours,
): string[] {
  const rows = levels.flatMap(({ budget, flops, lines, autoProbes }) =>
    lines.map((line, i) => [
      i === 0 ? String(budget) : '',
      i === 0 ? magnitude(flops) : '',
      lineTitle(line, autoProbes),
      ...measured(line),
    ]),
  );
  const titles = ['N', 'FLOP', 'line', 'accuracy', '95% interval', 'spent'];
  const [header = '', ...body] = table([titles, ...rows], 'rrlrrr');
  const counts = bins.map((bin) => `${problems[bin]} ${bin}`).join(', ');
  const leads = levels.flatMap(({ budget, leads: own, autoLeads }) => [
    ...own.map((lead) => ({ budget, of: 'the plan', ...lead })),
    ...autoLeads.map((lead) => ({ budget, of: 'auto', ...lead })),
  ]);
  const compared = leads
    .filter(({ of, isBeaten }) => isBeaten || of === 'auto')
    .map(({ budget, of, over, isBeaten, ...lead }) => {
      return `N ${budget}: ${of} ${isBeaten ? 'beats' : 'against'} ${over}: ${interval(lead)}`;
    });
  return [
    colours.bold(`${policy} with ${reward}, ${how} (${counts})`),
    colours.dim(header),
    ...body,
    '* knows the answers',
    ...compared,
    ...(leads.some(({ isBeaten }) => isBeaten) ? [] : ['Nothing is beaten.']),
    '',
    ...(confusion === null ? [] : confusionLines(confusion, 'these problems', colours)),
  ];
}

function lineTitle({ name, usesLabels }: Line, autoProbes: number | null): string {
  if (name !== 'auto' || autoProbes === null) return usesLabels ? `${name} *` : name;
  if (autoProbes === 0) return `${name} (does not probe)`;
  return autoProbes === 1 ? `${name} (probes)` : `${name} (probes ${percent(autoProbes)})`;
}

function interval({ mean, low, high }: Interval): string {
  const points = (value: number) => (100 * value).toFixed(1);
  return `${points(mean)} points (${points(low)} to ${points(high)})`;
}

function measured({ accuracy, flops }: Line): string[] {
  if (accuracy === null || flops === null) return ['not run', '', ''];
  const { mean, low, high } = accuracy;
  return [percent(mean), `${(100 * low).toFixed(1)}–${percent(high)}`, magnitude(flops)];
}
