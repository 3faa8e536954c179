// Counts the tokens that a policy would have spent on outputs that came from elsewhere, without loading
// more of it than its tokenizer.
import type { ModelPackage } from '../model/package.js';
import { tokenizerOf } from '../scoring/load.js';
import { type PolicyPrompt, policyPrompt } from '../search/prompts/policy-prompt.js';

export interface TokenCounter {
  /** How the policy is asked, by default. */
  readonly prompt: PolicyPrompt;
  /** Of an output, with the end-of-sequence token that it must have ended with. */
  output(text: string): number;
}

/** @throws as opening the package's tokenizer and prompt */
export async function openTokenCounter(model: ModelPackage): Promise<TokenCounter> {
  const tokenizer = await tokenizerOf(model, {});
  const { prompt } = policyPrompt(model.manifest.architecture, tokenizer, {});
  return { prompt, output: (text) => tokenizer.encode(text).length + 1 };
}
