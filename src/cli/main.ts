#!/usr/bin/env node
// The `espalier` executable: one interruption ends the work and keeps what is finished, a second
// one ends the process.
import { processEnvironment } from './environment.js';
import { runProgram } from './program.js';

const interruption = new AbortController();
process.on('SIGINT', () => {
  if (interruption.signal.aborted) process.exit(130);
  interruption.abort();
});
// A reader that closes the pipe early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await runProgram(process.argv.slice(2), processEnvironment(interruption.signal));
