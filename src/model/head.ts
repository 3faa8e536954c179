// What reads the final norm's output: one linear, or in some reward models two with a ReLU between.
import type { TensorNames } from './decoder-tensors.js';
import type { Fields } from './fields.js';
import type { ModelDimensions } from './manifest.js';

/** The linears of a head, first to last, a ReLU between each and the next. */
export type Head = readonly [HeadLinear, ...HeadLinear[]];

export interface HeadLinear {
  /** Its weight's tensor name; that of the embedding if the two are tied. */
  readonly tensor: string;
  /** [outputs, inputs] as the checkpoint holds it. */
  readonly shape: readonly [number, number];
  /** Rows of the tensor that are kept, in this order. @default all of them */
  readonly rows?: readonly number[];
  /** Name of what is added to its output, [outputs]. */
  readonly bias?: string;
}

/** Columns of what the graph puts out. */
export function headWidth(head: Head): number {
  return outputsOf(head.at(-1) as HeadLinear);
}

/** Weights that an output row is multiplied with. */
export function headMatrixWeights(head: Head): number {
  return head.reduce((sum, linear) => sum + outputsOf(linear) * linear.shape[1], 0);
}

/** Whether the head is one product and nothing more. */
export function isBare(head: Head): boolean {
  return head.length === 1 && head[0].bias === undefined;
}

/**
 * The head of a language model: the embedding's matrix, or one of its own.
 * @param rows the tokens whose logits are wanted. @default all
 */
export function languageHead(
  config: Fields,
  { vocabulary, hidden }: ModelDimensions,
  tensors: TensorNames,
  rows?: readonly number[],
): Head {
  const tied = config.has('tie_word_embeddings') && config.boolean('tie_word_embeddings');
  const tensor = tied ? tensors.embedding : 'lm_head.weight';
  return [{ tensor, shape: [vocabulary, hidden], ...(rows && { rows }) }];
}

function outputsOf({ shape, rows }: HeadLinear): number {
  return rows?.length ?? shape[0];
}
