// Draws a search's tree as lines of text. The chosen path is the trunk, straight down the left edge;
// what was pruned or came second hangs off it, above the step that was taken instead.
import type { Colours } from './environment.js';
import type { Branch } from './search-tree.js';
import { clip, oneLine, wrap } from './text-layout.js';

export interface DrawOptions {
  readonly columns: number;
  readonly colours: Colours;
  /** Draw every branch; otherwise what hangs off the trunk is summed up. */
  readonly isFull: boolean;
}

/** Side branches that are drawn one by one when the rest is summed up. */
const mostSides = 5;
const scoreColumns = 7;

/** The tree's lines, coloured. `roots` are the children of the question, in sibling order. */
export function drawTree(roots: readonly Branch[], options: DrawOptions): string[] {
  const lines: string[] = [];
  drawLevel(roots, '', options, lines);
  return lines;
}

/** One family: its side branches first, then its trunk and all below it. */
function drawLevel(
  siblings: readonly Branch[],
  prefix: string,
  options: DrawOptions,
  lines: string[],
): void {
  let level = siblings;
  while (level.length > 0) {
    const trunk = trunkOf(level);
    const sides = level.filter((branch) => branch !== trunk);
    if (options.isFull) drawSides(sides, prefix, options, lines);
    else sumUpSides(sides, prefix, options, lines);
    if (trunk === undefined) return;
    lines.push(...drawBranch(trunk, prefix, '', options));
    level = trunk.children;
  }
}

/** The branch that the eye should follow: the chosen one, the one that grew on, the only one left. */
function trunkOf(siblings: readonly Branch[]): Branch | undefined {
  const chosen = siblings.find((branch) => branch.isChosen);
  if (chosen !== undefined) return chosen;
  const grown = siblings.filter((branch) => branch.children.length > 0);
  if (grown.length > 0) return bestFirst(grown)[0];
  const [leaf, another] = siblings.filter((branch) => !isPruned(branch));
  return another === undefined ? leaf : undefined;
}

function drawSides(
  sides: readonly Branch[],
  prefix: string,
  options: DrawOptions,
  lines: string[],
): void {
  for (const side of sides) {
    lines.push(...drawBranch(side, prefix, '├╴', options));
    drawLevel(side.children, `${prefix}│ `, options, lines);
  }
}

function sumUpSides(
  sides: readonly Branch[],
  prefix: string,
  options: DrawOptions,
  lines: string[],
): void {
  const pruned = sides.filter(isPruned);
  const grown = sides.filter((branch) => !isPruned(branch));
  const shown = new Set(bestFirst(grown).slice(0, mostSides));
  for (const branch of grown) {
    if (shown.has(branch)) lines.push(sumUpSide(branch, prefix, options));
  }
  const rest = grown.filter((branch) => !shown.has(branch));
  if (rest.length > 0) {
    const text = `… ${rest.length} more like these`;
    lines.push(layOut(prefix, '├╴', text, bestOf(rest), options, options.colours.dim));
  }
  if (pruned.length > 0) {
    const text = `✗ ${pruned.length} pruned${pruned.length > 1 ? ', the best at' : ''}`;
    lines.push(layOut(prefix, '├╴', text, bestOf(pruned), options, options.colours.dim));
  }
}

/** A side branch and all below it, in one line. */
function sumUpSide(branch: Branch, prefix: string, options: DrawOptions): string {
  const end = endOf(branch);
  const further = depthOf(branch) - 1;
  const steps = further > 0 ? `${further} more ${further === 1 ? 'step' : 'steps'} ` : '';
  const ending = end.fate === 'live' ? 'then pruned' : outcome(end);
  const notes = [times(branch), `${steps}${ending}`].filter((note) => note !== '');
  const note = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const room = options.columns - prefix.length - 4 - note.length - scoreColumns;
  const text = `○ ${clip(oneLine(branch.text), Math.max(8, room))}${note}`;
  return layOut(prefix, '├╴', text, finalScore(branch), options, (line) => line);
}

