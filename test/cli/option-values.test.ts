// Option values: what is read, and that nothing half-read passes.
import { describe, expect, it } from 'vitest';
import { bytesValue, choiceValue, integerValue, numberValue } from '../../src/cli/option-values.js';

describe('integerValue', () => {
  it('reads digits', () => {
    expect(integerValue('--n', 0)('0')).toBe(0);
    expect(integerValue('--n', 1)('64')).toBe(64);
    expect(integerValue('--n', 0)('9007199254740991')).toBe(9007199254740991);
  });

  it.each([
    '',
    ' ',
    '1.0',
    '1e3',
    '0x10',
    '-1',
    '+1',
    '1 ',
    '1,000',
    '9007199254740992',
    'NaN',
    '٣',
  ])('refuses %j', (text) => {
    expect(() => integerValue('--n', 0)(text)).toThrow('Expected `--n` to be an integer >= 0');
  });

  it('reports a number as a number', () => {
    expect(() => integerValue('--n', 1)('0')).toThrow('to be an integer >= 1, got 0 (number)');
    expect(() => integerValue('--n', 1)('one')).toThrow('got "one" (string)');
  });
});

describe('numberValue', () => {
  it.each([
    ['0', 0],
    ['0.7', 0.7],
    ['-1', -1],
    ['1e12', 1e12],
    ['2.5E-1', 0.25],
  ])('reads %s', (text, value) => {
    expect(numberValue('--x')(text)).toBe(value);
  });

  it.each(['', '.5', '1.', 'Infinity', '0x1', '1e999', '0,7', '0.7s'])('refuses %j', (text) => {
    expect(() => numberValue('--x')(text)).toThrow('Expected `--x` to be a number');
  });
});

describe('bytesValue', () => {
  it.each([
    ['4096', 4096],
    ['512MB', 2 ** 29],
    ['512 MiB', 2 ** 29],
    ['1.5gb', 1.5 * 2 ** 30],
    ['1TB', 2 ** 40],
    ['16KB', 2 ** 14],
  ])('reads %s', (text, value) => {
    expect(bytesValue('--kv-memory')(text)).toBe(value);
  });

  it.each([
    '',
    '0',
    '0.5',
    '-1MB',
    '5 apples',
    '1.5.2GB',
    'MB',
    '9999999TB',
  ])('refuses %j', (text) => {
    expect(() => bytesValue('--kv-memory')(text)).toThrow('a size such as 512MB or 2GB');
  });
});

describe('choiceValue', () => {
  it('takes a known word and names the nearest one', () => {
    expect(choiceValue('--s', ['dvts', 'greedy'])('dvts')).toBe('dvts');
    expect(() => choiceValue('--s', ['dvts', 'greedy'])('dtvs')).toThrow('did you mean `dvts`?');
    expect(() => choiceValue('--s', ['dvts'])('DVTS')).toThrow('one of dvts');
  });
});
