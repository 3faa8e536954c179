// Chooses the prompt family of a model package; a new family is a file and an entry here.
import { OptionError, unknownMessage } from '../../errors.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import { deepseekR1Distill } from './deepseek-r1-distill.js';
import { embedded } from './embedded.js';
import { FAMILY_NAMES, type FamilyName, type PromptFamily } from './family.js';
import { generic } from './generic.js';
import { llama3 } from './llama-3.js';
import { qwen25 } from './qwen2.5.js';
import { qwen25Math } from './qwen2.5-math.js';

const families: Readonly<Record<FamilyName, PromptFamily>> = {
  'deepseek-r1-distill': deepseekR1Distill,
  'llama-3': llama3,
  'qwen2.5-math': qwen25Math,
  'qwen2.5': qwen25,
  embedded,
  generic,
};

/** The family of a name. @throws OptionError UNKNOWN_OPTION */
export function familyNamed(name: FamilyName): PromptFamily {
  if (FAMILY_NAMES.includes(name)) return families[name];
  throw new OptionError(unknownMessage('family', name, FAMILY_NAMES), 'UNKNOWN_OPTION');
}

/**
 * The first family that the architecture and the chat prompt speak for. A checkpoint that was trained
 * on to another chat format is of the family that its format is of: an R1 distillate of a Llama 3
 * is asked as R1.
 */
export function familyOf(architecture: string, tokenizer: Tokenizer): PromptFamily {
  const question = 'How many?';
  const ids = tokenizer.chatPrompt([{ role: 'user', content: question }]);
  const prompt = tokenizer.decode(ids, { special: true });
  const evidence = { architecture, prompt, tokenizer };
  const name = FAMILY_NAMES.find((candidate) => families[candidate].matches(evidence));
  return name === undefined ? generic : families[name];
}
