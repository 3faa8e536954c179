// `espalier report`: recorded runs as one HTML page.

import { bytes, count } from '../../figures.js';
import type { Environment } from '../environment.js';
import { integerValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';

interface ReportFlags {
  readonly out: string;
  readonly plan?: string;
  readonly trees?: number;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addReport(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('report')
    .summary('recorded runs as one HTML page')
    .description(
      'Writes one HTML file that needs no network: accuracy against budget and FLOPs, by difficulty, ' +
        'the plan, how far the reward model can be trusted, and a viewer of search trees.',
    )
    .argument('<runs...>', 'directories of finished runs, or of sweeps, over the same problems')
    .requiredOption('--out <file>', 'as in report.html', textValue('--out', 'a file'))
    .option('--plan <file>', 'what `espalier plan` wrote', textValue('--plan', 'a file'))
    .option(
      '--trees <K>',
      'problems in the tree viewer, evenly spaced (default: about 4 MB of them)',
      integerValue('--trees', 1),
    )
    .option('--json', 'print one JSON document and nothing else')
    .action((runs: string[], flags: ReportFlags) => run(() => report(runs, flags, environment)));
}

async function report(
  runs: readonly string[],
  { out, plan, trees, json }: ReportFlags,
  { stdout, stderr }: Environment,
): Promise<ExitCode> {
  // The charts' library is loaded for this command alone.
  const { writeReport } = await import('../../report/write-report.js');
  const status = new StatusLine(stderr);
  status.show(() => 'computing intervals; many problems with many paths take a minute');
  const options = { runs, out, plan, trees };
  const written = await writeReport(options).finally(() => status.clear());
  const { data, problems } = written;
  const facts = { runs: data.runs.length, problems: data.dataset.problems, trees: problems.length };
  stdout.write(
    json === true
      ? `${JSON.stringify({ out, bytes: written.bytes, ...facts })}\n`
      : `${count(facts.runs)} runs over ${count(facts.problems)} problems, trees of ` +
          `${count(facts.trees)}\nreport: ${out} (${bytes(written.bytes)})\n`,
  );
  return 0;
}
