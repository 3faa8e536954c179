// The format of a reward model's package: its manifest names it, its tokenizer makes it.
import { modelFault } from '../model/fault.js';
import type { Manifest } from '../model/package.js';
import { checkPrmTokenizer, labelTokens } from '../model/prm-tokens.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { mathShepherd } from './math-shepherd.js';
import { qwenPrm } from './qwen-prm.js';
import type { RewardFormat } from './reward-format.js';
import { rlhflow } from './rlhflow.js';
import { skywork } from './skywork.js';
import { stepHead } from './step-head.js';

/**
 * Makes the format, and checks that tokenizer and head are what it reads.
 * @param source names the package in errors
 * @throws ModelError UNSUPPORTED_MODEL
 */
export function openFormat(manifest: Manifest, tokenizer: Tokenizer, source: string): RewardFormat {
  const format = formatOf(manifest, tokenizer);
  if (manifest.headWidth !== format.headWidth) {
    throw modelFault(
      'UNSUPPORTED_MODEL',
      source,
      `a head of ${format.headWidth} columns, as format ${format.name} reads`,
      `one of ${manifest.headWidth}`,
      'import the model again with the format that it was trained for',
    );
  }
  const { prmFormat, labelTokens: kept } = manifest;
  const labels = prmFormat === null ? undefined : labelTokens(prmFormat, tokenizer);
  if (labels?.join() !== kept?.join()) {
    throw modelFault(
      'UNSUPPORTED_MODEL',
      source,
      `a head of the tokens ${labels?.join(' and ') ?? 'of no label'}, as the tokenizer numbers labels`,
      kept === undefined ? 'none' : kept.join(' and '),
      'use the tokenizer that the model was imported with',
    );
  }
  return format;
}

function formatOf({ prmFormat, ...manifest }: Manifest, tokenizer: Tokenizer): RewardFormat {
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
