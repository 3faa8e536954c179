// `espalier doctor`: what this machine has of what espalier needs, and what to do about the rest.
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { addonPath, findRuntimeLibrary, loadAddon } from '../../engine/load-addon.js';
import { bytes } from '../../figures.js';
import { listEmbedded } from '../../model/embedded.js';
import { openPackage } from '../../model/package.js';
import { search } from '../../search/search.js';
import { bestOfN, greedy } from '../../search/strategy.js';
import { coloursOf, columnsOf, type Environment } from '../environment.js';
import { defaultPolicy, defaultReward } from '../open-models.js';
import type { ExitCode } from '../outcome.js';
import type { StrictCommand } from '../strict-command.js';
import { wrap } from '../text-layout.js';

/** One thing looked at. */
interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found. */
  readonly found: string;
  /** What to do; only where something is wrong. */
  readonly remedy?: string;
}

// Enough for a short path; loading must not fail for want of memory that nothing here needs.
const checkKvMemory = 2 ** 24;
const cpuFeatures = ['avx2', 'fma', 'avx_vnni', 'avx512f', 'avx512_vnni', 'asimd', 'asimddp'];

/** Adds the command; `run` gets its handler. */
export function addDoctor(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('doctor')
    .summary('check this installation')
    .description('Checks Node, CPU, addon, ONNX Runtime and the embedded models; says what to do.')
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: { readonly json?: true }) => run(() => doctor(flags, environment)));
}

async function doctor(
  flags: { readonly json?: true },
  environment: Environment,
): Promise<ExitCode> {
  const checks = [
    checkNode(),
    checkCpu(),
    checkMemory(),
    attempt('addon', () => {
      loadAddon();
      return `loads (${addonPath})`;
    }),
    attempt('ONNX Runtime', () => {
      const library = findRuntimeLibrary();
      const { version, providers } = loadAddon().openRuntime(library);
      return `${version} with ${providers.join(', ')} (${library})`;
    }),
    ...(await checkModels(environment)),
  ];
  const hasFailed = checks.some(({ state }) => state === 'failed');
  environment.stdout.write(
    flags.json ? `${JSON.stringify({ ok: !hasFailed, checks })}\n` : report(checks, environment),
  );
  return hasFailed ? 1 : 0;
}

function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  const found = `${process.version}, ${platform()} ${arch()}`;
  if (major >= 20) return { name: 'Node', state: 'ok', found };
  return { name: 'Node', state: 'failed', found, remedy: 'install Node 20 or later' };
}

function checkCpu(): Check {
  const features = cpuFlags();
  const known = cpuFeatures.filter((feature) => features.has(feature));
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  const cores = `${availableParallelism()} ${availableParallelism() === 1 ? 'core' : 'cores'}`;
  const found = `${model}, ${cores}${known.length > 0 ? `, ${known.join(' ')}` : ''}`;
  if (arch() !== 'x64' || features.size === 0 || features.has('avx2')) {
    return { name: 'CPU', state: 'ok', found };
  }
  const remedy = 'the kernels fall back to plain C++ and are slow here; use a CPU with AVX2';
  return { name: 'CPU', state: 'warning', found: `${found}, no avx2`, remedy };
}

/** Feature names as Linux lists them; empty elsewhere. */
function cpuFlags(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(line?.[1]?.split(' '));
  } catch {
    // Only Linux has the file; elsewhere nothing is known, and nothing is claimed.
    return new Set();
  }
}

function checkMemory(): Check {
  const found = `${bytes(freemem())} of ${bytes(totalmem())} free`;
  if (freemem() >= 2 ** 29) return { name: 'memory', state: 'ok', found };
  const remedy = 'close other programs, or give --kv-memory a small size';
  return { name: 'memory', state: 'warning', found, remedy };
}

/** Loads each embedded model and has it generate or score one token. */
async function checkModels(environment: Environment): Promise<Check[]> {
  const names = listEmbedded();
  if (names.length === 0) {
    const remedy = 'install the package again; its models/ directory is missing';
    return [{ name: 'models', state: 'failed', found: 'no embedded models', remedy }];
  }
  const checks: Check[] = [];
  for (const name of names) {
    checks.push(await attemptLater(name, () => tryModel(name, environment)));
  }
  const missing = [defaultPolicy, defaultReward].filter((name) => !names.includes(name));
  for (const name of missing) {
    checks.push({ name, state: 'failed', found: 'missing', remedy: 'install the package again' });
  }
  return checks;
}

async function tryModel(name: string, { loadPolicy, loadReward }: Environment): Promise<string> {
  const { manifest } = await openPackage(name);
  const options = { kvMemory: checkKvMemory };
  const startedAt = performance.now();
  const isPolicy = manifest.role === 'policy';
  await using policy = await loadPolicy(isPolicy ? name : defaultPolicy, options);
  const question = 'Ann has 2 pens. How many pens does Ann have?';
  if (isPolicy) {
    const { path } = await search(question, { policy, strategy: greedy(), maxPathTokens: 1 });
    if (path.tokens.length !== 1)
      throw new Error(`it generated ${path.tokens.length} tokens, not 1`);
  } else {
    await using reward = await loadReward(name, options);
    const strategy = bestOfN({ budget: 1, vote: 'max' });
    const { path } = await search(question, { policy, reward, strategy, maxPathTokens: 1 });
    if (path.value === null) throw new Error('it scored nothing');
  }
  const milliseconds = Math.round(performance.now() - startedAt);
  const did = isPolicy ? 'generates a token' : 'scores a step';
  return `loads and ${did} (${manifest.precision}, ${milliseconds} ms)`;
}

function attempt(name: string, look: () => string): Check {
  try {
    return { name, state: 'ok', found: look() };
  } catch (error) {
    return failure(name, error);
  }
}

async function attemptLater(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, state: 'ok', found: await look() };
  } catch (error) {
    return failure(name, error);
  }
}

/** An error's message already says what to do. */
function failure(name: string, error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  return { name, state: 'failed', found: message };
}

function report(checks: readonly Check[], { stdout }: Environment): string {
  const colours = coloursOf(stdout);
  const marks = { ok: colours.green('✓'), warning: colours.yellow('!'), failed: colours.red('✗') };
  const nameColumns = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(nameColumns + 4);
  const lines = checks.flatMap(({ name, state, found, remedy }) => {
    const text = remedy === undefined ? found : `${found}; ${remedy}`;
    const [first, ...rest] = wrap(text, columnsOf(stdout) - nameColumns - 4);
    return [
      `${marks[state]} ${name.padEnd(nameColumns)}  ${first}`,
      ...rest.map((line) => indent + line),
    ];
  });
  const bad = checks.filter(({ state }) => state === 'failed').length;
  lines.push(bad === 0 ? 'Everything that is needed is here.' : `${bad} of these must be mended.`);
  return `${lines.join('\n')}\n`;
}
