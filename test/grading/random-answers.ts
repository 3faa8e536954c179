// Random answers: half of them grown by a grammar, half cut, joined and scrambled from pieces.

/** Uniform numbers in [0, 1), the same for a seed everywhere. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The upper bits alone: the lower ones of such a generator have short periods.
    return (state >>> 8) / 2 ** 24;
  };
}

const pieces = [
  ...['\\frac', '\\sqrt', '{', '}', '(', ')', '[', ']', '\\{', '\\}', '^', '_', '+', '-', '*', '/'],
  ...['1', '2', '37', '0.5', '.', ',', ';', ':', '=', '<', '\\le', '\\in', '\\cup', '\\pm', '|'],
  ...['x', 'y', 'n', 'e', 'i', '\\pi', '\\infty', '\\sin', '\\log', '!', '%', '\\%', '\\$', '$'],
  ...['^\\circ', '\\text{cm}', '\\text{', '\\begin{pmatrix}', '\\end{pmatrix}', '&', '\\\\', ' '],
  ...['\\left', '\\right', '\\sum_{k=1}^', '\\binom', '\\overline', '\\boxed{', 'and', '\\', '\n'],
];

export function randomAnswer(next: () => number): string {
  if (next() < 0.5) return grown(next, 4);
  const length = 1 + Math.floor(next() * 25);
  return Array.from({ length }, () => pick(pieces, next)).join('');
}

/** An answer of the grammar: a scalar, or scalars in some arrangement. */
function grown(next: () => number, depth: number): string {
  const scalar = (): string => expression(next, depth);
  return pick(
    [
      scalar,
      scalar,
      scalar,
      () => `(${scalar()}, ${scalar()})`,
      () => `[${scalar()}, ${scalar()})`,
      () => `\\{${scalar()}, ${scalar()}, ${scalar()}\\}`,
      () => `${scalar()}, ${scalar()}`,
      () => `x = ${scalar()}`,
      () => `${scalar()} < x \\le ${scalar()}`,
      () => `(-\\infty, ${scalar()}) \\cup (${scalar()}, \\infty)`,
      () => `\\begin{pmatrix} ${scalar()} \\\\ ${scalar()} \\end{pmatrix}`,
      () => `${scalar()} \\pm ${scalar()}`,
      () => `${scalar()}^\\circ`,
      () => `${scalar()}\\%`,
      () => `${scalar()}:${scalar()}`,
      () => `${scalar()}\\text{ cm}^2`,
    ],
    next,
  )();
}

function expression(next: () => number, depth: number): string {
  if (depth === 0 || next() < 0.25) {
    const integer = String(Math.floor(next() * 40) - 5);
    return pick([integer, integer, 'x', 'y', '\\pi', 'e', 'i', '0.25', '\\frac12'], next);
  }
  const inner = (): string => expression(next, depth - 1);
  return pick(
    [
      () => `${inner()}+${inner()}`,
      () => `${inner()}-${inner()}`,
      () => `(${inner()})(${inner()})`,
      () => `\\frac{${inner()}}{${inner()}}`,
      () => `\\sqrt{${inner()}}`,
      () => `\\sqrt[3]{${inner()}}`,
      () => `(${inner()})^{${inner()}}`,
      () => `\\sin(${inner()})`,
      () => `\\ln(${inner()})`,
      () => `|${inner()}|`,
      () => `\\arctan(${inner()})`,
      () => `(${inner()})!`,
      () => `\\lfloor ${inner()}\\rfloor`,
      () => `\\binom{${inner()}}{${inner()}}`,
    ],
    next,
  )();
}

function pick<T>(choices: readonly T[], next: () => number): T {
  return choices[Math.floor(next() * choices.length)] as T;
}
