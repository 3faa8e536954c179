// The `qwen-prm` format (Qwen/Qwen2.5-Math-PRM-7B and -72B): a chat of its own system prompt, the
// question and an answer in which every step is followed by <extra_0>; there the head's second class
// is "right so far". As its model card has it; the paper's code builds the same.
import { markerToken } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import type { EncodedSolution, RewardFormat } from './reward-format.js';

/** From the model card; the model was trained with it. */
const SYSTEM = 'Please reason step by step, and put your final answer within \\boxed{}.';

/**
 * The marker is a control token, so steps are encoded alone: no token joins across it.
 * @throws ModelError UNSUPPORTED_MODEL if <extra_0> is not one token
 */
export function qwenPrm(tokenizer: Pick<Tokenizer, 'encode' | 'chatPrompt'>): RewardFormat {
  const marker = markerToken('qwen-prm', tokenizer);
  return {
    name: 'qwen-prm',
    headWidth: 2,
    begin(question: string): EncodedSolution {
      const tokens = tokenizer.chatPrompt([
        { role: 'system', content: SYSTEM },
        { role: 'user', content: question },
      ]);
      return { tokens, markers: [] };
    },
    append(solution: EncodedSolution, step: string): EncodedSolution {
      const tokens = [...solution.tokens, ...tokenizer.encode(step.trim()), marker];
      return { tokens, markers: [...solution.markers, tokens.length - 1] };
    },
    margin: (head) => (head[1] ?? Number.NaN) - (head[0] ?? Number.NaN),
  };
}
