// Trees drawn from hand-made events, line by line, as a reader sees them.
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { drawTree } from '../../src/cli/draw-tree.js';
import { SearchTree } from '../../src/cli/search-tree.js';
import { clip, oneLine, table, wrap } from '../../src/cli/text-layout.js';
import type { TraceEvent } from '../../src/search/trace.js';

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('.')));
const sampled = (path: string, text: string): TraceEvent => ({
  type: 'sampled',
  path,
  parent: parentOf(path),
  round: path.split('.').length - 1,
  text,
  tokens: 3,
  logProb: -1,
  finish: 'delimiter',
});
const scored = (path: string, score: number): TraceEvent => ({
  type: 'scored',
  path,
  scores: [score],
  margins: [0],
});
const pruned = (path: string, reason: 'rank' | 'cut' = 'rank'): TraceEvent => ({
  type: 'pruned',
  path,
  round: 0,
  reason,
});
const completed = (path: string, answer: string | null): TraceEvent => ({
  type: 'completed',
  path,
  answer,
  multiplicity: 1,
});
const finished = (path: string): TraceEvent => ({
  type: 'finished',
  path,
  answer: '7',
  stopReason: 'finished',
});

function draw(events: readonly TraceEvent[], columns: number, isFull: boolean): string[] {
  const tree = new SearchTree();
  for (const event of events) tree.add(event);
  return drawTree(tree.roots, { columns, isFull, colours: pc.createColors(false) });
}

const beam: readonly TraceEvent[] = [
  sampled('1', 'b\n\n'),
  sampled('0', 'a\n\n'),
  sampled('2', 'c\n\n'),
  sampled('3', 'a\n\n'),
  { type: 'merged', path: '3', into: '0' },
  scored('0', 0.75),
  scored('1', 0.5),
  scored('2', 0.25),
  pruned('2'),
  sampled('0.0', 'd\n\n'),
  sampled('0.1', 'too long'),
  sampled('1.0', '\\boxed{8}'),
  scored('0.0', 0.5),
  scored('1.0', 0.125),
  pruned('0.1', 'cut'),
  completed('1.0', '8'),
  sampled('0.0.0', '\\boxed{7}'),
  scored('0.0.0', 0.875),
  completed('0.0.0', '7'),
  finished('0.0.0'),
];

describe('drawTree', () => {
  it('draws the chosen path as the trunk and sums up the rest', () => {
    expect(draw(beam, 40, false)).toEqual([
      '├╴○ b (1 more step → 8, not kept)  0.125',
      '├╴✗ 1 pruned                       0.250',
      '● a ×2                             0.750',
      '├╴✗ 1 pruned',
      '● d                                0.500',
      '● \\boxed{7} → 7, not kept          0.875',
    ]);
  });

  it('draws every branch in full', () => {
    expect(draw(beam, 40, true)).toEqual([
      '├╴○ b                              0.500',
      '│ ○ \\boxed{8} → 8, not kept        0.125',
      '├╴✗ c                              0.250',
      '● a ×2                             0.750',
      '├╴✗ too long (too long)',
      '● d                                0.500',
      '● \\boxed{7} → 7, not kept          0.875',
    ]);
  });

  it('keeps to its columns, wraps the trunk and clips the rest', () => {
    const long = 'one two three four five six seven eight nine ten eleven twelve';
    const events = [
      sampled('0', `${long}\n\n`),
      sampled('1', `${long}\n\n`),
      scored('0', 0.5),
      scored('1', 0.25),
      pruned('1'),
      finished('0'),
    ];
    for (const columns of [24, 40, 80, 100]) {
      for (const isFull of [false, true]) {
        const lines = draw(events, columns, isFull);
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
        const trunk = lines.filter((line) => /^[● ]/.test(line)).join(' ');
        expect(trunk.replace(/[●\s]|0\.500/g, '')).toBe(long.replaceAll(' ', ''));
      }
    }
  });

  it('lists the best side branches and counts the others', () => {
    const events = Array.from({ length: 9 }, (_, i) => [
      sampled(`${i}`, `step ${i}\n\n`),
      scored(`${i}`, i / 10),
      completed(`${i}`, `${i}`),
    ]).flat();
    const lines = draw([...events, finished('8')], 60, false);
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      ...[3, 4, 5, 6, 7].map((i) => `├╴○ step ${i} (→ ${i}, not kept) 0.${i}00`),
      '├╴○ … 3 more like these 0.200'.replace('○ ', ''),
      '● step 8 → 8, not kept 0.800',
    ]);
  });

  it('cannot be made to write to the terminal', () => {
    const [line] = draw([sampled('0', 'a\u001b[2Jb\u0007\u009bc'), finished('0')], 40, true);
    expect(line).toBe('● a␛[2Jb␇␡c');
  });

  it('draws an unfinished search too', () => {
    expect(draw(beam.slice(0, 12), 40, false)).toHaveLength(5);
    expect(draw([], 40, false)).toEqual([]);
  });
});

describe('SearchTree', () => {
  it('counts branches, fates and tokens as the events come', () => {
    const tree = new SearchTree();
    for (const event of beam) tree.add(event);
    expect(tree.size).toBe(7);
    expect(tree.tokens).toBe(8 * 3);
    expect(tree.countOf('pruned')).toBe(1);
    expect(tree.countOf('cut')).toBe(1);
    expect(tree.countOf('complete')).toBe(2);
    expect(tree.liveCount).toBe(0);
    expect(tree.roots.map(({ id }) => id)).toEqual(['0', '1', '2']);
  });
});

describe('text layout', () => {
  it('wraps at spaces, and inside words that are too long', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('abcdefg h', 3)).toEqual(['abc', 'def', 'g h']);
    expect(wrap('', 5)).toEqual(['']);
  });

  it('clips by characters, not by halves of them', () => {
    expect(clip('abc', 3)).toBe('abc');
    expect(clip('abcd', 3)).toBe('ab…');
    expect(clip('😀😀😀', 2)).toBe('😀…');
  });

  it('makes one line of anything', () => {
    expect(oneLine('  a\n\n b\tc ')).toBe('a b c');
  });

  it('aligns columns', () => {
    expect(
      table(
        [
          ['a', '1'],
          ['bb', '22'],
        ],
        'lr',
      ),
    ).toEqual(['a    1', 'bb  22']);
  });
});
