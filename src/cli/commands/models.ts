// `espalier models`: which models come with the package, what a model package holds, and what fits in a
// given memory.
import { freemem } from 'node:os';
import { bytes, count, magnitude } from '../../figures.js';
import { type Capacity, capacityOf, kvBytesPerToken } from '../../model/capacity.js';
import { listEmbedded } from '../../model/embedded.js';
import { type ModelPackage, openPackage } from '../../model/package.js';
import type { Environment } from '../environment.js';
import { bytesValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import type { StrictCommand } from '../strict-command.js';
import { table } from '../text-layout.js';

interface JsonFlag {
  readonly json?: true;
}

interface ShowFlags extends JsonFlag {
  /** Bytes. */
  readonly memory?: number;
}

/** Adds the command and its two subcommands; `run` gets their handlers. */
export function addModels(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  const models = program
    .command('models')
    .summary('the embedded models, or one model in detail')
    .description('Lists the embedded models, or shows what a model package holds.');
  const json = '--json';
  const jsonHelp = 'print one JSON document and nothing else';
  models
    .command('list', { isDefault: true })
    .description('Lists the embedded models.')
    .option(json, jsonHelp)
    .action((flags: JsonFlag) => run(() => list(flags, environment)));
  models
    .command('show')
    .description(
      'Shows a model package, after checking its files, and what fits in a memory: tokens of KV, and ' +
        'the tokens that each of so many live branches may hold beside a prefix that they share.',
    )
    .argument('<model>', 'directory of a model package, or an embedded model')
    .option(
      '--memory <size>',
      'for weights and KV; the process itself takes some 200 MB more (default: what is free here)',
      bytesValue('--memory'),
    )
    .option(json, jsonHelp)
    .action((model: string, flags: ShowFlags) => run(() => show(model, flags, environment)));
}

async function list(flags: JsonFlag, { stdout }: Environment): Promise<ExitCode> {
  const packages = await Promise.all(listEmbedded().map((name) => openPackage(name)));
  packages.sort(byRoleAndSize);
  if (flags.json) {
    stdout.write(`${JSON.stringify(packages.map(factsOf))}\n`);
    return 0;
  }
  if (packages.length === 0) {
    stdout.write('No models come with this installation.\n');
    return 0;
  }
  const rows = packages.map(({ manifest }) => [
    manifest.name,
    manifest.role,
    manifest.prmFormat ?? '',
    magnitude(manifest.parameters),
    manifest.precision,
    count(manifest.dimensions.context),
  ]);
  const header = ['model', 'role', 'format', 'parameters', 'precision', 'context'];
  stdout.write(`${table([header, ...rows], 'lllrlr').join('\n')}\n`);
  return 0;
}

function byRoleAndSize({ manifest: a }: ModelPackage, { manifest: b }: ModelPackage): number {
  if (a.role !== b.role) return a.role === 'policy' ? -1 : 1;
  return a.parameters - b.parameters;
}

async function show(model: string, flags: ShowFlags, { stdout }: Environment): Promise<ExitCode> {
  const facts = factsOf(await openPackage(model));
  const capacity = capacityOf(facts, flags.memory ?? freemem());
  if (flags.json) {
    stdout.write(`${JSON.stringify({ ...facts, capacity })}\n`);
    return 0;
  }
  const { dimensions: d } = facts;
  const rows = [
    ['name', facts.name],
    ['role', facts.prmFormat === null ? facts.role : `${facts.role}, format ${facts.prmFormat}`],
    ['architecture', facts.architecture],
    ['parameters', count(facts.parameters)],
    ['precision', facts.precision],
    ['shape', `${d.layers} layers, ${d.hidden} wide, ${d.inner} inner`],
    ['attention', `${d.heads} heads over ${d.kvHeads} KV heads of ${d.headDim}`],
    ['vocabulary', count(d.vocabulary)],
    ['context', `${count(d.context)} tokens`],
    ['weights', bytes(capacity.weights)],
    ['KV cache', `${bytes(facts.kvBytesPerToken)} a token, in pages of 16`],
    ['step ends at', JSON.stringify(facts.stepDelimiter)],
    ['source', facts.source],
    ['licence', facts.licence],
    ['directory', facts.directory],
  ];
  stdout.write(`${table(rows, 'll').join('\n')}\n\n${fitting(capacity, d.context).join('\n')}\n`);
  return 0;
}

/** What fits, in lines. */
function fitting({ memory, kvMemory, tokens, prefix, budgets }: Capacity, context: number) {
  if (tokens === 0) return [`In ${bytes(memory)} the weights do not fit with a page of KV.`];
  const most = context - prefix;
  const rows = budgets.map(({ branches, ownTokens }) => [
    count(branches),
    `${count(ownTokens)}${ownTokens === most ? ' (to the end of the context)' : ''}`,
  ]);
  return [
    `In ${bytes(memory)}, beside the weights: ${bytes(kvMemory)} of KV, ${count(tokens)} tokens.`,
    `That is, over a shared prefix of ${count(prefix)} tokens:`,
    ...table([['branches', 'own tokens of each'], ...rows], 'rl'),
  ];
}

function factsOf({ directory, manifest }: ModelPackage) {
  return { ...manifest, kvBytesPerToken: kvBytesPerToken(manifest.dimensions), directory };
}
