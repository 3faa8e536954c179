// `espalier perplexity`: how well a policy predicts a text.
import { readFile } from 'node:fs/promises';
import { openTree } from '../../engine/engine.js';
import { expectedMessage, OptionError } from '../../errors.js';
import { measurePerplexity, type Perplexity } from '../../evaluation/perplexity.js';
import { count, seconds } from '../../figures.js';
import { kvBytesPerToken, PAGE_SLOTS } from '../../model/capacity.js';
import { openPackage } from '../../model/package.js';
import { openTokenizer } from '../../text/tokenizer.js';
import type { Environment } from '../environment.js';
import { defaultPolicy } from '../open-models.js';
import { integerValue, textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';

const usualWindow = 1024;

interface PerplexityFlags {
  readonly policy?: string;
  readonly window?: number;
  readonly json?: true;
}

/** Adds the command; `run` gets its handler. */
export function addPerplexity(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('perplexity')
    .summary("a policy's perplexity of a text")
    .description(
      "Measures a policy's perplexity of a text, window by window: what a precision costs.",
    )
    .argument('<file>', 'a text in UTF-8', textValue('file', 'a path'))
    .option(
      '--policy <policy>',
      `a model package's directory, or an embedded model (default: ${defaultPolicy})`,
    )
    .option(
      '--window <tokens>',
      `tokens of a window (default: ${usualWindow}, or the model's context if that is less)`,
      integerValue('--window', 2),
    )
    .option('--json', 'print one JSON document and nothing else')
    .action((file: string, flags: PerplexityFlags) =>
      run(() => perplexity(file, flags, environment)),
    );
}

async function perplexity(
  file: string,
  flags: PerplexityFlags,
  { stdout, stderr, signal }: Environment,
): Promise<ExitCode> {
  const text = await readText(file);
  const model = await openPackage(flags.policy ?? defaultPolicy, { role: 'policy' });
  const tokenizer = await openTokenizer(model.directory);
  const { dimensions } = model.manifest;
  const { vocabulary, context } = dimensions;
  const window = flags.window ?? Math.min(usualWindow, context);
  // Keys and values of one window; a node begins a page of its own.
  const kvMemory = kvBytesPerToken(dimensions) * 2 * (Math.min(window, context) + PAGE_SLOTS);
  const tree = await openTree(model, tokenizer.tokenBytes(vocabulary), { kvMemory });
  const status = new StatusLine(stderr);
  const startedAt = performance.now();
  const elapsed = () => seconds((performance.now() - startedAt) / 1000);
  try {
    const measured = await measurePerplexity(tree, tokenizer.encode(text), {
      window,
      begin: tokenizer.encode('', { addSpecial: true }),
      signal,
      onWindow: (done, total) => status.show(() => `window ${done} of ${total} · ${elapsed()}`),
    });
    status.clear();
    const facts = {
      file,
      policy: model.manifest.name,
      precision: model.manifest.precision,
      window,
    };
    stdout.write(
      flags.json ? `${JSON.stringify({ ...facts, ...measured })}\n` : report(measured, elapsed()),
    );
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    status.clear();
    stderr.write('Interrupted.\n');
    return 130;
  } finally {
    status.clear();
    await tree.dispose();
  }
}

function report({ perplexity, tokens, windows }: Perplexity, time: string): string {
  const lines = windows.map(
    (each, i) => `window ${i + 1}: ${Math.exp(each.loss / each.tokens).toFixed(3)}`,
  );
  const parts = `${count(tokens)} tokens in ${count(windows.length)} windows`;
  return [...lines, `perplexity ${perplexity.toFixed(3)} (${parts}, ${time})`, ''].join('\n');
}

async function readText(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const message = expectedMessage('file', `a readable file (${String(error)})`, file);
    throw new OptionError(message, 'INVALID_OPTION', { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const message = expectedMessage('file', 'a text in UTF-8', file);
    throw new OptionError(message, 'INVALID_OPTION', { cause: error });
  }
}
