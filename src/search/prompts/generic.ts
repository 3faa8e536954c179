// The prompt and defaults for models of no particular family: the paper's.
import type { PromptFamily } from './family.js';

export const generic: PromptFamily = {
  name: 'generic',
  system: 'Please reason step by step, and put your final answer within \\boxed{}.',
  temperature: 0.7,
  topP: 1,
  maxPathTokens: 8192,
};
