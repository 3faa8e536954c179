// What the command line touches outside itself: two streams, an interruption, the model loaders.
// Tests put their own in place, so that a command runs in their process.
import picocolors from 'picocolors';
import { loadReward } from '../scoring/load.js';
import { loadPolicy } from '../search/load.js';

/** A stream of text. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours of one stream; they do nothing where it is no terminal. */
export type Colours = ReturnType<typeof picocolors.createColors>;

export interface Environment {
  /** Results alone. */
  readonly stdout: TextStream;
  /** Progress and messages. */
  readonly stderr: TextStream;
  /** Aborted by the user's interruption. */
  readonly signal: AbortSignal;
  readonly loadPolicy: typeof loadPolicy;
  readonly loadReward: typeof loadReward;
}

/** This process, with the given signal. */
export function processEnvironment(signal: AbortSignal): Environment {
  return { stdout: process.stdout, stderr: process.stderr, signal, loadPolicy, loadReward };
}

/** Colours for a stream: on a terminal, unless NO_COLOR or TERM=dumb ask for none. */
export function coloursOf(stream: TextStream): Colours {
  const { NO_COLOR, TERM } = process.env;
  return picocolors.createColors(stream.isTTY === true && !NO_COLOR && TERM !== 'dumb');
}

/** Columns to lay text out in: the terminal's, at least 40 and at most 100; 80 for a file. */
export function columnsOf(stream: TextStream): number {
  if (stream.isTTY !== true) return 80;
  return Math.min(100, Math.max(40, stream.columns ?? 80));
}
