// One trial of transformers.js as its users would call it: `generate` on a batch of so many copies of
// the prompt, since it forks no cache. Prints one JSON line, as ../trial.ts does.
//   node transformers-js.mjs '{"model": FOLDER, "dtype": "fp32", "prompt": [...], "branches": 64, "tokens": 128, "threads": 2}'
import { basename, dirname } from 'node:path';
import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers';

const [json = '{}'] = process.argv.slice(2);
const { model: folder, dtype, prompt, branches, tokens, threads, greedy } = JSON.parse(json);

env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
  dtype,
  device: 'cpu',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});

/** Seconds to the first token and for all others, and the tokens of the last branch. */
async function generate(count, newTokens) {
  const ids = Array.from({ length: count }, () => prompt.map(BigInt)).flat();
  const shape = [count, prompt.length];
  const times = [];
  const streamer = { put: () => times.push(performance.now()), end: () => {} };
  const begin = performance.now();
  const output = await model.generate({
    input_ids: new Tensor('int64', BigInt64Array.from(ids), shape),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
    max_new_tokens: newTokens,
    do_sample: !greedy,
    temperature: 0.7,
    top_k: 0,
    eos_token_id: null,
    streamer,
  });
  const [, first = begin, last = first] = [times[0], times[1], times.at(-1)];
  return {
    prefillSeconds: (first - begin) / 1000,
    decodeSeconds: (last - first) / 1000,
    ids: output.tolist().at(-1).slice(prompt.length).map(Number),
  };
}

await generate(1, 2);
const { prefillSeconds, decodeSeconds, ids } = await generate(branches, tokens);
// The first token of each branch came with the prefill.
const sampled = branches * (ids.length - 1);
console.log(JSON.stringify({ prefillSeconds, decodeSeconds, sampled, ...(greedy && { ids }) }));
