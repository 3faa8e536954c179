// What keys and clicks do in a tree: open, close, and move the focus. An item is the row of a branch; the
// list of its children stands beside it.

/** @param {MouseEvent} event */
export function onClick({ target }) {
  const item = target instanceof Element ? target.closest('.row') : null;
  // A click that ends a selection of text leaves the tree as it is.
  if (!(item instanceof HTMLElement) || String(getSelection()) !== '') return;
  focusOn(item);
  if (item.ariaExpanded !== null) expand(item, item.ariaExpanded !== 'true');
}

/** @param {KeyboardEvent} event */
export function onKey(event) {
  const tree = /** @type {HTMLElement} */ (event.currentTarget);
  const item = focusable(tree);
  if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const visible = itemsIn(tree).filter(isVisible);
  const at = visible.indexOf(item);
  const isOpen = item.ariaExpanded === 'true';
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowDown: () => focusOn(visible[at + 1]),
    ArrowUp: () => focusOn(visible[at - 1]),
    Home: () => focusOn(visible[0]),
    End: () => focusOn(visible.at(-1)),
    ArrowRight: () => (isOpen ? focusOn(visible[at + 1]) : expand(item, true)),
    ArrowLeft: () => (isOpen ? expand(item, false) : focusOn(parentOf(item))),
    Enter: () => expand(item, !isOpen),
    ' ': () => expand(item, !isOpen),
  };
  const action = actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

/**
 * @param {HTMLElement} tree
 * @returns {HTMLElement[]}
 */
export function itemsIn(tree) {
  return [...tree.querySelectorAll('div')];
}

/** @param {HTMLElement} tree */
export function focusable(tree) {
  return itemsIn(tree).find(({ tabIndex }) => tabIndex === 0);
}

/**
 * @param {HTMLElement} item
 * @returns {HTMLElement | undefined}
 */
function parentOf(item) {
  return item.closest('ul')?.closest('li')?.querySelector('div') ?? undefined;
}

/** @param {HTMLElement} item */
export function isVisible(item) {
  return item.closest('ul[hidden]') === null;
}

/**
 * @param {HTMLElement | undefined} item
 * @param {boolean} [takesFocus]
 */
export function focusOn(item, takesFocus = true) {
  const tree = item?.closest('.tree');
  if (item === undefined || !(tree instanceof HTMLElement)) return;
  const before = focusable(tree);
  if (before !== undefined) before.tabIndex = -1;
  item.tabIndex = 0;
  if (takesFocus) item.focus();
}

/**
 * Opens or closes an item with children.
 * @param {HTMLElement} item
 * @param {boolean} isOpen
 */
export function expand(item, isOpen) {
  const group = item.nextElementSibling;
  const toggle = item.firstElementChild;
  if (!(group instanceof HTMLElement) || toggle === null) return;
  item.ariaExpanded = String(isOpen);
  group.hidden = !isOpen;
  toggle.textContent = isOpen ? '▼' : '▶';
}
