// Warnings on standard error, so that standard output stays results alone.
import { coloursOf, type Environment } from './environment.js';

/** Prints each warning once, a line each. */
export function warn(warnings: Iterable<string>, { stderr }: Environment): void {
  const colours = coloursOf(stderr);
  for (const text of new Set(warnings)) stderr.write(`${colours.yellow('warning:')} ${text}\n`);
}
