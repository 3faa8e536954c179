// `espalier models`: which models come with the package, and what a model package holds.
import { listEmbedded } from '../../model/embedded.js';
import { type ModelPackage, openPackage } from '../../model/package.js';
import type { Environment } from '../environment.js';
import { bytes, count, magnitude } from '../figures.js';
import type { ExitCode } from '../outcome.js';
import type { StrictCommand } from '../strict-command.js';
import { table } from '../text-layout.js';

interface JsonFlag {
  readonly json?: true;
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
    .description('Shows a model package, after checking its files.')
    .argument('<model>', 'directory of a model package, or an embedded model')
    .option(json, jsonHelp)
    .action((model: string, flags: JsonFlag) => run(() => show(model, flags, environment)));
}

async function list(flags: JsonFlag, { stdout }: Environment): Promise<ExitCode> {
  const packages = await Promise.all(listEmbedded().map((name) => openPackage(name)));
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

async function show(model: string, flags: JsonFlag, { stdout }: Environment): Promise<ExitCode> {
  const facts = factsOf(await openPackage(model));
  if (flags.json) {
    stdout.write(`${JSON.stringify(facts)}\n`);
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
    ['KV cache', `${bytes(facts.kvBytesPerToken)} a token, in pages of 16`],
    ['step ends at', JSON.stringify(facts.stepDelimiter)],
    ['source', facts.source],
    ['licence', facts.licence],
    ['directory', facts.directory],
  ];
  stdout.write(`${table(rows, 'll').join('\n')}\n`);
  return 0;
}

function factsOf({ directory, manifest }: ModelPackage) {
  const { layers, kvHeads, headDim } = manifest.dimensions;
  // Keys and values, fp32.
  const kvBytesPerToken = 2 * 4 * layers * kvHeads * headDim;
  return { ...manifest, kvBytesPerToken, directory };
}
