// `espalier models`, `doctor` and `demo` over what is really installed.
import { describe, expect, it } from 'vitest';
import { listEmbedded } from '../../src/model/embedded.js';
import { openPackage } from '../../src/model/package.js';
import { espalier, startEspalier } from './command-line.js';

describe('espalier models', () => {
  it('lists every embedded model', async () => {
    const { code, stdout } = await espalier(['models']);
    expect(code).toBe(0);
    for (const name of listEmbedded()) expect(stdout).toContain(name);
    const listed = JSON.parse((await espalier(['models', 'list', '--json'])).stdout);
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(listEmbedded());
  });

  it('shows what the manifest says, and the KV bytes of a token', async () => {
    const { manifest, directory } = await openPackage('policy-0.4m');
    const { layers, kvHeads, headDim } = manifest.dimensions;
    const shown = JSON.parse((await espalier(['models', 'show', 'policy-0.4m', '--json'])).stdout);
    expect(shown).toEqual({
      ...manifest,
      directory,
      kvBytesPerToken: 8 * layers * kvHeads * headDim,
      capacity: expect.objectContaining({ prefix: 128 }),
    });
    const { stdout } = await espalier(['models', 'show', directory]);
    expect(stdout).toContain(manifest.architecture);
    expect(stdout).toContain(manifest.parameters.toLocaleString('en-US'));
    expect(stdout).toMatch(/^context +512 tokens$/m);
    expect(stdout).toMatch(/^KV cache +\d/m);
  });
});

describe('espalier models show --memory', () => {
  it('says what fits, in one document or in words', async () => {
    const show = ['models', 'show', 'policy-2m', '--memory', '64MB'];
    const { capacity } = JSON.parse((await espalier([...show, '--json'])).stdout);
    expect(capacity).toMatchObject({ memory: 2 ** 26, tokens: 16 * capacity.pages });
    expect(capacity.weights + capacity.kvMemory).toBe(2 ** 26);
    const { stdout } = await espalier(show);
    expect(stdout).toContain(`In 64 MiB, beside the weights: 61.3 MiB of KV`);
    expect(stdout).toMatch(/^ +4 {2}384 \(to the end of the context\)$/m);
    expect(stdout).toMatch(/^ +64 {2}96$/m);
  });

  it('says that nothing fits, and refuses what is no size', async () => {
    const show = ['models', 'show', 'policy-2m', '--memory'];
    expect((await espalier([...show, '1MB'])).stdout).toContain('the weights do not fit');
    expect(await espalier([...show, 'much'])).toMatchObject({ code: 2 });
  });
});

describe('espalier doctor', () => {
  it('finds everything here, and has every model do something', async () => {
    const { code, stdout } = await espalier(['doctor', '--json']);
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { name: string; state: string; found: string }[];
    };
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(['Node', 'CPU', 'memory', 'addon', 'ONNX Runtime', ...listEmbedded()]);
    expect(checks.find(({ name }) => name === 'ONNX Runtime')?.found).toMatch(
      /^1\.\d+\.\d+ with .*CPUExecutionProvider/,
    );
    for (const model of listEmbedded()) {
      const check = checks.find(({ name }) => name === model);
      expect(check?.found).toMatch(/generates a token|scores a step/);
    }
  });

  it('says what is missing and what to do, and fails', async () => {
    const env = { ESPALIER_ORT_LIBRARY: '/nowhere/libonnxruntime.so' };
    const { code, stdout } = await startEspalier(['doctor'], env).done;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ ONNX Runtime +Expected ESPALIER_ORT_LIBRARY to name a file/m);
    expect(stdout).toMatch(/of these must be mended\.\n$/);
  });
});

describe('espalier demo', () => {
  it('draws a tree and compares strategies and budgets, the same each time', async () => {
    const { code, stdout, stderr } = await espalier(['demo', '--problems', '5']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('● ');
    const rows = stdout.match(/^(greedy|majority|best-of-n|beam-search|dvts) +\d+ .*%.* s$/gm);
    expect(rows?.length).toBeGreaterThanOrEqual(6);
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    const again = await espalier(['demo', '--problems', '5', '--json']);
    const { rows: measured, problems } = JSON.parse(again.stdout);
    expect(problems).toBe(5);
    expect(measured).toHaveLength(rows?.length ?? 0);
    for (const [i, row] of measured.entries()) {
      expect(row.accuracy.total).toBe(5);
      expect(rows?.[i]).toContain(`${(100 * row.accuracy.rate).toFixed(1)}%`);
      expect(rows?.[i]).toContain(row.tokens.toLocaleString('en-US'));
    }
  });

  it('stops when it is interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    const { code, stdout } = await espalier(['demo'], { signal: controller.signal });
    expect(code).toBe(130);
    expect(stdout).toContain('Stopped by you');
  });
});
