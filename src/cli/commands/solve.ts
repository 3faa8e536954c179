// `espalier solve`: one question, searched before your eyes.
import { autoFacts } from '../../evaluation/run-configuration.js';
import { count, seconds } from '../../figures.js';
import type { AnyStrategy } from '../../search/auto-strategy.js';
import type { SearchResult } from '../../search/result.js';
import { search } from '../../search/search.js';
import type { TraceEvent } from '../../search/trace.js';
import { warningsOf } from '../../search/warnings.js';
import type { Environment } from '../environment.js';
import { findModels, loadModels, type OpenModels } from '../open-models.js';
import { textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import {
  addSearchFlags,
  type SearchFlags,
  type SearchSettings,
  searchSettings,
} from '../search-flags.js';
import { reportSearch } from '../search-report.js';
import { SearchTree } from '../search-tree.js';
import { showPrompt } from '../show-prompt.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { TraceFile } from '../trace-file.js';
import { warn } from '../warn.js';

interface SolveFlags extends SearchFlags {
  readonly json?: true;
  readonly full?: true;
  readonly showPrompt?: true;
  readonly trace?: string;
}

/** Adds the command; `run` gets its handler. */
export function addSolve(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const command = program
    .command('solve')
    .summary('search for the answer to one question')
    .description(
      'Searches for the answer to one question; prints the tree, the answer and what it took.',
    )
    .argument('<question>', 'in quotes', textValue('question', 'a text that is not blank'));
  addSearchFlags(command)
    .option('--show-prompt', 'print what both models are sent, token by token; search nothing')
    .option('--full', 'draw every branch of a large tree')
    .option('--trace <file>', 'write every event of the search, one JSON object a line')
    .option('--json', 'print one JSON document and nothing else')
    .action((question: string, flags: SolveFlags) =>
      run(() => solve(question, flags, environment)),
    );
}

async function solve(
  question: string,
  flags: SolveFlags,
  environment: Environment,
): Promise<ExitCode> {
  const settings = await searchSettings(flags);
  const packages = await findModels(flags, settings.strategy);
  if (flags.showPrompt === true) {
    await showPrompt(question, packages, flags, environment);
    return 0;
  }
  const trace = flags.trace === undefined ? undefined : await TraceFile.open(flags.trace);
  let models: OpenModels | undefined;
  try {
    models = await loadModels(packages, flags, environment);
    const tree = new SearchTree();
    const status = new StatusLine(environment.stderr);
    const startedAt = performance.now();
    const onTrace = (event: TraceEvent) => {
      tree.add(event);
      trace?.add(event);
      status.show(() => progress(tree, settings.strategy, (performance.now() - startedAt) / 1000));
    };
    const { policy, reward } = models;
    warn(warningsOf(policy, reward), environment);
    const result = await search(question, {
      ...settings,
      policy,
      ...(reward === undefined ? {} : { reward }),
      signal: environment.signal,
      onTrace,
    }).finally(() => status.clear());
    tree.settle(result);
    await trace?.finish();
    const isJson = flags.json === true;
    const facts = { question, policy: policy.name, reward: reward?.name ?? null };
    environment.stdout.write(
      isJson
        ? `${JSON.stringify(document(facts, settings, result))}\n`
        : reportSearch(tree, result, environment.stdout, flags.full === true),
    );
    return result.stopReason === 'aborted' ? 130 : 0;
  } finally {
    await trace?.close();
    await models?.dispose();
  }
}

/** What `--json` prints. */
function document(
  facts: { readonly question: string; readonly policy: string; readonly reward: string | null },
  { strategy, seed }: Pick<SearchSettings, 'strategy' | 'seed'>,
  result: SearchResult,
): object {
  const shown = strategy.name === 'auto' ? autoFacts(strategy) : strategy;
  return { ...facts, strategy: shown, seed, ...result };
}

function progress(tree: SearchTree, strategy: AnyStrategy, elapsed: number): string {
  const parts = [
    'budget' in strategy && strategy.budget !== undefined
      ? `${strategy.name} ${strategy.budget}`
      : strategy.name,
    `${count(tree.size)} branches`,
    `${count(tree.liveCount)} live`,
    `${count(tree.countOf('pruned'))} pruned`,
    `${count(tree.countOf('complete'))} complete`,
    `${count(tree.tokens)} tokens`,
    seconds(elapsed),
  ];
  return parts.join(' · ');
}