/** One branch: wrapped on the trunk, clipped beside it. */
function drawBranch(branch: Branch, prefix: string, joint: string, options: DrawOptions): string[] {
  const { colours } = options;
  const mark = isPruned(branch) ? '✗' : branch.isChosen ? '●' : '○';
  const tone = isPruned(branch)
    ? colours.dim
    : branch.isChosen
      ? (line: string) => colours.bold(colours.green(line))
      : (line: string) => line;
  const notes = [times(branch), outcome(branch)].filter((note) => note !== '').join(' ');
  const words = oneLine(branch.text) || '(end of sequence)';
  const whole = notes === '' ? words : `${words} ${notes}`;
  const room = options.columns - prefix.length - joint.length - 2 - scoreColumns;
  const pieces = branch.isChosen ? wrap(whole, room) : [clip(whole, room)];
  const score = branch.scores.at(-1) ?? Number.NaN;
  return pieces.map((piece, index) =>
    index === 0
      ? layOut(prefix, joint, `${mark} ${piece}`, score, options, tone)
      : layOut(prefix, joint, `  ${piece}`, Number.NaN, options, tone),
  );
}

/** Prefix, text, and a score at the right edge where there is one. */
function layOut(
  prefix: string,
  joint: string,
  text: string,
  score: number,
  { columns, colours }: DrawOptions,
  tone: (line: string) => string,
): string {
  const guide = colours.dim(prefix + joint);
  if (!Number.isFinite(score)) return guide + tone(text);
  const room = columns - prefix.length - joint.length - scoreColumns;
  return guide + tone(text.padEnd(room)) + colours.cyan(score.toFixed(3).padStart(scoreColumns));
}

function isPruned(branch: Branch): boolean {
  return branch.fate === 'pruned' || branch.fate === 'cut';
}

function times({ multiplicity }: Branch): string {
  return multiplicity > 1 ? `×${multiplicity}` : '';
}

function outcome(branch: Branch): string {
  switch (branch.fate) {
    case 'complete': {
      const answer = branch.answer === null ? 'no answer' : clip(oneLine(branch.answer), 24);
      return `→ ${answer}${branch.isAnswer ? '' : ', not kept'}`;
    }
    case 'incomplete':
      return branch.answer === null
        ? '→ cut short'
        : `→ ${clip(oneLine(branch.answer), 24)}, cut short`;
    case 'cut':
      return '(too long)';
    default:
      return '';
  }
}

/** Where following the best children of a branch ends. */
function endOf(branch: Branch): Branch {
  let end = branch;
  for (let next = trunkOf(end.children); next !== undefined; next = trunkOf(end.children)) {
    end = next;
  }
  const [leaf] = end.children.filter((child) => !isPruned(child));
  return leaf ?? end;
}

function depthOf(branch: Branch): number {
  return 1 + Math.max(0, ...branch.children.filter((c) => !isPruned(c)).map(depthOf));
}

/** By falling score at their ends; those without a score last, ties as they were. */
function bestFirst(branches: readonly Branch[]): Branch[] {
  const scoreOf = new Map(branches.map((branch) => [branch, finalScore(branch)]));
  const merit = (branch: Branch) => {
    const score = scoreOf.get(branch) ?? Number.NaN;
    return Number.isFinite(score) ? score : Number.NEGATIVE_INFINITY;
  };
  return [...branches].sort((a, b) => (merit(a) === merit(b) ? 0 : merit(b) - merit(a)));
}

/** The score at a branch's end; NaN where nothing was scored. */
function finalScore(branch: Branch): number {
  return lastScore(endOf(branch));
}

function lastScore(branch: Branch): number {
  return branch.scores.at(-1) ?? Number.NaN;
}

function bestOf(branches: readonly Branch[]): number {
  const scores = branches.map(lastScore).filter(Number.isFinite);
  return scores.length === 0 ? Number.NaN : Math.max(...scores);
}
