// The embedded models were trained on the bare question: no system message.
import { isEmbeddedKind } from '../../model/embedded.js';
import type { PromptFamily } from './family.js';
import { generic } from './generic.js';

export const embedded: PromptFamily = {
  ...generic,
  name: 'embedded',
  systemPrompt: null,
  matches: ({ tokenizer }) => isEmbeddedKind(tokenizer),
};
