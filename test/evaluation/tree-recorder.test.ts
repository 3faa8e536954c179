// Recorded branches against the trace they come from, and against every order in which it could have come.
import { describe, expect, it } from 'vitest';
import { SearchTree } from '../../src/cli/search-tree.js';
import { type RecordedBranch, TreeRecorder } from '../../src/evaluation/tree-recorder.js';
import { search } from '../../src/search/search.js';
import { beamSearch, bestOfN, dvts, type Strategy } from '../../src/search/strategy.js';
import type { TraceEvent } from '../../src/search/trace.js';
import { fakeReward, rambling } from '../search/fake-models.js';

async function record(strategy: Strategy, question = 'p') {
  const { policy } = rambling();
  const { reward } = fakeReward();
  const events: TraceEvent[] = [];
  const result = await search(question, {
    policy,
    reward,
    strategy,
    onTrace: (event) => events.push(event),
  });
  await policy.dispose();
  await reward.dispose();
  return { events, result, branches: replay(events).branches(result.paths) };
}

function replay(events: readonly TraceEvent[]): TreeRecorder {
  const recorder = new TreeRecorder();
  for (const event of events) recorder.add(event);
  return recorder;
}

/** The same events with later chains first, and children of one round in reverse: others were faster. */
function reordered(events: readonly TraceEvent[], rootChildren: number): readonly TraceEvent[] {
  const chainOf = (event: TraceEvent) =>
    'path' in event ? Math.floor(Number(event.path.split('.')[0]) / rootChildren) : -1;
  const kindOf = (event: TraceEvent | undefined) => event && [event.type, chainOf(event)].join();
  const runs: TraceEvent[][] = [];
  for (const event of [...events].sort((a, b) => chainOf(b) - chainOf(a))) {
    const last = runs.at(-1);
    const isSame = event.type === 'sampled' && kindOf(last?.[0]) === kindOf(event);
    if (last !== undefined && isSame) last.unshift(event);
    else runs.push([event]);
  }
  return runs.flat();
}

describe.each([
  ['beam-search', beamSearch({ budget: 8, width: 4 }), 8],
  ['dvts', dvts({ budget: 8, width: 4 }), 4],
  ['dvts of all siblings', dvts({ budget: 12, width: 4, answers: 'siblings' }), 4],
])('the branches of %s', (_, strategy, rootChildren) => {
  it('are those of the trace, in path order, each with its fate', async () => {
    const { events, result, branches } = await record(strategy);
    const all = branches ?? [];
    const tree = new SearchTree();
    for (const event of events) tree.add(event);
    const walked: string[] = [];
    const walk = (nodes: SearchTree['roots']): void => {
      for (const node of nodes) {
        const found = all.find(({ id }) => id === node.id);
        expect(found).toMatchObject({
          text: node.text,
          tokens: node.tokens,
          multiplicity: node.multiplicity,
          score: node.scores.at(-1) ?? null,
        });
        const fates: Record<typeof node.fate, RecordedBranch['fate']> = {
          live: 'kept',
          pruned: 'pruned',
          cut: 'cut',
          complete: 'ended',
          incomplete: 'ended',
        };
        expect(found?.fate).toBe(fates[node.fate]);
        walked.push(node.id);
        walk(node.children);
      }
    };
    walk(tree.roots);
    expect(all.map(({ id }) => id)).toEqual(walked);
    expect(all.some(({ fate }) => fate === 'pruned')).toBe(true);
    const ended = all.filter(({ fate }) => fate === 'ended').map(({ id }) => id);
    expect(ended).toEqual(result.paths.map(({ id }) => id));
    const tokens = events.reduce((sum, e) => sum + (e.type === 'sampled' ? e.tokens : 0), 0);
    const merged = all.reduce((sum, b) => sum + b.tokens * b.multiplicity, 0);
    expect(merged).toBe(tokens);
  });

  it('are the same whichever finish first', async () => {
    const { events, result, branches } = await record(strategy, 'q');
    const shuffled = reordered(events, rootChildren);
    expect(shuffled).not.toEqual(events);
    const other = replay(shuffled).branches(result.paths);
    expect(JSON.stringify(other)).toBe(JSON.stringify(branches));
  });
});

it('records no branches where the paths tell everything', async () => {
  const { result, branches } = await record(bestOfN({ budget: 4 }));
  expect(result.paths).toHaveLength(4);
  expect(branches).toBeNull();
});
