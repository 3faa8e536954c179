// Dependencies point one way (the order below); native headers stay where they belong.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** From top to bottom; a layer may import what comes after it, and any leaf. */
const layers = ['cli', 'report', 'evaluation', 'planning', 'search', 'scoring', 'engine'];
/** Importable by every layer; among themselves too, but never upwards. */
const leaves = ['grading', 'model', 'text', 'errors', 'figures', 'ledger', 'random'];

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(root, folder, name));
}

/** Module specifiers of static and dynamic imports, and of re-exports. */
function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g);
  return [...found].map((match) => match[1] ?? '');
}

/** First path segment below src/, a file's extension left out: `search`, `errors`, `index`. */
function layerOf(path: string): string {
  const [first = ''] = relative(join(root, 'src'), path).split(sep);
  return first.replace(/\.[jt]s$/, '');
}

/** Every import from one part of src/ into another. */
function edges(): { readonly from: string; readonly to: string; readonly file: string }[] {
  return filesIn('src', /\.ts$/).flatMap((file) =>
    importsOf(readFileSync(file, 'utf8'))
      .filter((name) => name.startsWith('.'))
      .map((name) => ({
        from: layerOf(file),
        to: layerOf(resolve(dirname(file), name)),
        file: relative(root, file),
      }))
      .filter(({ from, to }) => from !== to),
  );
}

describe('layers of src/', () => {
  it('finds imports of every form', () => {
    const text = `import a from './a.js';\nexport * from './c.js';
      import './d.js'; const e = await import('./e.js'); import type {\n F } from './f.js';`;
    expect(importsOf(text)).toEqual(['./a.js', './c.js', './d.js', './e.js', './f.js']);
    expect(edges().length).toBeGreaterThan(50);
  });

  it('has no part that the order does not name', () => {
    const parts = new Set(filesIn('src', /\.ts$/).map(layerOf));
    for (const part of parts) expect([...layers, ...leaves, 'index']).toContain(part);
  });

  it('imports downwards alone', () => {
    const wrong = edges().filter(({ from, to }) => {
      if (from === 'index') return false;
      if (leaves.includes(to)) return false;
      if (leaves.includes(from)) return true;
      return layers.indexOf(to) <= layers.indexOf(from);
    });
    expect(wrong).toEqual([]);
  });

  it('has no circle among the leaves', () => {
    const below = (leaf: string, seen: readonly string[]): string[] => {
      if (seen.includes(leaf)) return [[...seen, leaf].join(' -> ')];
      const next = new Set(
        edges().flatMap(({ from, to }) => (from === leaf && leaves.includes(to) ? [to] : [])),
      );
      return [...next].flatMap((to) => below(to, [...seen, leaf]));
    };
    expect(leaves.flatMap((leaf) => below(leaf, []))).toEqual([]);
  });

  it('keeps tensors from strategies, and rewards from the engine', () => {
    for (const { from, to, file } of edges()) {
      if (from === 'engine') expect(['errors', 'model', 'text'], file).toContain(to);
      if (from !== 'search') continue;
      const text = readFileSync(join(root, file), 'utf8');
      expect(text, file).not.toMatch(/engine\/(addon|load-addon|model-tree)\.js/);
    }
  });
});

describe('native headers', () => {
  const including = (header: RegExp) =>
    [...filesIn('native', /\.(h|cc)$/)]
      .filter((file) => header.test(readFileSync(file, 'utf8')))
      .map((file) => relative(root, file))
      .filter((file) => !file.startsWith(join('native', 'vendor')));

  it('includes ONNX Runtime in native/ort alone', () => {
    const files = including(/#include\s*[<"][^>"]*onnxruntime_/);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(dirname(file)).toBe(join('native', 'ort'));
  });

  it('includes N-API in native/js and addon.cc alone', () => {
    const files = including(/#include\s*[<"]napi\.h/);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(['native/js', 'native']).toContain(dirname(file));
      if (dirname(file) === 'native') expect(file).toBe(join('native', 'addon.cc'));
    }
  });
});
