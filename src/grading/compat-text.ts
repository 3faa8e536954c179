// The paper's string rules (tts-methods §4.1): what its evaluation extracts from an output, and the
// form it votes by. Written anew from a description; faults are kept, since the numbers depend on
// them. One deviation: a text of more than 4,096 characters is only trimmed.
import { unitPatterns } from './compat-units.js';
import { looseWordNumber } from './word-number.js';

const maximumLength = 4096;

/** The answer that the paper's code finds in an output, in its form; `''` where it finds none. */
export function compatAnswer(output: string): string {
  let answer = found(output.replaceAll('ки', '')).replace(/\n\s*/g, '');
  if (answer.startsWith(':')) answer = answer.slice(1);
  if (answer.endsWith('.')) answer = answer.slice(0, -1);
  if (answer.endsWith('/')) answer = answer.slice(0, -1);
  return compatForm(answer);
}

function found(text: string): string {
  const start = 'final answer is $';
  const end = '$. I hope';
  if (text.includes(start) && text.includes(end)) {
    const rest = text.slice(text.indexOf(start) + start.length);
    return (rest.split(end, 1)[0] ?? '').trim();
  }
  const boxed = afterLast(text, 'boxed');
  if (boxed !== null) return boxed.startsWith('{') ? braced(boxed) : beforeDollar(boxed);
  const said = afterLast(text, 'he answer is') ?? afterLast(text, 'final answer is');
  if (said !== null) return said.trim();
  const chinese = text.split('答案是')[1];
  if (chinese !== undefined) return (chinese.trim().split('\n\n')[0] ?? '').trim();
  return (
    text
      .replaceAll(',', '')
      .match(/-?\d*\.?\d+/g)
      ?.at(-1) ?? ''
  );
}

function afterLast(text: string, mark: string): string | null {
  const at = text.lastIndexOf(mark);
  return at < 0 ? null : text.slice(at + mark.length);
}

/** What the opening brace at its start holds; all that follows where it is never closed. */
function braced(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(1, i);
  }
  return text.slice(1);
}

function beforeDollar(text: string): string {
  return (text.split('$', 1)[0] ?? '').trim();
}

/** The form in which the paper's code compares answers and counts votes. */
export function compatForm(given: string): string {
  let text = given.trim();
  if (text.length > maximumLength) return text;
  text = withoutUnits(withPlainCommands(text.replaceAll('\n', '').replace(/\.+$/, '')));
  text = text.replace(/\^\{\\circ\}|\^\\circ/g, '').replace(/\\\$|\$|\\\(|\\\)/g, '');
  text = looseWordNumber(text)?.toString() ?? text;
  text = text.replace(/\\text\{(.*?)\}/g, '$1');
  for (const mark of ['=', '\\in', '\\to']) {
    for (const name of ['x', 'y', 'z']) text = text.replaceAll(`${name}${mark}`, '');
  }
  text = text
    .replaceAll('\\emptyset', '{}')
    .replaceAll('(-\\infty,\\infty)', '\\mathbb{R}')
    .replace(/\\?%/g, '')
    .replaceAll(' .', ' 0.')
    .replaceAll('{.', '{0.')
    .replaceAll('infinity', '\\infty');
  if (!text.includes('\\infty')) text = text.replaceAll('inf', '\\infty');
  text = text
    .replaceAll('and', '')
    .replaceAll('\\mathbf', '')
    .replace(/\\mbox\{.*?\}/g, '');
  if (text.includes('j') && !text.includes('i')) text = text.replaceAll('j', 'i');
  text = text.replace(/(\d+)\.0*([^\d])/g, '$1$2').replace(/(\d+)\.0*$/, '$1');
  if (text === '') return '';
  if (text.startsWith('.')) text = `0${text}`;
  const [left = '', right, ...more] = text.split('=');
  if (right !== undefined && more.length === 0 && left.length <= 2) text = right;
  text = text.replace(/\\sqrt([\p{L}\p{N}_]+)/gu, '\\sqrt{$1}').replaceAll(' ', '');
  return withFractionOfSlash(withBracedFractions(text));
}

function withPlainCommands(text: string): string {
  return text
    .replaceAll('\\!', '')
    .replace(/\\begin\{array\}\{.*?\}/g, '\\begin{pmatrix}')
    .replaceAll('\\end{array}', '\\end{pmatrix}')
    .replaceAll('bmatrix', 'pmatrix')
    .replaceAll('tfrac', 'frac')
    .replaceAll('dfrac', 'frac')
    .replaceAll('\\neq', '\\ne')
    .replaceAll('\\leq', '\\le')
    .replaceAll('\\geq', '\\ge')
    .replaceAll('\\left', '')
    .replaceAll('\\right', '')
    .replaceAll('\\{', '{')
    .replaceAll('\\}', '}');
}

/** Each rule holds only where it leaves something. */
function withoutUnits(given: string): string {
  const head = given.replace(/\\text\{.*?\}$/, '').trim();
  let text = head === '' ? given : head;
  for (let pass = 0; pass < 2; pass++) {
    for (const pattern of unitPatterns) {
      const rest = text.replace(pattern, '$1$2');
      if (rest !== '') text = rest;
    }
  }
  return text;
}

/** \frac12 and \frac1{72} get their braces; where something is missing, nothing changes. */
function withBracedFractions(text: string): string {
  const [head = '', ...parts] = text.split('\\frac');
  let result = head;
  for (const part of parts) {
    result += '\\frac';
    if (part.startsWith('{')) {
      result += part;
      continue;
    }
    const [a, b, ...rest] = part;
    if (a === undefined || b === undefined) return text;
    result += b === '{' ? `{${a}}${b}${rest.join('')}` : `{${a}}{${b}}${rest.join('')}`;
  }
  return result;
}

/** 3/4 is \frac{3}{4}, where both are integers as Python prints them, or hold a root. */
function withFractionOfSlash(text: string): string {
  const [top = '', bottom, ...more] = text.split('/');
  if (bottom === undefined || more.length > 0) return text;
  const isPart = (part: string) => part.includes('sqrt') || /^(?:0|-?[1-9]\d*)$/.test(part);
  return isPart(top) && isPart(bottom) ? `\\frac{${top}}{${bottom}}` : text;
}
