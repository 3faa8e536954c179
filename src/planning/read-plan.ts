// Reads a plan from a file, or the one that comes with the embedded models.
import { readFile } from 'node:fs/promises';
import { expectedMessage, invalidOption, OptionError } from '../errors.js';
import { embeddedPlanFile } from '../model/embedded.js';
import { parsePlan, type SavedPlan } from './plan-document.js';

/** The name of the embedded models' plan. */
export const embeddedPlan = 'embedded';

/**
 * Reads a plan.json that `espalier plan` wrote.
 * @param source its path, or `'embedded'` for the plan of the embedded models
 * @throws OptionError where there is none; ModelError INVALID_FILE on one that is damaged or of
 *   another format
 * @example
 * const strategy = auto({ plan: await readPlan('plan.json'), meanFlops: 1e9 });
 */
export async function readPlan(source: string): Promise<SavedPlan> {
  if (typeof source !== 'string' || source === '') {
    throw invalidOption('plan', "a plan's file or 'embedded'", source);
  }
  const file = source === embeddedPlan ? embeddedPlanFile() : source;
  try {
    return parsePlan(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const expected = 'a file that can be read, as espalier plan writes it';
    throw new OptionError(expectedMessage('plan', expected, source), 'INVALID_OPTION', { cause });
  }
}

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
