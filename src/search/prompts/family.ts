// What a family of models is told and how it is sampled; one file a family, chosen by families.ts.
import type { Tokenizer } from '../../text/tokenizer.js';

/** Families by name, in the order in which they are tried: the last one takes all that is left. */
export const FAMILY_NAMES = [
  'deepseek-r1-distill',
  'llama-3',
  'qwen2.5-math',
  'qwen2.5',
  'embedded',
  'generic',
] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

/** What a family is recognised by. Never a name: packages may have any. */
export interface Evidence {
  /** As Hugging Face's config.json names it, e.g. `LlamaForCausalLM`. */
  readonly architecture: string;
  /** The chat prompt of a question without a system message, special tokens visible. */
  readonly prompt: string;
  readonly tokenizer: Tokenizer;
}

/** A model family's prompt and sampling defaults. */
export interface PromptFamily {
  readonly name: FamilyName;
  /** What the model is told besides the question; null: nothing. */
  readonly systemPrompt: string | null;
  /** Where that belongs: a message of its own, or the question's, below it. */
  readonly place: 'system' | 'below question';
  readonly temperature: number;
  readonly topP: number;
  /** Most sampled tokens of a path. */
  readonly maxPathTokens: number;
  readonly matches: (evidence: Evidence) => boolean;
}

/** Whether a control token of this text ends or parts the turns of a chat prompt. */
export function isMarkedBy(mark: string, { prompt, tokenizer }: Evidence): boolean {
  return prompt.includes(mark) && tokenizer.encode(mark, { special: true }).length === 1;
}
