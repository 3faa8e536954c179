// Errors about models in the one template, with what to do about them.
import { type ErrorCode, expectedMessage, ModelError } from '../errors.js';

export type ModelErrorCode = ModelError['code'] & ErrorCode;

/** `` Expected `NAME` to be EXPECTED, got FOUND; REMEDY ``. `found` is prose, already worded. */
export function modelFault(
  code: ModelErrorCode,
  name: string,
  expected: string,
  found: string,
  remedy: string,
  cause?: unknown,
): ModelError {
  const message = `Expected \`${name}\` to be ${expected}, got ${found}; ${remedy}`;
  return new ModelError(message, code, cause === undefined ? undefined : { cause });
}

/** The same for a JSON value, which is described as it is. */
export function valueFault(
  code: ModelErrorCode,
  name: string,
  expected: string,
  actual: unknown,
  remedy: string,
): ModelError {
  return new ModelError(`${expectedMessage(name, expected, actual)}; ${remedy}`, code);
}

/** The `code` of a system error ('ENOENT', 'ENOSPC', ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
