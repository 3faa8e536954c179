// The format of a reward model's package: its manifest names it, its tokenizer makes it.
import { modelFault } from '../model/fault.js';
import type { Manifest, ModelPackage } from '../model/package.js';
import { checkPrmTokenizer, type LabelTokens, labelTokens } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { mathShepherd } from './math-shepherd.js';
import { qwenPrm } from './qwen-prm.js';
import type { RewardFormat } from './reward-format.js';
import { rlhflow } from './rlhflow.js';
import { skywork } from './skywork.js';
import { stepHead } from './step-head.js';

/**
 * How a package's reward model reads questions and steps; loads no weights.
 * @throws ModelError UNSUPPORTED_MODEL where its tokenizer or its head is not what the format reads
 */
export function formatOf(
  { manifest, directory }: ModelPackage,
  tokenizer: Tokenizer,
): RewardFormat {
  const format = makeFormat(manifest, tokenizer);
  const { prmFormat, headWidth, labelTokens: kept } = manifest;
  if (headWidth !== format.headWidth) {
    throw modelFault(
      'UNSUPPORTED_MODEL',
      directory,
      `a head of ${format.headWidth} columns, as format ${format.name} reads`,
      `one of ${headWidth}`,
      'import the model again with the format that it was trained for',
    );
  }
  const labels = prmFormat === null ? undefined : labelTokens(prmFormat, tokenizer);
  if (labels?.join() !== kept?.join()) {
    throw modelFault(
      'UNSUPPORTED_MODEL',
      directory,
      `a head of ${nameLabels(labels)}, as the tokenizer numbers labels`,
      `one of ${nameLabels(kept)}`,
      'use the tokenizer that the model was imported with',
    );
  }
  return format;
}

function nameLabels(labels: LabelTokens | undefined): string {
  return labels === undefined ? 'no labels' : `tokens ${labels.join(' and ')}`;
}

function makeFormat({ prmFormat, ...manifest }: Manifest, tokenizer: Tokenizer): RewardFormat {
  const { bos } = manifest.specialTokens;
  if (prmFormat !== null) checkPrmTokenizer(prmFormat, tokenizer, bos);
  switch (prmFormat) {
    case 'math-shepherd':
      return mathShepherd(tokenizer);
    case 'rlhflow':
      return rlhflow(tokenizer);
    case 'skywork':
      return skywork(tokenizer, bos as number);
    case 'qwen-prm':
      return qwenPrm(tokenizer);
    default:
      return stepHead(tokenizer, manifest.stepDelimiter);
  }
}
