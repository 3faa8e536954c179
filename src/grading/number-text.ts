// Numbers as they are written: decimals, repeating decimals, scientific notation. All are exact.
import { add, multiply, power, type Rational, ratio } from './rational.js';
import { Undecided } from './work.js';

const longest = 600;

/**
 * The value of a decimal with at most one point, and of the repeating digits after it.
 * @throws Undecided on too many digits
 */
export function decimalValue(text: string, repeating?: string): Rational {
  if (text.length + (repeating?.length ?? 0) > longest) throw new Undecided('too many digits');
  const [mantissa = '', exponent] = text.split(/[eE]\+?/);
  const [whole = '', decimals = ''] = mantissa.split('.');
  const scale = 10n ** BigInt(decimals.length);
  let value = ratio(BigInt(`${whole}${decimals}` || '0'), scale);
  if (repeating !== undefined) {
    const nines = 10n ** BigInt(repeating.length) - 1n;
    value = add(value, ratio(BigInt(repeating), nines * scale));
  }
  if (exponent === undefined) return value;
  return multiply(value, power(ratio(10n), BigInt(exponent)));
}

/**
 * The digits of a numeral, without leading zeros, in the base it names; null if it is none.
 * Digits past 9 are capital letters.
 */
export function numeralDigits(text: string, base: number): string | null {
  if (base < 2 || base > 36) return null;
  for (const digit of text) if (Number.parseInt(digit, 36) >= base) return null;
  return text.replace(/^0+(?=.)/, '');
}
