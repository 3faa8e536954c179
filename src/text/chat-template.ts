// Rendering a model's chat template (Jinja) to text. The same messages always give the same text:
// the clock is not part of a prompt.
import { Template } from '@huggingface/jinja';
import { ModelError } from '../errors.js';
import { tokenText } from './special-tokens.js';

/** One message of a chat prompt. Its content is data: no special token is recognised in it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/**
 * Templates that print today's date get this one, which Llama 3.1's template names as its default.
 * A prompt that changed with the clock would make no search repeatable.
 */
const DATE = '26 Jul 2024';

const TOKEN_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'pad_token',
  'sep_token',
  'cls_token',
  'mask_token',
] as const;

export class ChatTemplate {
  readonly #template: Template;
  readonly #variables: Readonly<Record<string, unknown>>;

  /**
   * @param source the Jinja text
   * @param config the parsed tokenizer_config.json, for its special tokens
   * @throws ModelError UNSUPPORTED_MODEL if the template cannot be parsed
   */
  constructor(
    source: string,
    config: Readonly<Record<string, unknown>>,
    readonly where: string,
  ) {
    try {
      this.#template = new Template(source);
    } catch (error) {
      throw this.#fault('a Jinja template that can be parsed', error);
    }
    const variables: Record<string, unknown> = { tools: null, documents: null, date_string: DATE };
    for (const name of TOKEN_NAMES) {
      const text = tokenText(config[name]);
      if (text !== undefined) variables[name] = text;
    }
    this.#variables = variables;
  }

  /** @throws ModelError UNSUPPORTED_MODEL if the template refuses the messages */
  render(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string {
    try {
      return this.#template.render({
        ...this.#variables,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      const roles = messages.map((message) => message.role).join(', ') || 'none';
      throw this.#fault(`a chat template for messages of the roles ${roles}`, error);
    }
  }

  #fault(expected: string, error: unknown): ModelError {
    const found = error instanceof Error ? error.message : String(error);
    return new ModelError(
      `Expected \`${this.where}: chat_template\` to be ${expected}, got "${found}"; ` +
        'check the messages, or the template of the model',
      'UNSUPPORTED_MODEL',
      { cause: error },
    );
  }
}

/**
 * The default template of a tokenizer_config.json: a text, or the one named `default` of a list or
 * of an object.
 */
export function defaultTemplate(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const entry = value.find((candidate) => candidate?.name === 'default');
    return typeof entry?.template === 'string' ? entry.template : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return 'default' in value && typeof value.default === 'string' ? value.default : undefined;
}
