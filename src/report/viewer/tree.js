// A search's tree: branches in nested lists, and the buttons that open and close many at once.
import { element } from './elements.js';
import { expand, focusable, focusOn, isVisible, itemsIn, onClick, onKey } from './keys.js';

/** @typedef {import('../viewed-search.js').ViewedBranch} ViewedBranch */

/**
 * The tree as WAI-ARIA's tree pattern has it: one item has the focus, arrows move it.
 * @param {readonly ViewedBranch[]} branches
 */
export function treeOf(branches) {
  const tree = element('ul', { class: 'tree' });
  tree.setAttribute('role', 'tree');
  tree.setAttribute('aria-label', 'Branches of the search');
  /** @type {number[][]} */
  const children = branches.map(() => []);
  /** @type {number[]} */
  const roots = [];
  branches.forEach(({ parent }, index) => {
    (children[parent] ?? roots).push(index);
  });
  /** @type {(HTMLElement | undefined)[]} */
  const groups = [];
  branches.forEach((branch, index) => {
    const siblings = children[branch.parent] ?? roots;
    const row = rowOf(branch, index, siblings, levelOf(branches, index));
    const item = element('li', {}, [row]);
    item.setAttribute('role', 'none');
    const parent = branch.parent < 0 ? tree : groups[branch.parent];
    if ((children[index] ?? []).length > 0) {
      // A chain goes straight down below its second branch: it would leave the window otherwise.
      const isChain = siblings.length === 1 && children[index]?.length === 1;
      const group = element('ul', { class: isChain ? 'chain' : '' });
      group.setAttribute('role', 'group');
      groups[index] = group;
      item.append(group);
      expand(row, branch.chosen);
    }
    parent?.append(item);
  });
  focusOn(itemsIn(tree)[0], false);
  tree.addEventListener('keydown', onKey);
  tree.addEventListener('click', onClick);
  return tree;
}

/**
 * @param {readonly ViewedBranch[]} branches
 * @param {number} index
 */
function levelOf(branches, index) {
  let level = 0;
  for (let at = index; at >= 0; at = branches[at]?.parent ?? -1) level++;
  return level;
}

/**
 * @param {ViewedBranch} branch
 * @param {number} index
 * @param {readonly number[]} siblings
 * @param {number} level
 */
function rowOf(branch, index, siblings, level) {
  const { id, text, score, fate, chosen } = branch;
  const isDropped = fate === 'pruned' || fate === 'cut' || branch.ending?.isAnswer === false;
  const toggle = element('span', { class: 'toggle' });
  toggle.setAttribute('aria-hidden', 'true');
  const kind = `row ${isDropped ? 'dropped' : ''} ${chosen ? 'on-path' : ''}`.trim();
  const row = element('div', { class: kind }, [
    toggle,
    score === null ? element('span', { class: 'score muted', text: '–' }) : scoreOf(score),
    element('span', { class: 'step', text: text.trim() === '' ? '(no text)' : text.trim() }),
    element('span', { class: 'tags' }, tagsOf(branch)),
  ]);
  row.title = score === null ? `Branch ${id}` : `Branch ${id}, score ${score.toFixed(6)}`;
  row.tabIndex = -1;
  row.setAttribute('role', 'treeitem');
  row.setAttribute('aria-level', String(level));
  row.setAttribute('aria-setsize', String(siblings.length));
  row.setAttribute('aria-posinset', String(siblings.indexOf(index) + 1));
  return row;
}

/** @param {number} score */
function scoreOf(score) {
  const bar = document.createElement('i');
  bar.style.setProperty('--score', String(score));
  return element('span', { class: 'score' }, [bar, element('span', { text: score.toFixed(2) })]);
}

/** @param {ViewedBranch} branch */
function tagsOf({ fate, chosen, multiplicity, ending, leadsTo }) {
  /** @param {string} text @param {string} kind */
  const tag = (text, kind) => element('span', { class: `tag ${kind}`, text });
  const fates = {
    kept: 'kept',
    pruned: 'pruned',
    cut: 'cut by a limit',
    stopped: 'stopped',
    ended: ending?.isComplete === false ? 'ended by a limit' : 'complete',
  };
  const tags = fate === null ? [] : [tag(fates[fate], 'fate')];
  if (multiplicity > 1) tags.push(tag(`×${multiplicity} identical`, ''));
  if (leadsTo !== null) {
    const { answer, isRight } = leadsTo;
    tags.push(tag(`→ ${answer === null ? 'no answer' : `${isRight ? '✓' : '✗'} ${answer}`}`, ''));
  }
  if (ending !== null) {
    const { answer, isRight, isAnswer } = ending;
    const text = answer === null ? 'no answer' : `${isRight ? '✓' : '✗'} answer ${answer}`;
    tags.push(tag(text, isRight ? 'good' : 'bad'));
    if (!isAnswer) tags.push(tag('does not vote', ''));
    if (chosen) tags.push(tag('chosen', 'chosen'));
  }
  return tags;
}

/** @param {HTMLElement} tree */
export function treeButtons(tree) {
  /** @param {string} text @param {(item: HTMLElement) => boolean} isOpen */
  const button = (text, isOpen) => {
    const made = element('button', { text });
    made.type = 'button';
    made.addEventListener('click', () => {
      for (const item of itemsIn(tree)) if (item.ariaExpanded !== null) expand(item, isOpen(item));
      const item = focusable(tree);
      if (item !== undefined && !isVisible(item)) focusOn(itemsIn(tree)[0], false);
    });
    return made;
  };
  return element('div', { class: 'controls' }, [
    button('Chosen path', (item) => item.classList.contains('on-path')),
    button('Expand all', () => true),
    button('Collapse all', () => false),
  ]);
}
