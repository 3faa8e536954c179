// Qwen2.5-Math: a Qwen2.5 whose own chat template, left to itself, asks for reasoning.
import type { PromptFamily } from './family.js';
import { qwen25 } from './qwen2.5.js';

export const qwen25Math: PromptFamily = {
  ...qwen25,
  name: 'qwen2.5-math',
  matches: (evidence) =>
    qwen25.matches(evidence) &&
    evidence.prompt.startsWith('<|im_start|>system\nPlease reason step by step'),
};
