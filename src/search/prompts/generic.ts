// The prompt and defaults for models of no particular family: the paper's.
import type { PromptFamily } from './family.js';

export const generic: PromptFamily = {
  name: 'generic',
  systemPrompt: 'Please reason step by step, and put your final answer within \\boxed{}.',
  place: 'system',
  temperature: 0.7,
  topP: 1,
  maxPathTokens: 8192,
  matches: () => true,
};
