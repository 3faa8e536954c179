// The options that say how a policy is asked, declared once for every command that loads one.
import type { Command } from 'commander';
import { FAMILY_NAMES, type FamilyName } from '../search/prompts/family.js';
import type { PromptOptions } from '../search/prompts/policy-prompt.js';
import { choiceValue, textValue } from './option-values.js';

/** Values of the flags, as commander collects them. */
export interface PromptFlags {
  readonly family?: FamilyName;
  /** False: none. */
  readonly systemPrompt?: string | false;
}

/** Adds the flags to a command. */
export function addPromptFlags(command: Command): Command {
  return command
    .option(
      '--family <name>',
      `whose system prompt and sampling defaults serve (default: what the package is): ${FAMILY_NAMES.join(', ')}`,
      choiceValue('--family', FAMILY_NAMES),
    )
    .option(
      '--system-prompt <text>',
      "what the policy is told besides the question (default: the family's)",
      textValue('--system-prompt', 'a text that is not blank'),
    )
    .option('--no-system-prompt', 'ask the bare question');
}

/** The library's options from the flags. */
export function promptOptions({ family, systemPrompt }: PromptFlags): PromptOptions {
  return {
    ...(family && { family }),
    ...(systemPrompt !== undefined && {
      systemPrompt: systemPrompt === false ? null : systemPrompt,
    }),
  };
}
