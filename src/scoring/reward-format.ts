// What a reward model reads and what its head's outputs mean; one file a format (step-head.ts).
// A format works on the text of steps, so any reward model can score any policy's paths.

/** A question and the steps so far, as the reward model reads them. */
export interface EncodedSolution {
  /** All token ids from the start of the prompt. */
  readonly tokens: readonly number[];
  /** Index into `tokens` of each step's marker, ascending; the head is read there. */
  readonly markers: readonly number[];
  /** What the format itself must know to append; for nobody else. */
  readonly text?: string;
}

/** Maps questions and steps to tokens, and head outputs to margins. Pure: mutates nothing. */
export interface RewardFormat {
  readonly name: string;
  /** Columns of the head that `margin` takes. */
  readonly headWidth: number;
  /** The prompt alone: no step, no marker. */
  begin(question: string): EncodedSolution;
  /**
   * The same solution with one more step, as text with or without its delimiter. Usually appends;
   * where a tokenizer joins across the edge the tail of `solution` may come out anew.
   */
  append(solution: EncodedSolution, step: string): EncodedSolution;
  /** The fp32 logit margin of one marker's head outputs; `head` is [headWidth]. */
  margin(head: Float32Array): number;
}

/** The margin of two labels' logits, good and bad; of a softmax over the two, the score is its logistic. */
export function labelMargin(head: Float32Array): number {
  const [good = Number.NaN, bad = Number.NaN] = head;
  return good - bad;
}

/** Score of a margin: its logistic, in double precision, without overflow on either side. */
export function scoreOf(margin: number): number {
  if (margin >= 0) return 1 / (1 + Math.exp(-margin));
  const power = Math.exp(margin);
  return power / (1 + power);
}
