// The tree viewer, in the reader's browser: picks a search, draws its tree and its vote. It builds
// elements and sets text, never markup, because problems and steps are anyone's.
import { byId, element, optionOf, scrolling } from './elements.js';
import { treeButtons, treeOf } from './tree.js';

/**
 * @typedef {import('../viewed-search.js').ViewedProblem} ViewedProblem
 * @typedef {import('../viewed-search.js').ViewedSearch} ViewedSearch
 */

/** @type {{runs: readonly string[], problems: readonly ViewedProblem[]}} */
const { runs, problems } = JSON.parse(byId('tree-data').textContent ?? '');
const runSelect = /** @type {HTMLSelectElement} */ (byId('viewer-run'));
const showSelect = /** @type {HTMLSelectElement} */ (byId('viewer-show'));
const problemSelect = /** @type {HTMLSelectElement} */ (byId('viewer-problem'));
const previous = /** @type {HTMLButtonElement} */ (byId('viewer-previous'));
const next = /** @type {HTMLButtonElement} */ (byId('viewer-next'));
const place = byId('viewer-search');

const shown = [...new Set(problems.flatMap(({ searches }) => searches.map(({ run }) => run)))].sort(
  (a, b) => a - b,
);
for (const run of shown) runSelect.append(optionOf(String(run), runs[run] ?? ''));
// Trees are what the viewer is for.
const firstTree = problems[0]?.searches.find(({ branches }) =>
  branches.some(({ fate }) => fate === 'pruned'),
);
if (firstTree !== undefined) runSelect.value = String(firstTree.run);

runSelect.addEventListener('change', listProblems);
showSelect.addEventListener('change', listProblems);
problemSelect.addEventListener('change', drawSearch);
previous.addEventListener('click', () => step(-1));
next.addEventListener('click', () => step(1));
listProblems();
byId('viewer').hidden = false;

/** Lists the problems that the two other choices leave, and keeps the chosen one if it is among them. */
function listProblems() {
  const before = problemSelect.value;
  problemSelect.replaceChildren();
  problems.forEach((problem, index) => {
    const search = searchOf(problem);
    if (search === undefined || !isWanted(search)) return;
    const text = problem.problem.replace(/\s+/g, ' ');
    const mark = search.strict ? '✓' : '✗';
    const short = text.length > 90 ? `${text.slice(0, 90)}…` : text;
    problemSelect.append(optionOf(String(index), `${mark} ${problem.id}: ${short}`));
  });
  const has = [...problemSelect.options].some(({ value }) => value === before);
  if (has) problemSelect.value = before;
  drawSearch();
}

/** @param {ViewedSearch} search */
function isWanted({ strict }) {
  return showSelect.value === 'all' || strict === (showSelect.value === 'right');
}

/** @param {ViewedProblem} problem */
function searchOf(problem) {
  return problem.searches.find(({ run }) => run === Number(runSelect.value));
}

/** @param {number} by */
function step(by) {
  problemSelect.selectedIndex += by;
  drawSearch();
}

function drawSearch() {
  const { selectedIndex, options, value } = problemSelect;
  previous.disabled = selectedIndex <= 0;
  next.disabled = selectedIndex >= options.length - 1;
  const problem = value === '' ? undefined : problems[Number(value)];
  const search = problem && searchOf(problem);
  if (problem === undefined || search === undefined) {
    place.replaceChildren(element('p', { text: 'No problem of this kind.' }));
    return;
  }
  const tree = treeOf(search.branches);
  const left = element('div', {}, [
    element('h3', { text: 'Tree' }),
    ...(search.isWhole ? [] : [missing()]),
    treeButtons(tree),
    tree,
  ]);
  place.replaceChildren(
    problemBox(problem, search),
    element('div', { class: 'columns' }, [left, voteOf(search)]),
  );
}

function missing() {
  const text = 'This run was recorded without its pruned branches: only what ended is shown.';
  return element('p', { class: 'note', text });
}

/**
 * @param {ViewedProblem} problem
 * @param {ViewedSearch} search
 */
function problemBox(problem, search) {
  const verdict = search.strict ? 'right' : 'wrong';
  const facts = [
    ['Reference', problem.reference, ''],
    ['Answer', search.answer ?? 'none', ''],
    ['Strict grader', `${search.strict ? '✓' : '✗'} ${verdict}`, search.strict ? 'good' : 'bad'],
    ['Compatible grader', search.compat ? 'right' : 'wrong', ''],
    ...(problem.level === null ? [] : [['Level', String(problem.level), '']]),
    ...(problem.subject === null ? [] : [['Subject', problem.subject, '']]),
    ['Tokens sampled', search.sampledTokens.toLocaleString('en-US'), ''],
    ...(search.stopReason === 'finished' ? [] : [['Cut by', search.stopReason, 'bad']]),
  ];
  return element('div', { class: 'problem' }, [
    element('p', { text: problem.problem }),
    element(
      'dl',
      {},
      facts.map(([name, value, colour]) =>
        element('div', {}, [
          element('dt', { text: name }),
          element('dd', { text: value, class: colour }),
        ]),
      ),
    ),
  ]);
}

/** @param {ViewedSearch} search */
function voteOf({ votes }) {
  const total = votes.reduce((sum, { weight }) => sum + weight, 0);
  const rows = votes.map(({ answer, weight, paths, isRight }) => {
    const bar = element('span', { class: 'bar' });
    bar.style.setProperty('--share', String(total === 0 ? 0 : weight / total));
    const name = element('th', { text: `${answer} ` });
    name.scope = 'row';
    const mark = isRight ? '✓ right' : '✗';
    name.append(element('span', { text: mark, class: isRight ? 'good' : 'muted' }));
    return element('tr', {}, [
      name,
      element('td', {}, [bar]),
      element('td', { class: 'number', text: weight.toPrecision(3) }),
      element('td', { class: 'number', text: String(paths) }),
    ]);
  });
  const head = ['Answer', 'Share', 'Weight', 'Paths'].map((text, i) => {
    const cell = element('th', { text, class: i > 1 ? 'number' : '' });
    cell.scope = 'col';
    return cell;
  });
  const table = element('table', {}, [
    element('thead', {}, [element('tr', {}, head)]),
    element('tbody', {}, rows),
  ]);
  const none = element('p', { text: 'No path holds an answer.' });
  return element('div', {}, [
    element('h3', { text: 'Vote' }),
    votes.length === 0 ? none : scrolling('Vote', table),
  ]);
}
