// The oracle itself against Hugging Face transformers.
import { expect, test } from 'vitest';
import { GOLDEN_LLAMA, goldenPrompts, largestError } from './golden-llama.js';
import { ReferenceLlama } from './reference-llama.js';

test('the double-precision oracle gives the logits and scores of Hugging Face', async () => {
  const model = await ReferenceLlama.open(GOLDEN_LLAMA);
  const prompts = await goldenPrompts();
  expect(prompts.length).toBeGreaterThanOrEqual(5);
  for (const { ids, logits, scores } of prompts) {
    expect(
      largestError(
        model.logits(ids).flatMap((row) => [...row]),
        logits,
      ),
    ).toBeLessThan(2e-5);
    expect(
      largestError(
        model.scores(ids).flatMap((row) => [...row]),
        scores,
      ),
    ).toBeLessThan(2e-5);
  }
});
