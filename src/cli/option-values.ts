// Strict readings of option values: what is not wholly a number, a size or a known word is refused.
// Ranges are the library's to check, so that they are checked once and alike for every caller.
import { invalidOption, OptionError, unknownMessage } from '../errors.js';
import type { Shard } from '../evaluation/units.js';

/** A parser for commander: the text of an option's value to its value. */
export type ValueParser<T> = (text: string) => T;

/** Decimal digits alone, at least `least`; nothing a double could not hold exactly. */
export function integerValue(flag: string, least: number): ValueParser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw invalidOption(flag, `an integer >= ${least}`, asGiven(text));
  };
}

/** A decimal number as JSON writes it. */
export function numberValue(flag: string): ValueParser<number> {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(value)) return value;
    throw invalidOption(flag, 'a number', text);
  };
}

const units: Readonly<Record<string, number>> = {
  B: 1,
  KB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
};

/** Bytes: digits with a unit of 1,024s, as in 512MB or 1.5GB; without a unit, bytes. */
export function bytesValue(flag: string): ValueParser<number> {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)\s?([KMGT]?i?B)?$/i.exec(text);
    const unit = units[(match?.[2] ?? 'B').toUpperCase().replace('I', '')] ?? Number.NaN;
    const value = Math.floor(Number(match?.[1]) * unit);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw invalidOption(flag, 'a size such as 512MB or 2GB', text);
  };
}

/** A part of a split run: 2/8 is the second of eight. */
export function shardValue(flag: string): ValueParser<Shard> {
  return (text) => {
    const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
    const [index, count] = [Number(match?.[1]), Number(match?.[2])];
    if (index >= 1 && index <= count) return { index, count };
    throw invalidOption(flag, 'i/n with 1 <= i <= n, as in 2/8', text);
  };
}

/** One of the known words. */
export function choiceValue<T extends string>(flag: string, known: readonly T[]): ValueParser<T> {
  return (text) => {
    const found = known.find((word) => word === text);
    if (found !== undefined) return found;
    throw new OptionError(unknownMessage(flag, text, known));
  };
}

/** A text that is not empty. */
export function textValue(flag: string, expected: string): ValueParser<string> {
  return (text) => {
    if (text.trim() !== '') return text;
    throw invalidOption(flag, expected, text);
  };
}

/** Numbers are reported as numbers, so that `0` reads as 0 (number), as in the library. */
function asGiven(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
