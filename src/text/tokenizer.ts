// A model's tokenizer: text to ids, ids to exact bytes, chat messages to a prompt.

/** One message of a chat prompt. Its content is data: no special token is recognised in it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** The bytes of every token, concatenated; token i is bytes[offsets[i], offsets[i + 1]). */
export interface TokenBytes {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array; // [vocabulary + 1]
}

export interface Tokenizer {
  /** Ids lie in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** Whether `chatPrompt` works. */
  readonly hasChatTemplate: boolean;
  /**
   * Ids of a text that is data: special tokens written in it stay ordinary text.
   * @param options `special`: recognise special tokens' text. @default false. `addSpecial`: add
   *   what the tokenizer puts around a text (BOS, EOS). @default false
   */
  encode(
    text: string,
    options?: { readonly addSpecial?: boolean; readonly special?: boolean },
  ): number[];
  /** The text of ids: `bytesOf` read as UTF-8, so special tokens leave nothing. */
  decode(ids: Iterable<number>): string;
  /** Exact bytes of the ids, concatenated; special tokens have none. */
  bytesOf(ids: Iterable<number>): Uint8Array;
  /** Exact bytes of all tokens, up to `size` (default: vocabularySize; ids past it are empty). */
  tokenBytes(size?: number): TokenBytes;
  /**
   * The ids of a rendered chat template, with exactly one BOS if the model uses one.
   * @param options `addGenerationPrompt`: end where the assistant begins. @default true
   * @throws ModelError if the tokenizer has no chat template or it cannot be rendered
   */
  chatPrompt(
    messages: readonly ChatMessage[],
    options?: { readonly addGenerationPrompt?: boolean },
  ): number[];
}

/** Opens `tokenizer.json` and `tokenizer_config.json` of a directory. */
export declare function openTokenizer(directory: string): Promise<Tokenizer>;
