// Which format a checkpoint's reward model has: what its architecture or its name says, or what the
// importer is told; and the head that goes with it. What a format reads is src/scoring's affair.
import { invalidOption } from '../errors.js';
import { type Architecture, isLanguageModel, languageModels } from './architectures.js';
import { modelFault } from './fault.js';
import type { Fields } from './fields.js';
import { type Head, languageHead } from './head.js';
import type { ModelDimensions, ModelRole, PrmFormat } from './manifest.js';
import { PRM_FORMATS } from './manifest.js';
import type { LabelTokens } from './prm-tokens.js';

interface Kind {
  /** Architectures that can carry it. */
  readonly architectures: readonly string[];
  /** How its authors name their models; needed where the architecture is a policy's too. */
  readonly name?: RegExp;
}

const KINDS: Readonly<Record<PrmFormat, Kind>> = {
  'math-shepherd': { architectures: languageModels(), name: /shepherd.*prm/i },
  rlhflow: { architectures: languageModels(), name: /llama.*prm[- ](mistral|deepseek)[- ]data/i },
  skywork: { architectures: ['Qwen2ForPrmModel', 'Qwen2ForCausalLM'], name: /skywork.*prm/i },
  'qwen-prm': { architectures: ['Qwen2ForProcessRewardModel'] },
  'step-head': { architectures: ['LlamaForStepReward'] },
};

/** What decides on a checkpoint's role and format. */
export interface PrmEvidence {
  /** For errors. */
  readonly source: string;
  /** As config.json names it. */
  readonly architectureName: string;
  /** What the model may be called: hub id, directory, `_name_or_path`. */
  readonly names: readonly string[];
  /** What the importer was told. */
  readonly role: ModelRole | undefined;
  readonly format: PrmFormat | undefined;
}

/**
 * The format of a reward model, or null for a policy.
 * @throws OptionError for a format of a policy; ModelError WRONG_ROLE or UNSUPPORTED_MODEL
 */
export function prmFormatOf(evidence: PrmEvidence): PrmFormat | null {
  const { source, architectureName, role, format } = evidence;
  if (format !== undefined) {
    if (role === 'policy') throw invalidOption('format', 'left out for a policy', format);
    const { architectures } = KINDS[format];
    if (architectures.includes(architectureName)) return format;
    throw modelFault(
      'UNSUPPORTED_MODEL',
      source,
      `${architectures.join(' or ')}, as format ${format} needs it`,
      architectureName,
      `use one of its formats: ${formatsOf(architectureName).join(', ')}`,
    );
  }
  const mayBePolicy = isLanguageModel(architectureName);
  if (mayBePolicy && role === 'policy') return null;
  const found = mayBePolicy ? formatByName(evidence) : formatsOf(architectureName)[0];
  if (role === 'policy') {
    throw modelFault(
      'WRONG_ROLE',
      source,
      'a checkpoint for role policy',
      `${architectureName}, which is for role reward`,
      'import it with role reward, or choose another checkpoint',
    );
  }
  if (found !== undefined) return found;
  if (role === undefined) return null;
  throw modelFault(
    'WRONG_ROLE',
    source,
    'a reward model that says its format',
    `${architectureName}, which is a policy unless a format is named`,
    `name it (\`format\`, \`--format\`): ${formatsOf(architectureName).join(', ')}`,
  );
}

/** The head of a format's reward model. @param labels of a format that has them */
export function rewardHead(
  format: PrmFormat,
  config: Fields,
  dimensions: ModelDimensions,
  { tensors }: Architecture,
  labels: LabelTokens | undefined,
): Head {
  const { hidden } = dimensions;
  switch (format) {
    case 'math-shepherd':
    case 'rlhflow':
      return languageHead(config, dimensions, tensors, labels);
    case 'skywork':
      return [{ tensor: 'v_head.summary.weight', shape: [1, hidden], bias: 'v_head.summary.bias' }];
    case 'qwen-prm':
      return [
        { tensor: 'score.0.weight', shape: [hidden, hidden], bias: 'score.0.bias' },
        { tensor: 'score.2.weight', shape: [2, hidden], bias: 'score.2.bias' },
      ];
    case 'step-head':
      return [{ tensor: 'score.weight', shape: [1, hidden] }];
  }
}

function formatsOf(architectureName: string): PrmFormat[] {
  return PRM_FORMATS.filter((format) => KINDS[format].architectures.includes(architectureName));
}

function formatByName({ architectureName, names }: PrmEvidence): PrmFormat | undefined {
  return formatsOf(architectureName).find((format) =>
    names.some((name) => KINDS[format].name?.test(name)),
  );
}
