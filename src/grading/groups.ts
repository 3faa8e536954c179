// Classes of equivalent answers for votes. The reference plays no part, nor does the order given:
// classes are what a union-find over all pairs leaves, with one exception that looks at whole
// classes. An answer without a unit or a name joins a class that has one, if there is just one such
// class that it could join: "5" joins "5 cm", but stands alone between "5 cm" and "5 m".
import { Answer } from './answer.js';
import { normaliseAnswer } from './normalise.js';

/**
 * The classes of a list of answers, as positions in the list: ascending within a class, classes by
 * their first positions. An empty answer is alike to none, not even to another one.
 * @example groupEquivalent(['0.5', '3', '\\frac{1}{2}']) // [[0, 2], [1]]
 */
export function groupEquivalent(answers: readonly string[]): number[][] {
  const byText = new Map<string, number[]>();
  answers.forEach((answer, index) => {
    const text = normaliseAnswer(answer);
    const same = byText.get(text);
    if (same === undefined || text === '')
      byText.set(text === '' ? `empty ${index}` : text, [index]);
    else same.push(index);
  });
  const members = [...byText.values()];
  const classes = groupDistinct(members.map(([first = 0]) => new Answer(answers[first] ?? '')));
  return classes
    .map((group) => group.flatMap((index) => members[index] ?? []).sort((a, b) => a - b))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

/** The same for answers of which no two have one text. */
function groupDistinct(answers: readonly Answer[]): readonly (readonly number[])[] {
  if (answers.length < 2) return answers.map((_, index) => [index]);
  const classes = new UnionFind(answers.length);
  answers.forEach((answer, i) => {
    for (let j = i + 1; j < answers.length; j++) {
      if (classes.find(i) === classes.find(j)) continue;
      if (answer.isSame(answers[j] as Answer, 'counts')) classes.unite(i, j);
    }
  });
  joinBare(answers, classes);
  return classes.groups();
}

/** Lets bare answers join their only dressed class. All is decided before anything is joined. */
function joinBare(answers: readonly Answer[], classes: UnionFind): void {
  const candidates = new Map<number, Set<number>>();
  const withBare = new Set(answers.flatMap((x, i) => (x.bare === null ? [classes.find(i)] : [])));
  const withDressed = new Set<number>();
  answers.forEach((answer, i) => {
    const { bare } = answer;
    if (bare === null) return;
    const target = classes.find(i);
    withDressed.add(target);
    answers.forEach((other, j) => {
      if (other.bare !== null || !other.isBareOf(answer, bare)) return;
      const found = candidates.get(classes.find(j)) ?? new Set();
      candidates.set(classes.find(j), found.add(target));
    });
  });
  for (const [bare, targets] of [...candidates]) {
    const [target] = targets;
    // 50% is 0.5; where both are about, "50" is neither.
    if (target === undefined || targets.size > 1 || withBare.has(target)) continue;
    if (!withDressed.has(bare)) classes.unite(bare, target);
  }
}

/** Disjoint sets of 0 to n − 1. */
class UnionFind {
  readonly #parents: number[];

  constructor(size: number) {
    this.#parents = Array.from({ length: size }, (_, i) => i);
  }

  find(index: number): number {
    let root = index;
    for (
      let next = this.#parents[root] ?? root;
      next !== root;
      next = this.#parents[root] ?? root
    ) {
      root = next;
    }
    for (let at = index; at !== root; ) {
      const next = this.#parents[at] ?? root;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  unite(a: number, b: number): void {
    this.#parents[this.find(b)] = this.find(a);
  }

  groups(): readonly (readonly number[])[] {
    const groups = new Map<number, number[]>();
    this.#parents.forEach((_, index) => {
      const root = this.find(index);
      const group = groups.get(root);
      if (group === undefined) groups.set(root, [index]);
      else group.push(index);
    });
    return [...groups.values()];
  }
}
