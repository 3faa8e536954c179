// Builds the C++ tests of native/ and runs each program as one test.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('./build.mjs', import.meta.url));
const programs = execFileSync(process.execPath, [script, '--list'], { encoding: 'utf8' })
  .trim()
  .split('\n');

function build(...args: string[]) {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
}

describe('native', () => {
  beforeAll(() => {
    const { status, stderr } = build('--build-only');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  }, 600_000);

  test.each(programs)('%s', (program) => {
    const { status, stdout, stderr } = build(program);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/[1-9]\d* passed, 0 failed/);
    expect(status).toBe(0);
  });
});
