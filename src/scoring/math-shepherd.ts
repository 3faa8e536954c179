// The `math-shepherd` format (peiyi9979/math-shepherd-mistral-7b-prm): plain text,
// "QUESTION STEP1 ки\nSTEP2 ки", and at each "ки" the logits of "+" against "-".
// As its model card has it; the paper's code (COTTS) ends the last step with a newline too, which no
// marker sees. search-and-learn's other separators and its system prompt are not what it was trained on.
// SentencePiece has no hard boundaries, so every step encodes the whole text anew.
import { modelFault } from '../model/fault.js';
import { markerToken } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { type EncodedSolution, labelMargin, type RewardFormat } from './reward-format.js';

const TAG = ' ки';

/** @throws ModelError UNSUPPORTED_MODEL if "ки" is not one token */
export function mathShepherd(tokenizer: Pick<Tokenizer, 'encode'>): RewardFormat {
  const marker = markerToken('math-shepherd', tokenizer);
  const encode = (text: string) => tokenizer.encode(text, { addSpecial: true });
  return {
    name: 'math-shepherd',
    headWidth: 2,
    begin: (question) => ({ tokens: encode(question), markers: [], text: question }),
    append({ text = '', markers }: EncodedSolution, step: string): EncodedSolution {
      const body = step.trim();
      const untagged = markers.length === 0 ? `${text} ${body}`.trimEnd() : `${text}\n${body}`;
      const tokens = encode(untagged + TAG);
      const all = [...markers, tokens.length - 1];
      for (const at of all.slice(-2)) if (tokens[at] !== marker) throw joined(tokens[at]);
      return { tokens, markers: all, text: untagged + TAG };
    },
    margin: labelMargin,
  };
}

function joined(found: number | undefined): Error {
  return modelFault(
    'UNSUPPORTED_MODEL',
    'tokenizer.json',
    `one that ends a step with the token of "${TAG}"`,
    `token ${found}`,
    'use the tokenizer that the reward model was trained with',
  );
}
