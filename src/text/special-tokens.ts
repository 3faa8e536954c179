// Which text means a control token. A tokenizer recognises such text wherever it stands; here every
// control token gets an alias that nobody can write, so that data stays data.
import { randomUUID } from 'node:crypto';

/** An entry of tokenizer.json's `added_tokens`, as far as it matters here. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * The control tokens of one tokenizer: its special tokens, and every other added token that its chat
 * template writes (some models mark turns with tokens that are not declared special).
 * Aliases hold a random number, so no text can name them; they never leave this folder.
 */
export class SpecialTokens {
  readonly #nonce = randomUUID();
  readonly #aliases = new Map<string, string>(); // content -> alias
  readonly #pattern: RegExp | undefined;

  constructor(added: readonly AddedToken[], template: string | undefined) {
    for (const { id, content, special } of added) {
      if (content.length === 0) continue;
      if (special || template?.includes(content)) this.#aliases.set(content, this.#mark(id));
    }
    // Longest first: at one place the longest of several control tokens is meant.
    const contents = [...this.#aliases.keys()].sort((a, b) => b.length - a.length);
    if (contents.length > 0) this.#pattern = new RegExp(contents.map(escaped).join('|'), 'gu');
  }

  /** Whether this text is a control token. */
  has(content: string): boolean {
    return this.#aliases.has(content);
  }

  /** The alias of a control token, or the text itself if it is none. */
  aliasOf(content: string): string {
    return this.#aliases.get(content) ?? content;
  }

  /** The text with every control token replaced by its alias. */
  recognise(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (content) => this.aliasOf(content));
  }

  /**
   * Hides the control tokens of data while a template is rendered around it.
   * @returns the hidden text, or the very same one if there is nothing to hide
   */
  hide(text: string, hidden: string[]): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (content) => {
      hidden.push(content);
      return this.#mark(`data ${hidden.length - 1}`);
    });
  }

  /** Puts back what `hide` took out. */
  restore(text: string, hidden: readonly string[]): string {
    const marks = new RegExp(this.#mark('data (\\d+)'), 'gu');
    return text.replace(marks, (mark, i: string) => hidden[Number(i)] ?? mark);
  }

  #mark(label: string | number): string {
    return `\u{E000}${this.#nonce} ${label}\u{E001}`;
  }
}

/** A special token of tokenizer_config.json: its text, or an object that holds it. */
export function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('content' in value)) return undefined;
  return typeof value.content === 'string' ? value.content : undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, (character) => `\\${character}`);
}
