// `espalier demo`: the headline experiment on the embedded models. One search drawn, then strategies
// and budgets side by side over the same problems. The plan is fixed: the clock decides nothing.
import { type Dataset, openDataset } from '../../evaluation/dataset.js';
import { searchMany } from '../../evaluation/evaluate.js';
import { isCorrect } from '../../evaluation/result-record.js';
import { type Proportion, wilsonInterval } from '../../evaluation/statistics.js';
import { type PlacedProblem, placeProblems } from '../../evaluation/units.js';
import { count, percent, seconds } from '../../figures.js';
import { search } from '../../search/search.js';
import {
  beamSearch,
  bestOfN,
  dvts,
  greedy,
  majority,
  type Strategy,
} from '../../search/strategy.js';
import { type Colours, coloursOf, type Environment } from '../environment.js';
import { findModels, loadModels, type OpenModels } from '../open-models.js';
import { integerValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { intervalText } from '../run-report.js';
import { reportSearch } from '../search-report.js';
import { SearchTree } from '../search-tree.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';

interface DemoFlags {
  readonly problems: number;
  readonly threads?: number;
  readonly json?: true;
}

/** One line of the table. */
interface DemoRow {
  readonly policy: string;
  readonly strategy: Strategy['name'];
  readonly budget: number;
  readonly accuracy: Proportion;
  /** Policy tokens sampled in all. */
  readonly tokens: number;
  readonly seconds: number;
}

// Sized for at most 90 s on two cores, with room to spare.
const plan = {
  policy: 'policy-0.4m',
  reward: 'prm-3m',
  /** What a search with the small policy is held against: this one, alone. */
  larger: 'policy-2m',
  problems: 100,
  concurrency: 16,
  shown: 'mini-500-005',
  strategies: [
    greedy(),
    majority({ budget: 4 }),
    majority({ budget: 16 }),
    bestOfN({ budget: 4 }),
    bestOfN({ budget: 16 }),
    beamSearch({ budget: 4 }),
    beamSearch({ budget: 16 }),
    dvts({ budget: 16 }),
  ] satisfies readonly Strategy[],
} as const;
const shownStrategy = beamSearch({ budget: 16 });
const barColumns = 18;

/** Adds the command; `run` gets its handler. */
export function addDemo(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('demo')
    .summary('search on the embedded models: a tree, then strategies side by side')
    .description(
      'Searches one problem before your eyes, then compares strategies and budgets on problems of ' +
        'mini-500 with the embedded models.',
    )
    .option(
      '--problems <count>',
      'how many, evenly spaced',
      integerValue('--problems', 1),
      plan.problems,
    )
    .option('--threads <count>', 'threads to compute with', integerValue('--threads', 1))
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: DemoFlags) => run(() => demo(flags, environment)));
}

async function demo(flags: DemoFlags, environment: Environment): Promise<ExitCode> {
  const dataset = await openDataset('mini-500');
  const { policy, reward, larger } = plan;
  const small = await findModels({ ...flags, policy, reward }, shownStrategy);
  const large = await findModels({ ...flags, policy: larger }, greedy());
  const models = await loadModels(small, flags, environment);
  try {
    const alone = await loadModels(large, flags, environment);
    try {
      return await compare(dataset, models, alone, flags, environment);
    } finally {
      await alone.dispose();
    }
  } finally {
    await models.dispose();
  }
}

