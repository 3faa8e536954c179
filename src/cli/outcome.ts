// How a command ends: exit codes, and what errors print.
import { DisposedError, EngineError, ModelError, OptionError } from '../errors.js';
import type { Environment } from './environment.js';
import { coloursOf } from './environment.js';

/** 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Reports an error: its message on standard error; with `--json`, also
 * `{"error":{"code","message"}}` on standard output, so that there is always one document.
 */
export function reportError(error: unknown, isJson: boolean, environment: Environment): ExitCode {
  const message = error instanceof Error ? error.message : String(error);
  const colours = coloursOf(environment.stderr);
  environment.stderr.write(`${colours.red('error:')} ${message}\n`);
  if (!isExpected(error) && error instanceof Error && error.stack !== undefined) {
    environment.stderr.write(`${colours.dim(error.stack)}\n`);
  }
  if (isJson) {
    const code = isExpected(error) ? error.code : 'ENGINE_FAILED';
    environment.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  }
  return error instanceof OptionError ? 2 : 1;
}

function isExpected(
  error: unknown,
): error is OptionError | ModelError | EngineError | DisposedError {
  return (
    error instanceof OptionError ||
    error instanceof ModelError ||
    error instanceof EngineError ||
    error instanceof DisposedError
  );
}
