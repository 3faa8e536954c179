// What a family of models is told and how it is sampled; one file a family, chosen by families.ts.

/** A model family's system prompt and sampling defaults. */
export interface PromptFamily {
  readonly name: string;
  /** Null: no system message. */
  readonly system: string | null;
  readonly temperature: number;
  readonly topP: number;
  /** Most sampled tokens of a path. */
  readonly maxPathTokens: number;
}
