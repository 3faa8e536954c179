// Follows a search while it runs: every branch as it is sampled, scored, pruned or completed.
import { beamSearch, loadPolicy, loadReward, search, type TraceEvent } from 'espalier';

const question =
  'Leo has 3 apples. Ben has 29 more apples than Leo. Ann has 24 fewer apples than Ben. ' +
  'Oli has 7 times as many apples as Ann. How many apples does Oli have?';

/** What happened to a branch, or undefined for events that are not drawn. */
function describe(event: TraceEvent): string | undefined {
  switch (event.type) {
    case 'sampled':
      return event.text.trim();
    case 'merged':
      return `is ${event.into} again`;
    case 'scored':
      return `scores ${event.scores.map((score) => score.toFixed(3)).join(', ')}`;
    case 'pruned':
      return 'is pruned';
    case 'completed':
      return `is complete: ${event.answer}`;
    default:
      return undefined;
  }
}

/** A line for each event, indented by the branch's depth in the tree. */
function draw(event: TraceEvent): void {
  const text = describe(event);
  if (text === undefined || !('path' in event)) return;
  const depth = event.path.split('.').length - 1;
  console.log(`${'  '.repeat(depth)}${event.path.padEnd(2)} ${text}`);
}

await using policy = await loadPolicy('policy-0.4m');
await using reward = await loadReward('prm-3m');
const strategy = beamSearch({ budget: 8, width: 4 });
const { answer } = await search(question, { policy, reward, strategy, seed: 1, onTrace: draw });
console.log(`Answer: ${answer}`);
