// Opens a policy: its package, its tokenizer, its token tree, its family's prompt.
import { openTree } from '../engine/engine.js';
import { isEmbeddedKind } from '../model/embedded.js';
import { openPackage } from '../model/package.js';
import {
  checkLoadOptions,
  engineOptions,
  type LoadOptions,
  modelCost,
  tokenizerOf,
} from '../scoring/load.js';
import { Policy } from './policy.js';
import { checkPromptOptions, type PromptOptions, policyPrompt } from './prompts/policy-prompt.js';

/** Options of {@link loadPolicy}. */
export interface LoadPolicyOptions extends LoadOptions, PromptOptions {}

/**
 * Loads a policy. Whoever loads it disposes it.
 * @param source a model package's directory, or an embedded model's name
 * @throws OptionError on a bad or unknown option; ModelError on a missing, damaged or wrong package;
 *   EngineError where ONNX Runtime cannot be opened or memory is short
 * @example
 * await using policy = await loadPolicy('./llama-3.2-1b', { kvMemory: 2 ** 30 });
 */
export async function loadPolicy(source: string, options: LoadPolicyOptions = {}): Promise<Policy> {
  checkLoadOptions('loadPolicy', source, options, ['family', 'systemPrompt']);
  checkPromptOptions(options);
  const model = await openPackage(source, { role: 'policy' });
  const tokenizer = await tokenizerOf(model, options);
  const { prompt, family } = policyPrompt(model.manifest.architecture, tokenizer, options);
  const tree = await openTree(
    model,
    tokenizer.tokenBytes(model.manifest.dimensions.vocabulary),
    engineOptions(options),
  );
  return new Policy({
    name: model.manifest.name,
    tree,
    cost: modelCost(model),
    prompt,
    isEmbedded: isEmbeddedKind(tokenizer),
    decode: (tokens) => tokenizer.decode(Array.from(tokens)),
    delimiter: model.manifest.stepDelimiter,
    defaults: family,
  });
}
