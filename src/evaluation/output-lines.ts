// Outputs that came from elsewhere: JSONL, one problem a line with all its outputs, and scores of them
// where there are any. Every line is checked against the dataset that it answers.
import { expectedMessage, ModelError, OptionError, refuseUnknownKeys } from '../errors.js';
import type { Problem } from './dataset.js';
import { invalidLine, parseObject } from './problem.js';
import type { PlacedProblem } from './units.js';

const roles = ['id', 'problem', 'outputs', 'scores'] as const;

/** Names of the fields that lines have in place of `id`, `problem`, `outputs` and `scores`. */
export type OutputFields = { readonly [K in (typeof roles)[number]]?: string };

/** Scores of one output in [0, 1]: one for each of its steps, or one for the whole of it. */
export type OutputScores = number | readonly number[];

/** All outputs for one problem. */
export interface ProblemOutputs {
  readonly problem: PlacedProblem;
  readonly outputs: readonly string[];
  /** Of each output; null where the line has none. */
  readonly scores: readonly OutputScores[] | null;
  /** `file:line`, for errors. */
  readonly place: string;
}

/** @throws OptionError on another role, and on a name that is no text */
export function checkOutputFields(fields: OutputFields): OutputFields {
  refuseUnknownKeys('field', fields, roles);
  for (const [role, name] of Object.entries(fields)) {
    if (typeof name === 'string' && name !== '') continue;
    throw new OptionError(expectedMessage(`field ${role}`, "the name of a line's field", name));
  }
  return fields;
}

/**
 * Reads the lines of a file; `file` names it in errors. A line names its problem by `id` (or
 * `unique_id`), else by the text of `problem`. In dataset order.
 * @throws ModelError INVALID_FILE with the number of the first bad line: no JSON, a problem that the
 *   dataset lacks or that another line has, no outputs, as many as no other line has, bad scores; and
 *   where problems have no line
 */
export function parseOutputs(
  text: string,
  file: string,
  problems: readonly Problem[],
  fields: OutputFields = {},
): readonly ProblemOutputs[] {
  const reader = new OutputReader(problems, fields);
  const found = new Map<number, ProblemOutputs>();
  let first: ProblemOutputs | undefined;
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const place = `${file}:${index + 1}`;
    const read = reader.read(parseObject(line, place), place);
    const earlier = found.get(read.problem.index);
    if (earlier !== undefined) {
      throw invalidLine(place, `another problem (${earlier.place} has it)`, read.problem.id);
    }
    first ??= read;
    checkAlike(first, read);
    found.set(read.problem.index, read);
  });
  const missing = problems.filter((_, index) => !found.has(index));
  if (missing.length > 0) {
    const ids = missing.slice(0, 5).map(({ id }) => id);
    const names = `${ids.join(', ')}${missing.length > 5 ? ', …' : ''}`;
    const expected = `a line for each of ${problems.length} problems (${missing.length} have none: ${names})`;
    throw new ModelError(expectedMessage(file, expected, found.size), 'INVALID_FILE');
  }
  return [...found.values()].sort((a, b) => a.problem.index - b.problem.index);
}

/** As many outputs as the first line, and scores where that has some: a run has one budget. */
function checkAlike(first: ProblemOutputs, { outputs, scores, place }: ProblemOutputs): void {
  if (outputs.length !== first.outputs.length) {
    const expected = `${first.outputs.length} texts, as ${first.place} has`;
    throw invalidLine(`${place} outputs`, expected, outputs.length);
  }
  if ((scores === null) === (first.scores === null)) return;
  const expected = first.scores === null ? 'left out' : 'given';
  throw invalidLine(`${place} scores`, `${expected}, as in ${first.place}`, scores ?? undefined);
}

class OutputReader {
  readonly #byId: ReadonlyMap<string, PlacedProblem>;
  readonly #byText = new Map<string, PlacedProblem | 'several'>();

  constructor(
    problems: readonly Problem[],
    readonly fields: OutputFields,
  ) {
    const placed = problems.map((problem, index) => ({ ...problem, index }));
    this.#byId = new Map(placed.map((problem) => [problem.id, problem]));
    for (const problem of placed) {
      const text = problem.problem.trim();
      this.#byText.set(text, this.#byText.has(text) ? 'several' : problem);
    }
  }

  read(record: Readonly<Record<string, unknown>>, place: string): ProblemOutputs {
    const problem = this.#problem(record, place);
    const outputs = this.#get(record, 'outputs');
    const name = `${place} ${this.#name('outputs')}`;
    if (!Array.isArray(outputs) || outputs.length === 0) {
      throw invalidLine(name, 'a list of texts, at least one', outputs);
    }
    const odd = outputs.findIndex((output) => typeof output !== 'string');
    if (odd >= 0) throw invalidLine(`${name}[${odd}]`, 'a text', outputs[odd]);
    const given = this.#get(record, 'scores') ?? null;
    const scores = given === null ? null : this.#scores(given, outputs.length, place);
    return { problem, outputs, scores, place };
  }

  #problem(record: Readonly<Record<string, unknown>>, place: string): PlacedProblem {
    const id =
      this.#get(record, 'id') ?? (this.fields.id === undefined ? record.unique_id : undefined);
    if (id !== undefined) {
      const found =
        typeof id === 'string' || typeof id === 'number' ? this.#byId.get(`${id}`) : undefined;
      if (found !== undefined) return found;
      throw invalidLine(`${place} ${this.#name('id')}`, 'the id of a problem of the dataset', id);
    }
    const text = this.#get(record, 'problem');
    if (typeof text !== 'string') {
      throw invalidLine(
        place,
        "a line with a problem's id or text",
        Object.keys(record).join(', '),
      );
    }
    const found = this.#byText.get(text.trim());
    if (found !== undefined && found !== 'several') return found;
    const expected =
      found === 'several'
        ? 'an id, as the dataset has this text several times'
        : 'a problem of the dataset';
    throw invalidLine(`${place} ${this.#name('problem')}`, expected, text);
  }

  #scores(value: unknown, outputs: number, place: string): readonly OutputScores[] {
    const name = `${place} ${this.#name('scores')}`;
    if (!Array.isArray(value) || value.length !== outputs) {
      const found = Array.isArray(value) ? value.length : value;
      throw invalidLine(name, `a list, one entry for each of ${outputs} outputs`, found);
    }
    value.forEach((entry: unknown, i) => {
      const numbers = Array.isArray(entry) ? entry : [entry];
      const odd = numbers.find((n) => !(typeof n === 'number' && n >= 0 && n <= 1));
      if (odd === undefined) return;
      throw invalidLine(`${name}[${i}]`, 'a number from 0 to 1, or a list of them', odd);
    });
    return value as readonly OutputScores[];
  }

  #name(role: keyof OutputFields): string {
    return this.fields[role] ?? role;
  }

  #get(record: Readonly<Record<string, unknown>>, role: keyof OutputFields): unknown {
    const name = this.#name(role);
    return Object.hasOwn(record, name) ? record[name] : undefined;
  }
}
