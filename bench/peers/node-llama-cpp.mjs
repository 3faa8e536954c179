// One trial of node-llama-cpp as its users would call it: a context with a sequence for each branch.
// Its sequences share no cache, so each evaluates the prompt; it batches them by itself. Prints one
// JSON line, as ../trial.ts does; with `chats`, how often its next token is the one that is fed.
//   node node-llama-cpp.mjs '{"model": FILE.gguf, "prompt": [...], "branches": 64, "tokens": 128, "threads": 2}'
import { readFileSync } from 'node:fs';
import { getLlama } from 'node-llama-cpp';

const [json = '{}'] = process.argv.slice(2);
const options = JSON.parse(json);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: 'error',
  maxThreads: options.threads,
});
const model = await llama.loadModel({ modelPath: options.model });
const result = await (options.chats === undefined ? generate(options) : agree(options));
await llama.dispose();
console.log(JSON.stringify(result));

async function generate({ prompt, branches, tokens, threads }) {
  const context = await model.createContext({
    contextSize: prompt.length + tokens,
    sequences: branches,
    threads,
  });
  const sequences = Array.from({ length: branches }, () => context.getSequence());
  const begin = performance.now();
  await Promise.all(
    sequences.map((sequence) => sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1))),
  );
  const filled = performance.now();
  const counts = await Promise.all(
    sequences.map((sequence, i) => sampleFrom(sequence, prompt.at(-1), tokens, i)),
  );
  return {
    prefillSeconds: (filled - begin) / 1000,
    decodeSeconds: (performance.now() - filled) / 1000,
    sampled: counts.reduce((sum, count) => sum + count, 0),
  };
}

async function sampleFrom(sequence, token, limit, seed) {
  const sampling = { temperature: 0.7, topK: 0, topP: 1, minP: 0, seed };
  let count = 0;
  for await (const _ of sequence.evaluate([token], { ...sampling, yieldEogToken: true })) {
    if (++count === limit) break;
  }
  return count;
}

async function agree({ chats, threads }) {
  const context = await model.createContext({ contextSize: 512, threads });
  const sequence = context.getSequence();
  let tokens = 0;
  let same = 0;
  for (const { ids, greedy } of JSON.parse(readFileSync(chats, 'utf8'))) {
    await sequence.clearHistory();
    const generateNext = { token: true, options: { temperature: 0 } };
    const input = [...ids, ...greedy.slice(0, -1)].map((id, i) =>
      i < ids.length - 1 ? id : [id, { generateNext }],
    );
    const outputs = await sequence.controlledEvaluate(input);
    const next = outputs.slice(ids.length - 1).map((output) => output?.next.token);
    tokens += greedy.length;
    same += greedy.filter((token, i) => token === next[i]).length;
  }
  return { tokens, same };
}
