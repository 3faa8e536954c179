// The `step-head` format: the reward model's own chat prompt with the question, then the steps, each
// ended by the delimiter; the one-column head is read at the token that ends each step.
import type { Tokenizer } from '../text/tokenizer.js';
import type { EncodedSolution, RewardFormat } from './reward-format.js';

/**
 * The format of reward models with a head read at the step delimiter.
 * A step that ended without its delimiter (end of sequence) gets one in its place.
 */
export function stepHead(
  tokenizer: Pick<Tokenizer, 'encode' | 'chatPrompt'>,
  delimiter: string,
): RewardFormat {
  return {
    name: 'step-head',
    headWidth: 1,
    begin(question: string): EncodedSolution {
      const tokens = tokenizer.chatPrompt([{ role: 'user', content: question }]);
      return { tokens, markers: [] };
    },
    append(solution: EncodedSolution, step: string): EncodedSolution {
      const tokens = [...solution.tokens, ...tokenizer.encode(step.trim() + delimiter)];
      return { tokens, markers: [...solution.markers, tokens.length - 1] };
    },
    margin(head: Float32Array): number {
      return head[0] ?? Number.NaN;
    },
  };
}
