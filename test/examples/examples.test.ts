// Every program in examples/ runs, in a process of its own, against the sources, and prints what it
// promises.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../docs/run-program.js';

const folder = fileURLToPath(new URL('../../examples', import.meta.url));

/** What each program's output must match, from beginning to end. */
const promised: Readonly<Record<string, RegExp>> = {
  'solve-one.ts':
    /^(\d\.\d{3} {2}\S.*\n)+Answer: \S.*\n\d+ tokens sampled, \d+ steps scored, .*\n$/,
  'stream-the-tree.ts':
    /^0 {2}.*\n(.*\n)* *\S+ +scores \d\.\d{3}\n(.*\n)* *\S+ +is complete: .*\n(.*\n)*Answer: .*\n$/,
  'compare-strategies.ts':
    /^greedy .*\nmajority .*\nbest-of-n .*by the best of the worst steps\)\nbeam-search .*\ndvts .*\n$/,
};

describe('examples', () => {
  it('are all promised something', () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(programs.sort()).toEqual(Object.keys(promised).sort());
  });

  it.each(Object.entries(promised))('%s', (name, output) => {
    const { status, stdout, stderr } = runProgram(join(folder, name));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(output);
  });
});
