// DeepSeek-R1's distillates into Qwen2, Qwen3 and Llama: no system message, and long thought.
// Some of their templates begin the thought (`<think>`) themselves; others leave that to the model.
import { isMarkedBy, type PromptFamily } from './family.js';
import { generic } from './generic.js';

export const deepseekR1Distill: PromptFamily = {
  ...generic,
  name: 'deepseek-r1-distill',
  place: 'below question',
  temperature: 0.6,
  topP: 0.95,
  maxPathTokens: 32_768,
  matches: (evidence) =>
    isMarkedBy('<｜User｜>', evidence) && isMarkedBy('<｜Assistant｜>', evidence),
};
