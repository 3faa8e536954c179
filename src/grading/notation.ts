// The many ways to write one thing: synonyms among LaTeX commands, characters that stand for them.

/** Commands that say how something looks. */
export const dropped = new Set([
  ...['left', 'right', 'big', 'Big', 'bigg', 'Bigg', 'bigl', 'bigr', 'Bigl', 'Bigr', 'middle'],
  ...['displaystyle', 'textstyle', 'scriptstyle', 'limits', 'nolimits', 'quad', 'qquad'],
  ...['thinspace', 'enspace', 'rm', 'bf', 'it', 'boldsymbol'],
]);
/** Commands whose argument is text. */
export const textCommands = 'text|textrm|textbf|textit|textnormal|mbox|hbox|mathrm|operatorname';
/** Commands that make a name out of a letter. */
export const decorations =
  'mathbf|mathbb|mathcal|mathit|vec|hat|overrightarrow|overline|bar|underline';
/** Commands with another name here, or that are characters. */
export const synonyms: ReadonlyMap<string, string> = new Map(
  Object.entries({
    dfrac: 'frac',
    tfrac: 'frac',
    cfrac: 'frac',
    dbinom: 'binom',
    tbinom: 'binom',
    leq: 'le',
    leqslant: 'le',
    geq: 'ge',
    geqslant: 'ge',
    neq: 'ne',
    lt: '<',
    gt: '>',
    times: '*',
    cdot: '*',
    ast: '*',
    div: '/',
    colon: ':',
    lbrack: '[',
    rbrack: ']',
    lbrace: '{',
    rbrace: '}',
    lvert: '|',
    rvert: '|',
    vert: '|',
    mid: '|',
    mp: 'mp',
    varnothing: 'emptyset',
    degree: 'circ',
    infin: 'infty',
    lor: ',',
    land: ',',
    vee: ',',
  }),
);
const unicode: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '−': '-',
    '–': '-',
    '×': '*',
    '·': '*',
    '⋅': '*',
    '÷': '/',
    '≤': '\\le ',
    '≥': '\\ge ',
    '≠': '\\ne ',
    π: '\\pi ',
    '∞': '\\infty ',
    '√': '\\sqrt ',
    '°': '^\\circ ',
    '²': '^2 ',
    '³': '^3 ',
    '∪': '\\cup ',
    '∈': '\\in ',
    '±': '\\pm ',
    '∓': '\\mp ',
    '½': '\\frac{1}{2}',
    '¼': '\\frac{1}{4}',
    '¾': '\\frac{3}{4}',
    θ: '\\theta ',
    ℝ: '\\mathbb{R}',
    '∅': '\\emptyset ',
    '¢': '\\text{cents}',
    '\u00a0': ' ',
    '\u2009': ' ',
    '…': '\\ldots ',
  }),
);
const unicodeCharacter = new RegExp(`[${[...unicode.keys()].join('')}]`, 'g');
const numberNames = 'two three four five six seven eight nine ten eleven twelve'.split(' ');

/** An answer with LaTeX for other characters, and separators and bases in one spelling. */
export function plainSource(answer: string): string {
  return answer
    .replace(unicodeCharacter, (character) => unicode.get(character) ?? character)
    .replace(/\{([^{}]*)\\choose([^{}]*)\}/g, '\\binom{$1}{$2}')
    .replace(/,\\!\s*|\{,\}/g, '{,}')
    .replace(/\\!/g, '')
    .replace(/_\{?\\(?:text|mathrm)\{(?:base )?\s*([a-z]+|\d+)\s*\}\}?/g, (whole, base: string) => {
      const named = numberNames.indexOf(base) + 2;
      return named >= 2 ? `_{${named}}` : /^\d+$/.test(base) ? `_{${base}}` : whole;
    });
}
