// Units of measure: one name for each, however it is spelt. No conversions: a centimetre is no metre.

// Each line: the name used here, then its other spellings. Plurals in -s need no entry.
const spellings = `
mm millimeter millimetre
cm centimeter centimetre
km kilometer kilometre
m meter metre
in inch inches
ft foot feet
yd yard
mi mile
mg milligram
kg kilogram
g gram gm
lb pound
oz ounce
ml milliliter millilitre mL
l liter litre L
gal gallon
s sec second
min minute
h hr hour
day
week
month
yr year
mph
kph kmph
ha hectare
acre
dollar usd USD
cent cents ¢
° degree deg degrees
rad radian
% percent pct
unit units
person people
child children
man men
woman women
student
way
`;

const nameOf = new Map<string, string>();
for (const line of spellings.trim().split('\n')) {
  const [name = '', ...others] = line.split(' ');
  for (const word of [name, ...others]) nameOf.set(word, name);
}

/** Words that say more than a unit would: what they stand in is no plain number. */
const blocked = new Set([
  ...['or', 'and', 'not', 'mod', 'modulo', 'base', 'if', 'when', 'for', 'where', 'except', 'over'],
  ...['about', 'approximately', 'at', 'least', 'most', 'more', 'less', 'than', 'to', 'between'],
  ...['undefined', 'but', 'is', 'are', 'no', 'none', 'only', 'with', 'without', 'times', 'plus'],
  ...['minus', 'half', 'third', 'quarter', 'th', 'st', 'nd', 'rd', 'remainder', 'all', 'real'],
]);

/** Whether a bare word of two letters or more is a known unit. */
export function isUnitWord(word: string): boolean {
  return word.length >= 2 && wordUnit(word, true) !== null;
}

/**
 * The one name of a unit, `''` for none in effect ("units"), or null where the text is no unit.
 * @example unitName('square inches') === unitName('in^2')
 */
export function unitName(text: string): string | null {
  const cleaned = text
    .replace(/[{}\\,.]/g, ' ')
    .replace(/\^\s*/g, '^')
    .replace(/²/g, '^2')
    .replace(/³/g, '^3')
    .replace(/\s*(?:\/|\bper\b)\s*/g, ' / ')
    .trim();
  const words = cleaned.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || words.length > 6) return null;
  const parts: string[] = [];
  let exponent = '';
  for (const word of words) {
    const lower = word.toLowerCase();
    if (lower === 'square' || lower === 'sq') exponent = '^2';
    else if (lower === 'cubic' || lower === 'cu') exponent = '^3';
    else if (lower === 'squared' || lower === 'cubed') {
      parts.push(`${parts.pop() ?? ''}${lower === 'cubed' ? '^3' : '^2'}`);
    } else if (word === '/') parts.push('/');
    else {
      const [, base = '', tail = ''] = /^([^^]+)(\^[0-9-]+)?$/.exec(word) ?? [];
      const name = wordUnit(base, false);
      if (name === null) return null;
      parts.push(`${name}${tail === '' ? exponent : tail}`);
      exponent = '';
    }
  }
  const joined = parts.join(' ');
  return /^(?:rad|unit(?:\^[23])?)?$/.test(joined) ? '' : joined;
}

/** One word's unit name. An unknown noun stands for itself, unless only known ones are asked for. */
function wordUnit(word: string, isKnownOnly: boolean): string | null {
  const lower = word.toLowerCase();
  const singular = lower.replace(/s$/, '');
  const known = nameOf.get(word) ?? nameOf.get(lower) ?? nameOf.get(singular);
  if (known !== undefined) return known;
  if (isKnownOnly || !/^[a-z]+(?:-[a-z]+)*$/.test(lower) || blocked.has(lower)) return null;
  return singular;
}
