// Qwen2 and Qwen2.5: any Qwen2 that is asked in ChatML. The words are the paper's for all Qwen.
import { isMarkedBy, type PromptFamily } from './family.js';
import { generic } from './generic.js';

export const qwen25: PromptFamily = {
  ...generic,
  name: 'qwen2.5',
  matches: (evidence) =>
    evidence.architecture === 'Qwen2ForCausalLM' && isMarkedBy('<|im_start|>', evidence),
};
