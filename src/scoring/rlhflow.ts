// The `rlhflow` format (RLHFlow/Llama3.1-8B-PRM-Mistral-Data and -Deepseek-Data): a chat in which the
// user sends "QUESTION STEP1", then step after step, and the assistant answers each with "+". A step is
// scored where the assistant is about to answer, by the logits of "+" against "-".
// The official code runs a conversation anew for each step, the paper's (COTTS) once with a placeholder
// for the answers; both read the same logits. ProcessBench's "\n\n" after the question is not theirs.
import { modelFault } from '../model/fault.js';
import { labelTokens } from '../model/prm-tokens.js';
import type { ChatMessage, Tokenizer } from '../text/tokenizer.js';
import { type EncodedSolution, labelMargin, type RewardFormat } from './reward-format.js';

const GOOD: ChatMessage = { role: 'assistant', content: '+' };
const user = (content: string): ChatMessage => ({ role: 'user', content });

/**
 * A turn is encoded alone: chat templates put control tokens between turns, and no token joins across.
 * @throws ModelError UNSUPPORTED_MODEL if "+" or "-" is not one token, or the chat template does not
 *   put it right after the assistant's header
 */
export function rlhflow(tokenizer: Pick<Tokenizer, 'encode' | 'chatPrompt'>): RewardFormat {
  /** The ids up to where the assistant answers. */
  const asked = (...messages: ChatMessage[]) => tokenizer.chatPrompt(messages);
  const [first, other] = [asked(user('a')), asked(user('b'))];
  checkAnswer(tokenizer, first);
  const closing = commonSuffix(first, other);
  return {
    name: 'rlhflow',
    headWidth: 2,
    begin(question: string): EncodedSolution {
      const tokens = asked(user(question));
      return { tokens: tokens.slice(0, tokens.length - closing), markers: [], text: question };
    },
    append({ tokens: before, markers, text = '' }: EncodedSolution, step: string): EncodedSolution {
      const body = step.trim();
      const tokens =
        markers.length === 0
          ? asked(user(`${text} ${body}`))
          : [...before, ...asked(user('a'), GOOD, user(body)).slice(first.length)];
      return { tokens, markers: [...markers, tokens.length - 1], text };
    },
    margin: labelMargin,
  };
}

/** Checks that the answer follows at once, as one token, and that a next turn changes nothing before. */
function checkAnswer(
  tokenizer: Pick<Tokenizer, 'encode' | 'chatPrompt'>,
  asked: readonly number[],
): void {
  const label = labelTokens('rlhflow', tokenizer)?.[0];
  const answered = tokenizer.chatPrompt([user('a'), GOOD], { addGenerationPrompt: false });
  const next = tokenizer.chatPrompt([user('a'), GOOD, user('b')]);
  const expected = [...asked, label].join();
  const isPrefix = (ids: readonly number[]) => ids.slice(0, asked.length + 1).join() === expected;
  if (isPrefix(answered) && isPrefix(next)) return;
  throw modelFault(
    'UNSUPPORTED_MODEL',
    'tokenizer_config.json: chat_template',
    'one in which the answer "+" is the token after the assistant\'s header',
    'another',
    'use the tokenizer that the reward model was trained with',
  );
}

function commonSuffix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}
