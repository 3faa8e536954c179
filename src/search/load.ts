// Opens a policy: its package, its tokenizer, its token tree, its family's prompt.
import { openTree } from '../engine/engine.js';
import { invalidOption } from '../errors.js';
import { openPackage } from '../model/package.js';
import {
  checkLoadOptions,
  engineOptions,
  type LoadOptions,
  modelCost,
  tokenizerOf,
} from '../scoring/load.js';
import type { ChatMessage } from '../text/tokenizer.js';
import { Policy } from './policy.js';
import { familyOf } from './prompts/families.js';

/** Options of {@link loadPolicy}. */
export interface LoadPolicyOptions extends LoadOptions {
  /**
   * The system message of every prompt; null for none.
   * @default the model family's
   * @example 'Please reason step by step, and put your final answer within \\boxed{}.'
   */
  readonly systemPrompt?: string | null;
}

/**
 * Loads a policy. Whoever loads it disposes it.
 * @param source a model package's directory, or an embedded model's name
 * @throws OptionError on a bad or unknown option; ModelError on a missing, damaged or wrong package;
 *   EngineError where ONNX Runtime cannot be opened or memory is short
 * @example
 * await using policy = await loadPolicy('./llama-3.2-1b', { kvMemory: 2 ** 30 });
 */
export async function loadPolicy(source: string, options: LoadPolicyOptions = {}): Promise<Policy> {
  checkLoadOptions('loadPolicy', source, options, ['systemPrompt']);
  const { systemPrompt } = options;
  if (systemPrompt !== undefined && systemPrompt !== null && typeof systemPrompt !== 'string') {
    throw invalidOption('systemPrompt', 'a text or null', systemPrompt);
  }
  const model = await openPackage(source, { role: 'policy' });
  const tokenizer = await tokenizerOf(model, options);
  const family = familyOf(model);
  const system = systemPrompt === undefined ? family.system : systemPrompt;
  const tree = await openTree(
    model,
    tokenizer.tokenBytes(model.manifest.dimensions.vocabulary),
    engineOptions(options),
  );
  return new Policy({
    name: model.manifest.name,
    tree,
    cost: modelCost(model),
    encodePrompt: (question) => tokenizer.chatPrompt(chat(system, question)),
    decode: (tokens) => tokenizer.decode(Array.from(tokens)),
    delimiter: model.manifest.stepDelimiter,
    defaults: family,
  });
}

function chat(system: string | null, question: string): readonly ChatMessage[] {
  const user: ChatMessage = { role: 'user', content: question };
  return system === null ? [user] : [{ role: 'system', content: system }, user];
}
