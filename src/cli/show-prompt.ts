// What `espalier solve --show-prompt` prints: exactly the tokens that both models would be sent for a
// question. Reads the packages' tokenizers and loads no weights.

import { count } from '../figures.js';
import type { ModelPackage } from '../model/package.js';
import { formatOf } from '../scoring/formats.js';
import { type PolicyPrompt, policyPrompt } from '../search/prompts/policy-prompt.js';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.js';
import { type Colours, coloursOf, type Environment } from './environment.js';
import type { ModelPackages } from './open-models.js';
import { type PromptFlags, promptOptions } from './prompt-flags.js';

/** What one model is sent. */
interface Sent {
  readonly role: 'Policy' | 'Reward';
  readonly model: string;
  readonly tokens: readonly number[];
  readonly tokenizer: Tokenizer;
  /** How it came about, for `--json`. */
  readonly facts: object;
  /** The same in words. */
  readonly words: string;
}

/** Prints the prompts of both models; with `--json` as one document. */
export async function showPrompt(
  question: string,
  { policy, reward }: ModelPackages,
  flags: PromptFlags & { readonly json?: true },
  { stdout }: Environment,
): Promise<void> {
  const asked = await sentToPolicy(question, policy, flags);
  const judged = reward && (await sentToReward(question, reward));
  if (flags.json === true) {
    const sides = { policy: documentOf(asked), reward: judged ? documentOf(judged) : null };
    stdout.write(`${JSON.stringify({ question, ...sides })}\n`);
    return;
  }
  const colours = coloursOf(stdout);
  const parts = [asked, ...(judged ? [judged] : [])].map((sent) => textOf(sent, colours));
  stdout.write(parts.join('\n'));
}

async function sentToPolicy(
  question: string,
  { manifest, directory }: ModelPackage,
  flags: PromptFlags,
): Promise<Sent> {
  const tokenizer = await openTokenizer(directory);
  const { prompt } = policyPrompt(manifest.architecture, tokenizer, promptOptions(flags));
  const { family, systemPrompt, place } = prompt;
  return {
    role: 'Policy',
    model: manifest.name,
    tokens: prompt.encode(question),
    tokenizer,
    facts: { family, systemPrompt, place },
    words: `family ${family}, ${placeInWords(place)}`,
  };
}

async function sentToReward(question: string, model: ModelPackage): Promise<Sent> {
  const tokenizer = await openTokenizer(model.directory);
  const format = formatOf(model, tokenizer);
  return {
    role: 'Reward',
    model: model.manifest.name,
    tokens: format.begin(question).tokens,
    tokenizer,
    facts: { format: format.name },
    words: `format ${format.name}`,
  };
}

function documentOf({ model, tokens, tokenizer, facts }: Sent): object {
  return { model, ...facts, tokens, text: tokenizer.decode(tokens, { special: true }) };
}

/** A heading, and the prompt with its special tokens toned: data that reads like one is not. */
function textOf({ role, model, words, tokens, tokenizer }: Sent, colours: Colours): string {
  const heading = `${role} ${model}, ${words}, ${count(tokens.length)} tokens`;
  let text = '';
  let data: number[] = [];
  for (const token of tokens) {
    if (tokenizer.bytesOf([token]).length > 0) {
      data.push(token);
      continue;
    }
    text += tokenizer.decode(data) + colours.cyan(tokenizer.decode([token], { special: true }));
    data = [];
  }
  return `${colours.bold(heading)}\n${text}${tokenizer.decode(data)}\n`;
}

function placeInWords(place: PolicyPrompt['place']): string {
  switch (place) {
    case null:
      return 'no system prompt';
    case 'system':
      return 'system prompt in a message of its own';
    case 'above question':
      return 'system prompt above the question';
    case 'below question':
      return 'system prompt below the question';
  }
}
