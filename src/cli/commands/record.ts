// `espalier record`: outputs that came from elsewhere as a run, graded, for score, report and the rest.

import { invalidOption } from '../../errors.js';
import { checkOutputFields, type OutputFields } from '../../evaluation/output-lines.js';
import { type OutputsOptions, recordOutputs } from '../../evaluation/outputs-run.js';
import { summarise } from '../../evaluation/summary.js';
import { openTokenCounter } from '../../evaluation/token-counter.js';
import { openPackage } from '../../model/package.js';
import { modelCost } from '../../scoring/load.js';
import type { VoteRule } from '../../search/vote.js';
import { addDatasetFlags, type DatasetFlags, openDatasetOf, roleValue } from '../dataset-flags.js';
import type { Environment } from '../environment.js';
import { textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { reportRun } from '../run-report.js';
import type { StrictCommand } from '../strict-command.js';
import { version } from '../version.js';
import { addVoteFlags } from '../vote-flags.js';

interface RecordFlags extends DatasetFlags, VoteRule {
  readonly out: string;
  readonly outputField?: OutputFields;
  readonly policy?: string;
  readonly policyName?: string;
  readonly rewardName?: string;
  readonly delimiter?: string;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addRecord(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const command = program
    .command('record')
    .summary("anyone's outputs as a run")
    .description(
      'Grades outputs that came from elsewhere and records them as a run: a JSONL file with a line ' +
        'a problem, {"id" or "problem", "outputs": [...]} and, where there are any, "scores" from 0 ' +
        'to 1: of each output a number, or a list with one for each step. The run can be scored ' +
        'with any reward model (espalier score). What the outputs cost is not known, unless ' +
        '--policy names the package of the model that wrote them: then their tokens are counted.',
    )
    .argument('<file>', 'outputs, one problem a line', textValue('file', 'a path'));
  addDatasetFlags(command)
    .requiredOption('--out <directory>', 'the run directory', textValue('--out', 'a directory'))
    .option(
      '--output-field <role=name>',
      "the file's name for id, problem, outputs or scores; as often as needed",
      roleValue<OutputFields>('--output-field', checkOutputFields),
    )
    .option(
      '--policy <model>',
      'package of what wrote the outputs',
      textValue('--policy', 'a model'),
    )
    .option('--policy-name <name>', 'name of what wrote them', textValue('--policy-name', 'a name'))
    .option(
      '--reward-name <name>',
      'name of what scored them',
      textValue('--reward-name', 'a name'),
    )
    .option(
      '--delimiter <text>',
      "ends a step; \\n is a new line (default: the policy's, or \\n\\n)",
    );
  addVoteFlags(command, 'of scored outputs: ')
    .option('--json', 'print one JSON document and nothing else')
    .action((file: string, flags: RecordFlags) => run(() => record(file, flags, environment)));
}

async function record(
  file: string,
  flags: RecordFlags,
  environment: Environment,
): Promise<ExitCode> {
  const { out, outputField, rewardName, aggregation, vote } = flags;
  const { policy, delimiter } = await policyOf(flags);
  const dataset = await openDatasetOf(flags, environment);
  const { records } = await recordOutputs(file, out, {
    versions: { espalier: version },
    dataset,
    policy,
    rule: { ...(aggregation && { aggregation }), ...(vote && { vote }) },
    ...(outputField && { fields: outputField }),
    ...(rewardName && { reward: rewardName }),
    ...(delimiter !== undefined && { delimiter }),
  });
  const summary = summarise(records);
  const facts = { out, problems: records.length, isComplete: true, seconds: 0 };
  environment.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ out, problems: records.length, ...summary })}\n`
      : reportRun(summary, facts, environment.stdout),
  );
  return 0;
}

/** What wrote the outputs, and how its steps end. */
async function policyOf(
  flags: RecordFlags,
): Promise<Pick<OutputsOptions, 'policy'> & { readonly delimiter: string | undefined }> {
  const delimiter = flags.delimiter?.replaceAll('\\n', '\n');
  if (flags.policy === undefined) {
    return { policy: { name: flags.policyName ?? 'recorded outputs' }, delimiter };
  }
  if (flags.policyName !== undefined) {
    throw invalidOption(
      '--policy-name',
      'left out with --policy, which has a name',
      flags.policyName,
    );
  }
  const model = await openPackage(flags.policy, { role: 'policy' });
  const { manifest } = model;
  const policy = { manifest, cost: modelCost(model), tokens: await openTokenCounter(model) };
  return { policy, delimiter: delimiter ?? manifest.stepDelimiter };
}
