// Elements with text and children, and the page's parts by their ids.

/**
 * @param {string} name
 * @param {HTMLElement} content
 */
export function scrolling(name, content) {
  const box = element('div', { class: 'scroll' }, [content]);
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', name);
  return box;
}

/**
 * @param {string} value
 * @param {string} text
 */
export function optionOf(value, text) {
  const option = element('option', { text });
  option.value = value;
  return option;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {{class?: string | undefined, text?: string | undefined}} [parts]
 * @param {readonly HTMLElement[]} [children]
 */
export function element(name, { class: className, text } = {}, children = []) {
  const made = document.createElement(name);
  if (className !== undefined && className !== '') made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no ${id}`);
  return found;
}
