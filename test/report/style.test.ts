// Colours of the page: text and lines stand out from what they lie on, in light and in dark (WCAG 2.2).
import { describe, expect, it } from 'vitest';
import { style } from '../../src/report/style.js';

/** Variables of the n-th `:root` block: light, dark. */
function variablesAt(n: number): ReadonlyMap<string, string> {
  const block = [...style.matchAll(/:root \{([^}]*)\}/g)][n]?.[1] ?? '';
  return new Map(
    [...block.matchAll(/(--[\w-]+): (#[0-9a-f]{6})/g)].map((found) => [
      found[1] ?? '',
      found[2] ?? '',
    ]),
  );
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('colours, %s', (_, n) => {
  const colours = variablesAt(n);
  const of = (name: string) => colours.get(name) ?? '';

  it('are all there', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
    expect([...colours.keys()]).toHaveLength(14);
  });

  it('of texts have 4.5:1 on both backgrounds', () => {
    for (const name of ['--ink', '--muted', '--accent', '--good', '--bad']) {
      for (const background of ['--surface', '--raised']) {
        expect(contrast(of(name), of(background)), name).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('of lines have 3:1', () => {
    for (const [name, colour] of colours) {
      if (!name.startsWith('--series')) continue;
      expect(contrast(colour, of('--surface')), name).toBeGreaterThanOrEqual(3);
      expect(contrast(colour, of('--raised')), name).toBeGreaterThanOrEqual(3);
    }
  });
});
