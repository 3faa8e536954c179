// How one policy is asked: its family's words, or the caller's, put where its chat template takes them.
// Token ids throughout; exactly one BOS; the assistant's turn is left open.
import { invalidOption, ModelError } from '../../errors.js';
import type { ChatMessage, Tokenizer } from '../../text/tokenizer.js';
import { familyNamed, familyOf } from './families.js';
import { FAMILY_NAMES, type FamilyName, type PromptFamily } from './family.js';

/** What a caller may choose of a policy's prompt. */
export interface PromptOptions {
  /**
   * The model family whose system prompt and sampling defaults serve.
   * @default what the package's architecture and chat template say
   * @example 'llama-3'
   */
  readonly family?: FamilyName;
  /**
   * What the policy is told besides the question; null for nothing. It goes where the family has it:
   * in a system message, or below the question (R1 distillates). A chat template that takes no system
   * message gets it above the question, with a blank line between.
   * @default the model family's
   * @example 'Please reason step by step, and put your final answer within \\boxed{}.'
   */
  readonly systemPrompt?: string | null;
}

/** How a policy is asked. */
export interface PolicyPrompt {
  readonly family: FamilyName;
  /** What the policy is told besides the question; null: nothing. */
  readonly systemPrompt: string | null;
  /** Where it is told that; null: nowhere. */
  readonly place: 'system' | 'above question' | 'below question' | null;
  /** Whether the prompt ends inside the policy's thought: a chat template may open it. */
  readonly opensThought: boolean;
  /** Token ids of the whole prompt for a question, up to where the policy begins to write. */
  readonly encode: (question: string) => readonly number[];
}

/** Checks what a caller chose. @throws OptionError */
export function checkPromptOptions({ family, systemPrompt }: PromptOptions): void {
  if (family !== undefined) {
    if (typeof family !== 'string') {
      throw invalidOption('family', `one of ${FAMILY_NAMES.join(', ')}`, family);
    }
    familyNamed(family);
  }
  if (systemPrompt !== undefined && systemPrompt !== null && typeof systemPrompt !== 'string') {
    throw invalidOption('systemPrompt', 'a text or null', systemPrompt);
  }
}

/**
 * The prompt of a policy and its family's sampling defaults.
 * @param architecture as the package's manifest names it
 * @throws ModelError UNSUPPORTED_MODEL where there is no chat template, or none for a user's message
 */
export function policyPrompt(
  architecture: string,
  tokenizer: Tokenizer,
  options: PromptOptions,
): { readonly prompt: PolicyPrompt; readonly family: PromptFamily } {
  const family =
    options.family === undefined ? familyOf(architecture, tokenizer) : familyNamed(options.family);
  const { systemPrompt = family.systemPrompt } = options;
  const place = systemPrompt === null ? null : placeOf(family, tokenizer);
  const encode = (question: string) =>
    tokenizer.chatPrompt(chat(question, systemPrompt ?? '', place));
  const shown = tokenizer.decode(encode('How many?'), { special: true });
  const opensThought = shown.trimEnd().endsWith('<think>');
  return { prompt: { family: family.name, systemPrompt, place, opensThought, encode }, family };
}

type Place = PolicyPrompt['place'];

function placeOf(family: PromptFamily, tokenizer: Tokenizer): Exclude<Place, null> {
  if (family.place !== 'system') return family.place;
  return takesSystemMessage(tokenizer) ? 'system' : 'above question';
}

/** Tried out: a template may refuse a system message, or pass it over in silence. */
function takesSystemMessage(tokenizer: Tokenizer): boolean {
  const words = 'Reason step by step.';
  try {
    const ids = tokenizer.chatPrompt([
      { role: 'system', content: words },
      { role: 'user', content: 'How many?' },
    ]);
    return tokenizer.decode(ids).includes(words);
  } catch (error) {
    // A template that fails at more than the role fails at the question alone too, and says so there.
    if (error instanceof ModelError) return false;
    throw error;
  }
}

function chat(question: string, words: string, place: Place): readonly ChatMessage[] {
  switch (place) {
    case null:
      return [{ role: 'user', content: question }];
    case 'system':
      return [
        { role: 'system', content: words },
        { role: 'user', content: question },
      ];
    case 'above question':
      return [{ role: 'user', content: `${words}\n\n${question}` }];
    case 'below question':
      return [{ role: 'user', content: `${question}\n${words}` }];
  }
}
