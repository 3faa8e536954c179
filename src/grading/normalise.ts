// The normal form of an answer's text: spacing, dressing and spellings that carry no meaning go.
// Whatever carries some stays: brackets, units, the backslash of \$ and \%.

/**
 * The normal form, which is its own. Equal forms are equal answers, whatever they are.
 * @example normaliseAnswer('$\\dfrac{1}{2}.$') === '\\frac{1}{2}'
 */
export function normaliseAnswer(answer: string): string {
  const bare = answer
    .replace(/,\\!\s*/g, ',')
    .replace(/(?<!\\)\\(?:[!,;:]|(?:left|right|displaystyle)(?![a-z]))/g, '')
    .replace(/\\[dt]frac(?![a-z])/g, '\\frac')
    .replace(/\\(?:mathrm|mbox|hbox|textrm|textnormal)(?=\s*\{)/g, '\\text')
    .replace(/(?<!\\)(?:\\[()[\]]|\$)/g, '')
    .replace(/(?<!\\)\\ |~/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[:=]\s*/, '')
    .replace(/(?<!\.)[.。]$/, '')
    .trim();
  const text = /^\\text\s*\{([^{}]*)\}$/.exec(bare)?.[1]?.trim() ?? bare;
  return normaliseNumber(text);
}

/** `1,234` is 1234, `068` is 68, `4.50` is 4.5; anything but a plain decimal stays as it is. */
function normaliseNumber(text: string): string {
  const parts = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?$/.exec(text.replace(/^\+/, ''));
  if (parts === null) return text;
  const [, sign = '', whole = '', fraction = ''] = parts;
  const digits = whole.replaceAll(',', '').replace(/^0+(?=\d)/, '');
  const decimals = fraction.replace(/0+$/, '');
  const magnitude = decimals === '' ? digits : `${digits}.${decimals}`;
  return sign === '-' && magnitude !== '0' ? `-${magnitude}` : magnitude;
}
