// Recognising control tokens in text, and hiding those of data.
import { describe, expect, test } from 'vitest';
import { SpecialTokens } from '../../src/text/special-tokens.js';

const token = (id: number, content: string, special = true) => ({ id, content, special, raw: {} });

describe('SpecialTokens', () => {
  const texts = ['<s>', '<s>>', '[a-b]', '(x|y)*', '\\n+?', '^$', '{1,2}', '<a/b>', '句号', '🙂'];
  const special = new SpecialTokens(
    texts.map((text, i) => token(i, text)),
    undefined,
  );

  test('recognises any spelling, literally', () => {
    for (const text of texts) {
      expect(special.recognise(`a${text}b`)).toBe(`a${special.aliasOf(text)}b`);
      expect(special.aliasOf(text)).not.toBe(text);
    }
    expect(special.recognise('xy x|y nn')).toBe('xy x|y nn');
  });

  test('takes the longest at one place', () => {
    expect(special.recognise('<s>>')).toBe(special.aliasOf('<s>>'));
    expect(special.recognise('<s><s>')).toBe(special.aliasOf('<s>').repeat(2));
  });

  test('data comes back as it was, unrecognised', () => {
    const data = `$& $1 ${texts.join(' ')} <s>>><s>`;
    const hidden: string[] = [];
    const rendered = `<s>${special.hide(data, hidden)}<s>`;
    const alias = special.aliasOf('<s>');
    expect(special.restore(special.recognise(rendered), hidden)).toBe(`${alias}${data}${alias}`);
    expect(hidden).toHaveLength(texts.length + 2);
  });

  test('aliases cannot be guessed', () => {
    const other = new SpecialTokens([token(0, '<s>')], undefined);
    expect(other.aliasOf('<s>')).not.toBe(special.aliasOf('<s>'));
  });

  test('added tokens count if they are special or the template writes them', () => {
    const added = [token(0, '<a>', false), token(1, '<b>', false), token(2, '', true)];
    const some = new SpecialTokens(added, "{{ '<b>' }}");
    expect([some.has('<a>'), some.has('<b>'), some.has('')]).toEqual([false, true, false]);
    const none = new SpecialTokens([], undefined);
    expect(none.recognise('<s>')).toBe('<s>');
    expect(none.hide('<s>', [])).toBe('<s>');
  });
});
