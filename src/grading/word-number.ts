// Numbers in English words: strictly, a text that is one and nothing else; loosely, as the paper's
// code finds them.

const small = new Map(
  [
    ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'],
    ...['eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen'],
    'nineteen',
  ].map((word, value) => [word, value] as const),
);
const tens = new Map(
  ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'].map(
    (word, index) => [word, 10 * (index + 2)] as const,
  ),
);
const scales = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
]);

/** 0 to 100 in words, and nothing but them; null for any other text. */
export function wordNumber(text: string): number | null {
  const words = text
    .toLowerCase()
    .trim()
    .split(/[\s-]+/);
  const [first = '', second, ...rest] = words;
  if (rest.length > 0) return null;
  const ten = tens.get(first);
  if (second === undefined) return first === 'hundred' ? 100 : (ten ?? small.get(first) ?? null);
  const unit = small.get(second) ?? 0;
  return ten !== undefined && unit >= 1 && unit <= 9 ? ten + unit : null;
}

/**
 * The number that the number words of a text make, wherever they stand and whatever stands between
 * them; its digits where it is nothing else; or null.
 */
export function looseWordNumber(text: string): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const words = text.replaceAll('-', ' ').toLowerCase().split(/\s+/);
  let total = 0;
  let group = 0;
  let isAny = false;
  for (const word of words) {
    const value = small.get(word) ?? tens.get(word);
    const scale = scales.get(word);
    if (value !== undefined) group += value;
    else if (word === 'hundred') group = Math.max(1, group) * 100;
    else if (scale !== undefined) {
      total += Math.max(1, group) * scale;
      group = 0;
    } else continue;
    isAny = true;
  }
  return isAny ? total + group : null;
}
