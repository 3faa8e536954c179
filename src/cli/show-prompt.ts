// What `espalier solve --show-prompt` prints: exactly the tokens that both models would be sent for a
// question. Reads the packages' tokenizers and loads no weights.
import { formatOf } from '../scoring/load.js';
import { type PolicyPrompt, policyPrompt } from '../search/prompts/policy-prompt.js';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.js';
import { coloursOf, type Environment } from './environment.js';
import { count } from './figures.js';
import type { ModelPackages } from './open-models.js';
import { type PromptFlags, promptOptions } from './prompt-flags.js';

/** A prompt as it is sent, and as people read it. */
interface ShownPrompt {
  readonly model: string;
  readonly tokens: readonly number[];
  /** Special tokens by their names. */
  readonly text: string;
}

/** Prints the prompts of both models; with `isJson` as one document. */
export async function showPrompt(
  question: string,
  { policy, reward }: ModelPackages,
  flags: PromptFlags & { readonly json?: true },
  { stdout }: Environment,
): Promise<void> {
  const asked = await openTokenizer(policy.directory);
  const { prompt } = policyPrompt(policy.manifest.architecture, asked, promptOptions(flags));
  const { family, systemPrompt, place } = prompt;
  const shown = shownPrompt(policy.manifest.name, prompt.encode(question), asked);
  const judge = reward && (await openTokenizer(reward.directory));
  const format = reward && judge && formatOf(reward, judge);
  const judged =
    reward && judge && format
      ? shownPrompt(reward.manifest.name, format.begin(question).tokens, judge)
      : undefined;
  if (flags.json === true) {
    const document = {
      question,
      policy: { ...shown, family, systemPrompt, place },
      reward: judged && format ? { ...judged, format: format.name } : null,
    };
    stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const colours = coloursOf(stdout);
  const write = (role: string, facts: string, prompted: ShownPrompt, tokenizer: Tokenizer) => {
    const heading = `${role} ${prompted.model}, ${facts}, ${count(prompted.tokens.length)} tokens`;
    stdout.write(`${colours.bold(heading)}\n${marked(prompted, tokenizer, colours.cyan)}\n`);
  };
  write('Policy', `family ${family}, ${placeText(place)}`, shown, asked);
  if (judged && judge && format) {
    stdout.write('\n');
    write('Reward', `format ${format.name}`, judged, judge);
  }
}

function shownPrompt(model: string, tokens: readonly number[], tokenizer: Tokenizer): ShownPrompt {
  return { model, tokens, text: tokenizer.decode(tokens, { special: true }) };
}

function placeText(place: PolicyPrompt['place']): string {
  switch (place) {
    case null:
      return 'no system prompt';
    case 'system':
      return 'system prompt in a message of its own';
    default:
      return `system prompt ${place.replace(' ', ' the ')}`;
  }
}

/** The text with its special tokens toned, so that data which reads like one is told from it. */
function marked(
  { tokens }: ShownPrompt,
  tokenizer: Tokenizer,
  tone: (text: string) => string,
): string {
  let result = '';
  let data: number[] = [];
  for (const token of tokens) {
    const name = tokenizer.decode([token], { special: true });
    if (tokenizer.bytesOf([token]).length > 0 || name === '') {
      data.push(token);
      continue;
    }
    result += tokenizer.decode(data) + tone(name);
    data = [];
  }
  return result + tokenizer.decode(data);
}
