// The README tells the truth: its programs run, its commands exist, its picture is a real search.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { beamSearch, bestOfN, dvts, greedy, majority } from '../../src/index.js';
import { espalier } from '../cli/command-line.js';
import { drawPicture, picture } from './picture.js';
import { runProgram } from './run-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

/** Contents of the fenced blocks of a language. */
function blocks(language: string): string[] {
  const fences = readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].flatMap(([, name, text]) => (name === language ? [text ?? ''] : []));
}

/** The line that depends on a clock. */
const withoutClock = (text: string) => text.replace(/^Spent .*$/gm, 'Spent');

describe('README', () => {
  it('has a library example of ten lines that runs and prints an answer', () => {
    const [program, ...others] = blocks('ts');
    expect(others).toEqual([]);
    expect(program?.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
    const folder = mkdtempSync(join(tmpdir(), 'espalier-readme-'));
    try {
      const path = join(folder, 'example.mts');
      writeFileSync(path, program ?? '');
      const { status, stdout, stderr } = runProgram(path);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^\d+ \[\n/);
      expect(stdout).toContain('sampledTokens');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows commands that exist', async () => {
    const lines = blocks('sh').flatMap((block) => block.trimEnd().split('\n'));
    const text = `${lines.join('\n')}\n${readme}`;
    for (const [, script = ''] of text.matchAll(
      /npm (?:run )?(start|test|build|sanitize|bench)\b/g,
    )) {
      expect(Object.keys(scripts)).toContain(script);
    }
    const found = text.matchAll(/npx espalier ([a-z]+(?: (?:show|list)\b)?)/g);
    const commands = [...found].map(([, name]) => name ?? '');
    expect(new Set(commands).size).toBeGreaterThanOrEqual(3);
    for (const name of new Set([...commands, 'import'])) {
      const { code, stdout } = await espalier([...name.split(' '), '--help']);
      expect(code).toBe(0);
      const flags = lines.filter((line) => line.includes(`espalier ${name} `));
      for (const [flag] of flags.join(' ').matchAll(/--[a-z-]+/g)) expect(stdout).toContain(flag);
    }
  });

  it('shows a question that the embedded models answer', async () => {
    const line = blocks('sh').flatMap((block) => block.split('\n'));
    const question = /solve "([^"]+)"/.exec(line.join('\n'))?.[1] ?? '';
    const { code, stdout } = await espalier(['solve', question, '--json']);
    expect([code, JSON.parse(stdout).answer]).toEqual([0, '19']);
  });

  it('links to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(1);
    for (const path of links) expect(existsSync(join(root, path)), path).toBe(true);
  });

  it('names strategies and options as the library does', () => {
    expect(greedy().name).toBe('greedy');
    expect(majority({ budget: 1 }).budget).toBe(1);
    expect(bestOfN({ budget: 1 })).toMatchObject({ aggregation: 'last', vote: 'weighted' });
    expect(beamSearch({ budget: 4 })).toMatchObject({ completed: 'hold', width: 4 });
    expect(dvts({ budget: 4 })).toMatchObject({ answers: 'best', width: 4 });
    for (const word of ['min', 'mean', 'product', 'max', "'refill'", "'siblings'"]) {
      expect(readme).toContain(word);
    }
  });

  // Another processor may round a float differently; see the README's limits.
  it.runIf(process.arch === 'x64')('shows a real search, as it is drawn today', async () => {
    expect(withoutClock(picture())).toBe(withoutClock(await drawPicture()));
    for (const line of picture().split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  });
});
