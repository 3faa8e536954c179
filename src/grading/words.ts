// Words and letters of answers: what a bare word in mathematics can mean.
import type { ConstantName, FunctionName } from './expression.js';

/** Function names, with and without a backslash. */
export const functionWords: ReadonlyMap<string, FunctionName> = new Map([
  ...(
    [
      ...['sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan', 'sinh', 'cosh'],
      ...['tanh', 'exp', 'ln', 'log', 'gcd', 'lcm', 'max', 'min', 'abs', 'floor', 'ceil'],
    ] as FunctionName[]
  ).map((name) => [name, name] as const),
  ['lg', 'log'],
  ['asin', 'arcsin'],
  ['acos', 'arccos'],
  ['atan', 'arctan'],
  ['ceiling', 'ceil'],
  ['factorial', 'factorial'],
]);

/** Functions of one argument that take what follows them without brackets, as `\sin 2x` does. */
export const prefixFunctions: ReadonlySet<FunctionName> = new Set([
  ...(['sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan'] as const),
  ...(['sinh', 'cosh', 'tanh', 'ln', 'log', 'exp'] as const),
]);

/** Constants by their names, with and without a backslash. */
export const constantWords: ReadonlyMap<string, ConstantName> = new Map([
  ['pi', 'pi'],
  ['infty', 'infinity'],
  ['infinity', 'infinity'],
  ['inf', 'infinity'],
  ['oo', 'infinity'],
]);

/** Short words that are no product of letters. */
export const shortWords: ReadonlySet<string> = new Set([
  ...['yes', 'no', 'odd', 'one', 'two', 'six', 'ten', 'all', 'any', 'not', 'red', 'on', 'in', 'up'],
  ...[
    'mon',
    'tue',
    'wed',
    'thu',
    'fri',
    'sat',
    'sun',
    'am',
    'pm',
    'none',
    'may',
    'the',
    'is',
    'of',
  ],
]);

/** Commands that are letters. */
export const greekLetters: ReadonlySet<string> = new Set([
  ...['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'varepsilon', 'zeta', 'eta', 'theta'],
  ...['vartheta', 'iota', 'kappa', 'lambda', 'mu', 'nu', 'xi', 'rho', 'sigma', 'tau', 'upsilon'],
  ...['phi', 'varphi', 'chi', 'psi', 'omega', 'Gamma', 'Delta', 'Theta', 'Lambda', 'Xi', 'Pi'],
  ...['Sigma', 'Phi', 'Psi', 'Omega', 'ell', 'triangle', 'angle'],
]);
const operandWords = new Set(['frac', 'sqrt', 'boxed', 'binom', 'sum', 'prod']);

/** Whether a command starts an operand. */
export function isOperandWord(word: string): boolean {
  const isFunction = functionWords.has(word) || operandWords.has(word);
  return isFunction || constantWords.has(word) || greekLetters.has(word);
}

/** What a unit's name multiplies by: `5 million`; 1 for any other word. */
export const multipliers: ReadonlyMap<string, bigint> = new Map([
  ['dozen', 12n],
  ['hundred', 100n],
  ['thousand', 1000n],
  ['million', 1_000_000n],
  ['billion', 1_000_000_000n],
  ['trillion', 1_000_000_000_000n],
]);
