// The `math-shepherd` format (peiyi9979/math-shepherd-mistral-7b-prm): plain text,
// "QUESTION STEP1 ки\nSTEP2 ки", and at each "ки" the logits of "+" against "-".
// As its model card has it; the paper's code (COTTS) ends the last step with a newline too, which no
// marker sees. search-and-learn's other separators and its system prompt are not what it was trained on.
// SentencePiece may join any characters of a text, so a step is encoded alone only where the vocabulary
// shows that nothing joins with a newline, as the published model's does; else with all before it.
import { modelFault } from '../model/fault.js';
import { markerToken } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { type EncodedSolution, labelMargin, type RewardFormat } from './reward-format.js';

const TAG = ' ки';
const NEWLINE = 0x0a;

/** @throws ModelError UNSUPPORTED_MODEL if "ки" is not one token */
export function mathShepherd(tokenizer: Pick<Tokenizer, 'encode' | 'tokenBytes'>): RewardFormat {
  const marker = markerToken('math-shepherd', tokenizer);
  const encode = (text: string) => tokenizer.encode(text, { addSpecial: true });
  const lead = tokenizer.encode('\n').length - 1; // a space that the tokenizer puts first
  const isParted = newlineTokens(tokenizer) === 1;
  return {
    name: 'math-shepherd',
    headWidth: 2,
    begin: (question) => ({ tokens: encode(question), markers: [], text: question }),
    append({ tokens: before, markers, text = '' }: EncodedSolution, step: string): EncodedSolution {
      const body = step.trim();
      const added = `\n${body}${TAG}`;
      const whole = markers.length === 0 ? `${text} ${body}`.trimEnd() + TAG : text + added;
      const tokens =
        isParted && markers.length > 0
          ? [...before, ...tokenizer.encode(added).slice(lead)]
          : encode(whole);
      const all = [...markers, tokens.length - 1];
      for (const at of all.slice(-2)) if (tokens[at] !== marker) throw joined(tokens[at]);
      return { tokens, markers: all, text: whole };
    },
    margin: labelMargin,
  };
}

/** Tokens that hold a newline. Where there is one alone, nothing joins across it. */
function newlineTokens(tokenizer: Pick<Tokenizer, 'tokenBytes'>): number {
  const { bytes, offsets } = tokenizer.tokenBytes();
  let count = 0;
  for (let id = 0; id + 1 < offsets.length; id++) {
    if (bytes.subarray(offsets[id], offsets[id + 1]).includes(NEWLINE)) count++;
  }
  return count;
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
