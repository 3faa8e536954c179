// One question, one search: the answer, the steps that led to it, and what it took.
import { dvts, loadPolicy, loadReward, search } from 'espalier';

const question =
  'Kim has 74 coins. Ned has half as many coins as Kim. Tom has 22 fewer coins than Ned. ' +
  'Pam has 4 times as many coins as Tom. How many coins does Pam have?';

await using policy = await loadPolicy('policy-2m');
await using reward = await loadReward('prm-3m');
const { answer, path, ledger } = await search(question, {
  policy,
  reward,
  strategy: dvts({ budget: 16, width: 4 }),
  seed: 7,
});

for (const step of path.steps) {
  console.log(`${step.score?.toFixed(3)}  ${step.text.trim()}`);
}
console.log(`Answer: ${answer}`);
console.log(
  `${ledger.policy.sampledTokens} tokens sampled, ${ledger.reward.scores} steps scored, ` +
    `${(ledger.flops / 1e9).toFixed(2)} GFLOP`,
);
