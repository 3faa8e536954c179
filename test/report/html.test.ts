// What is put into a page is text: in elements, in attributes, and in a script's JSON.
import { describe, expect, it } from 'vitest';
import { Html, html, scriptJson } from '../../src/report/html.js';

const hostile = `"><script>alert('x')</script>&lt;`;

describe('html', () => {
  it('escapes text and attributes', () => {
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;lt;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;lt;</p>',
    );
  });

  it('keeps markup, joins lists, prints numbers and leaves nothing for what is not there', () => {
    const parts = [html`<b>${1}</b>`, '<', null, undefined, false, new Html('<i>')] as const;
    expect(html`${parts}`.text).toBe('<b>1</b>&lt;<i>');
    expect(html`${0}`.text).toBe('0');
  });
});

describe('scriptJson', () => {
  it('cannot end its element, and reads back as it was', () => {
    const value = { text: `</script><!--${hostile}\u2028\u2029`, numbers: [0.1, null] };
    const { text } = scriptJson(value);
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