async function compare(
  dataset: Dataset,
  models: OpenModels,
  alone: OpenModels,
  flags: DemoFlags,
  environment: Environment,
): Promise<ExitCode> {
  const { stdout, signal } = environment;
  const say = (text: string) => (flags.json === true ? undefined : stdout.write(text));
  const colours = coloursOf(stdout);
  await drawOne(dataset, models, environment, say);
  const problems = placeProblems(dataset.problems, flags.problems);
  say(`\n${heading(problems.length, dataset, models, colours)}`);
  const rows: DemoRow[] = [];
  const cells = plan.strategies.map((strategy) => ({ strategy, models }));
  for (const cell of [...cells, { strategy: greedy(), models: alone }]) {
    if (signal.aborted) break;
    const row = await measure(cell.strategy, problems, cell.models, environment);
    if (row === undefined) break;
    rows.push(row);
    const isAlone = cell.models === alone;
    if (isAlone) say(`${colours.bold(`${row.policy} alone, for comparison`)}\n`);
    say(`${rowLine(row, colours)}\n`);
  }
  say(signal.aborted ? '\nStopped by you.\n' : `\n${hints(colours)}`);
  if (flags.json === true) {
    const facts = { dataset: dataset.name, problems: problems.length, reward: models.reward?.name };
    stdout.write(`${JSON.stringify({ ...facts, rows })}\n`);
  }
  return signal.aborted ? 130 : 0;
}

/** Searches the plan's problem and draws its tree. */
async function drawOne(
  dataset: Dataset,
  { policy, reward }: OpenModels,
  { stdout, signal }: Environment,
  say: (text: string) => unknown,
): Promise<void> {
  const problem = dataset.problems.find(({ id }) => id === plan.shown) ?? dataset.problems[0];
  if (problem === undefined) return;
  const tree = new SearchTree();
  const result = await search(problem.problem, {
    policy,
    ...(reward === undefined ? {} : { reward }),
    strategy: shownStrategy,
    signal,
    onTrace: (event) => tree.add(event),
  });
  tree.settle(result);
  say(reportSearch(tree, result, stdout, false));
}

/** One strategy over all problems; undefined if it was interrupted. */
async function measure(
  strategy: Strategy,
  problems: readonly PlacedProblem[],
  { policy, reward }: OpenModels,
  { stderr, signal }: Environment,
): Promise<DemoRow | undefined> {
  const status = new StatusLine(stderr);
  const startedAt = performance.now();
  let [finished, correct, tokens] = [0, 0, 0];
  const budget = 'budget' in strategy ? strategy.budget : 1;
  await searchMany(problems, {
    options: { policy, ...(reward === undefined ? {} : { reward }), strategy },
    concurrency: plan.concurrency,
    signal,
    onResult: (problem, result) => {
      finished++;
      tokens += result.ledger.policy.sampledTokens;
      if (isCorrect(result.answer, problem.answer)) correct++;
      status.show(() => `${strategy.name} ${budget} · ${finished}/${problems.length} problems`);
    },
  }).finally(() => status.clear());
  if (finished < problems.length) return undefined;
  return {
    policy: policy.name,
    strategy: strategy.name,
    budget,
    accuracy: wilsonInterval(correct, finished),
    tokens,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function heading(
  problems: number,
  dataset: Dataset,
  { policy, reward }: OpenModels,
  colours: Colours,
): string {
  const title = `${policy.name} with ${reward?.name ?? 'no reward model'}, ${problems} problems of ${dataset.name}`;
  const columns = [
    'strategy'.padEnd(12),
    'N'.padStart(3),
    'accuracy'.padStart(9),
    '95% interval'.padStart(13),
    ''.padEnd(barColumns),
    'tokens'.padStart(9),
    'time'.padStart(7),
  ];
  return `${colours.bold(title)}\n${colours.dim(columns.join(' '))}\n`;
}

function rowLine(row: DemoRow, colours: Colours): string {
  const { rate } = row.accuracy;
  const bar = '█'.repeat(Math.round(rate * barColumns));
  return [
    row.strategy.padEnd(12),
    String(row.budget).padStart(3),
    percent(rate).padStart(9),
    intervalText(row.accuracy).padStart(13),
    colours.green(bar.padEnd(barColumns, '·')),
    count(row.tokens).padStart(9),
    seconds(row.seconds).padStart(7),
  ].join(' ');
}

function hints(colours: Colours): string {
  return [
    'Next:',
    '  npx espalier solve "Ann has 8 pens. Ben has 3 times as many pens as Ann. ..."',
    '  npx espalier eval --dataset mini-500 --budget 64 --out runs/dvts-64',
    '  npx espalier solve --help',
    '',
  ]
    .map((line) => colours.dim(line))
    .join('\n');
}
