// The `skywork` format (Skywork-o1-Open-PRM-Qwen-2.5-1.5B and -7B): BOS, the question, a newline, then
// every line of the solution and the newline token; one value, read at the newline that ends a step.
// As the official code has it, which encodes each line alone. The paper's code (COTTS) instead turns
// the newlines inside a step into spaces; so the same step can be scored a little differently there.
import { markerToken } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import type { EncodedSolution, RewardFormat } from './reward-format.js';

/** @throws ModelError UNSUPPORTED_MODEL if a newline is not one token */
export function skywork(tokenizer: Pick<Tokenizer, 'encode'>, bos: number): RewardFormat {
  const newline = markerToken('skywork', tokenizer);
  return {
    name: 'skywork',
    headWidth: 1,
    begin: (question) => ({ tokens: [bos, ...tokenizer.encode(`${question}\n`)], markers: [] }),
    append(solution: EncodedSolution, step: string): EncodedSolution {
      const lines = step.trim().split('\n');
      const added = lines.flatMap((line) => [...tokenizer.encode(line), newline]);
      const tokens = [...solution.tokens, ...added];
      return { tokens, markers: [...solution.markers, tokens.length - 1] };
    },
    margin: (head) => head[0] ?? Number.NaN,
  };
}
