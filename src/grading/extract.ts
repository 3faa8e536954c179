// Final answers in a path's text. What a model thinks between <think> and </think> is not its answer.
import { normaliseAnswer } from './normalise.js';

const think = { open: '<think>', close: '</think>' };

/**
 * The final answer in a path's text, normalised, or null. The last closed `\boxed{…}`; else what
 * follows the last "answer is"; else, in a complete path alone, the last number. An empty answer is
 * none.
 */
export function extractAnswer(text: string, isComplete: boolean): string | null {
  const visible = withoutThought(text);
  const found =
    lastBoxed(visible) ?? afterPhrase(visible) ?? (isComplete ? lastNumber(visible) : '');
  const answer = normaliseAnswer(found);
  return answer === '' ? null : answer;
}

/** Whether a `\boxed{…}` outside of thought is closed at or after index `from` of a path's text. */
export function closesAnswer(text: string, from: number): boolean {
  const visible = withoutThought(text);
  return boxes(visible).some((box) => box.isBraced && box.end >= from);
}

/** The text with thought blanked out, every index where it was. Unclosed thought runs to the end. */
function withoutThought(text: string): string {
  let result = '';
  let at = 0;
  // A chat template may open the thought in the prompt: a close before any open ends one.
  const firstClose = text.indexOf(think.close);
  const firstOpen = text.indexOf(think.open);
  let isThinking = firstClose >= 0 && (firstOpen < 0 || firstClose < firstOpen);
  while (at < text.length) {
    const mark = isThinking ? think.close : think.open;
    const found = text.indexOf(mark, at);
    const end = found < 0 ? text.length : found + mark.length;
    const visible = found < 0 ? text.slice(at) : text.slice(at, found);
    result += isThinking ? ' '.repeat(end - at) : visible + ' '.repeat(end - at - visible.length);
    at = end;
    isThinking = !isThinking;
  }
  return result;
}

interface Box {
  readonly content: string;
  /** Index of its closing brace, or of the last character of its content. */
  readonly end: number;
  readonly isBraced: boolean;
}

/** All closed boxes of a text, in order. `\boxed 7$` counts as one, as some models write it. */
function boxes(text: string): readonly Box[] {
  const starts = [...text.matchAll(/\\boxed\s*/g)].map((match) => match.index + match[0].length);
  if (starts.length === 0) return [];
  const closing = closingBraces(text);
  const found: Box[] = [];
  let dollar = -1;
  for (const start of starts) {
    if (text[start] === '{') {
      const end = closing.get(start);
      if (end !== undefined)
        found.push({ content: text.slice(start + 1, end), end, isBraced: true });
      continue;
    }
    if (dollar < start) dollar = text.indexOf('$', start);
    if (dollar < 0) dollar = text.length;
    if (dollar > start && dollar < text.length) {
      found.push({ content: text.slice(start, dollar), end: dollar - 1, isBraced: false });
    }
  }
  return found;
}

function lastBoxed(text: string): string | undefined {
  return boxes(text).at(-1)?.content;
}

/** The index of the closing brace for each opening one; escaped braces are ordinary characters. */
function closingBraces(text: string): ReadonlyMap<number, number> {
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '\\') i++;
    else if (character === '{') open.push(i);
    else if (character === '}') {
      const start = open.pop();
      if (start !== undefined) closing.set(start, i);
    }
  }
  return closing;
}

function afterPhrase(text: string): string | undefined {
  const found = [...text.matchAll(/answer is\s*:?/gi)].at(-1);
  if (found === undefined) return undefined;
  const rest = text.slice(found.index + found[0].length);
  const line = rest.trimStart().split('\n', 1)[0] ?? '';
  return line.split(/\.\s/, 1)[0];
}

function lastNumber(text: string): string {
  return text.match(/-?\d+(?:,\d{3})*(?:\.\d+)?/g)?.at(-1) ?? '';
}
