// The tokens that a reward model's format stands on: the marker that ends a step, and the two labels
// whose logits are compared. Ids are the checkpoint's own; a text that is not one token is refused.
import type { Tokenizer } from '../text/tokenizer.js';
import { modelFault } from './fault.js';
import type { PrmFormat } from './manifest.js';

/** Good and bad. The logits of these are the two columns of the head. */
export type LabelTokens = readonly [number, number];

type Encoder = Pick<Tokenizer, 'encode'>;

/** Texts of the markers; formats without one mark by place. */
const MARKERS = { 'math-shepherd': 'ки', skywork: '\n', 'qwen-prm': '<extra_0>' } as const;
const LABELS = ['+', '-'] as const;

/** Formats that read a language model's logits of two labels. */
const LABELLED: readonly PrmFormat[] = ['math-shepherd', 'rlhflow'];

/** The id of a format's marker. @throws ModelError UNSUPPORTED_MODEL */
export function markerToken(format: keyof typeof MARKERS, tokenizer: Encoder): number {
  return oneToken(format, MARKERS[format], tokenizer);
}

/** The ids of a format's labels, if it has any. @throws ModelError UNSUPPORTED_MODEL */
export function labelTokens(format: PrmFormat, tokenizer: Encoder): LabelTokens | undefined {
  if (!LABELLED.includes(format)) return undefined;
  const [good, bad] = LABELS.map((label) => oneToken(format, label, tokenizer));
  return [good as number, bad as number];
}

/**
 * Checks that a tokenizer has what a format needs, before anything is imported.
 * @param bos the token that texts begin with, or null
 * @throws ModelError UNSUPPORTED_MODEL
 */
export function checkPrmTokenizer(
  format: PrmFormat,
  tokenizer: Pick<Tokenizer, 'encode' | 'hasChatTemplate'>,
  bos: number | null,
): void {
  if (format in MARKERS) markerToken(format as keyof typeof MARKERS, tokenizer);
  const missing = (what: string) =>
    modelFault('UNSUPPORTED_MODEL', 'tokenizer_config.json', `one with ${what}`, 'none', REMEDY);
  if (format === 'skywork' && bos === null)
    throw missing('a bos_token, as format skywork needs it');
  const isChat = format === 'rlhflow' || format === 'qwen-prm';
  if (isChat && !tokenizer.hasChatTemplate) {
    throw missing(`a chat_template, as format ${format} needs it`);
  }
}

const REMEDY = "check that the format is the model's, and that the tokenizer is its own";

function oneToken(format: PrmFormat, text: string, tokenizer: Encoder): number {
  const ids = tokenizer.encode(text, { special: true });
  if (ids.length === 1) return ids[0] as number;
  throw modelFault(
    'UNSUPPORTED_MODEL',
    'tokenizer.json',
    `one in which ${JSON.stringify(text)} is one token, as format ${format} needs it`,
    `${ids.length} tokens`,
    REMEDY,
  );
}
