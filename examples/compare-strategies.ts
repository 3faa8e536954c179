// Strategies side by side over a few problems. All searches run at once: they share one engine and
// fill its batches together.
import { readFile } from 'node:fs/promises';
import {
  beamSearch,
  bestOfN,
  castVote,
  dvts,
  greedy,
  loadPolicy,
  loadReward,
  majority,
  search,
} from 'espalier';

const strategies = [
  greedy(),
  majority({ budget: 8 }),
  bestOfN({ budget: 8 }),
  beamSearch({ budget: 8 }),
  dvts({ budget: 8 }),
];

interface Problem {
  readonly problem: string;
  readonly answer: string;
}
const file = new URL('../models/data/calibration.jsonl', import.meta.url);
const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(0, 12);
const problems = lines.map((line) => JSON.parse(line) as Problem);

await using policy = await loadPolicy('policy-0.4m');
await using reward = await loadReward('prm-3m');
for (const strategy of strategies) {
  const results = await Promise.all(
    problems.map(({ problem }) => search(problem, { policy, reward, strategy })),
  );
  const correct = results.filter(({ answer }, i) => answer === problems[i]?.answer).length;
  const tokens = results.reduce((sum, { ledger }) => sum + ledger.policy.sampledTokens, 0);
  let line = `${strategy.name.padEnd(12)} ${correct}/${problems.length} correct, ${tokens} tokens`;
  if (strategy.name === 'best-of-n') {
    // The same paths under another vote: no model runs again.
    const votes = results.map(({ paths }) => castVote(paths, { aggregation: 'min', vote: 'max' }));
    const other = votes.filter(({ answer }, i) => answer === problems[i]?.answer).length;
    line += ` (${other} by the best of the worst steps)`;
  }
  console.log(line);
}
