// One problem of an evaluation set, and how it is read from a line of JSONL: which of a record's fields
// hold what, and what an answer looks like in the known sets.
import { expectedMessage, ModelError, OptionError, refuseUnknownKeys } from '../errors.js';

/** One question with its reference answer. */
export interface Problem {
  /** Unique within its dataset: the record's `id` or `unique_id`, else its line number from 1. */
  readonly id: string;
  readonly problem: string;
  readonly answer: string;
  /** Difficulty as the dataset gives it; 1 is the easiest. */
  readonly level?: number;
  readonly subject?: string;
}

const roles = ['problem', 'answer', 'level', 'subject', 'id'] as const;

/** Names of the fields that records have in place of espalier's own. */
export type FieldNames = { readonly [K in (typeof roles)[number]]?: string };

/**
 * Checks a mapping of fields.
 * @throws OptionError on another role, and on a name that is no text
 */
export function checkFields(fields: FieldNames): FieldNames {
  refuseUnknownKeys('field', fields, roles);
  for (const [role, name] of Object.entries(fields)) {
    if (typeof name === 'string' && name !== '') continue;
    throw new OptionError(expectedMessage(`field ${role}`, "the name of a record's field", name));
  }
  return fields;
}

/**
 * Parses the text of a JSONL dataset; `file` names it in errors. An answer that ends in a line of
 * `#### n` (as GSM8K's worked answers do) is n.
 * @throws ModelError INVALID_FILE with the number of the first bad line
 */
export function parseProblems(
  text: string,
  file: string,
  fields: FieldNames = {},
): readonly Problem[] {
  const problems: Problem[] = [];
  const lineOfId = new Map<string, number>();
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const place = `${file}:${index + 1}`;
    const problem = new ProblemLine(parseObject(line, place), place, fields).read(index + 1);
    const earlier = lineOfId.get(problem.id);
    if (earlier !== undefined) {
      throw invalidLine(place, `a new id (line ${earlier} has it)`, problem.id);
    }
    lineOfId.set(problem.id, index + 1);
    problems.push(problem);
  });
  if (problems.length === 0) {
    throw new ModelError(expectedMessage(file, 'one problem a line', ''), 'INVALID_FILE');
  }
  return problems;
}

/** A JSON object from its line. @throws ModelError INVALID_FILE */
export function parseObject(line: string, place: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalidLine(place, 'a JSON object', line, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidLine(place, 'a JSON object', value);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** The error of a bad line, which `place` names. */
export function invalidLine(
  place: string,
  expected: string,
  actual: unknown,
  cause?: unknown,
): ModelError {
  return new ModelError(expectedMessage(place, expected, actual), 'INVALID_FILE', { cause });
}

/** The record of one line. */
class ProblemLine {
  constructor(
    readonly record: Readonly<Record<string, unknown>>,
    readonly place: string,
    readonly fields: FieldNames,
  ) {}

  read(lineNumber: number): Problem {
    const problem = this.#text('problem');
    const answer = finalAnswer(this.#text('answer'));
    const level = this.#level();
    const subject = this.#get('subject');
    if (subject !== undefined && subject !== null && typeof subject !== 'string') {
      throw invalidLine(`${this.place} ${this.#name('subject')}`, 'a string', subject);
    }
    return {
      id: this.#id(lineNumber),
      problem,
      answer,
      ...(level === undefined ? {} : { level }),
      ...(typeof subject === 'string' ? { subject } : {}),
    };
  }

  #name(role: keyof FieldNames): string {
    return this.fields[role] ?? role;
  }

  /** A field that was mapped by name has to be there; others may be left out. */
  #get(role: keyof FieldNames): unknown {
    const name = this.#name(role);
    if (Object.hasOwn(this.record, name)) return this.record[name];
    if (this.fields[role] === undefined) return undefined;
    throw this.#missing(role, 'there');
  }

  #text(role: 'problem' | 'answer'): string {
    const value = this.#get(role);
    // Integer answers are often written as numbers.
    if (role === 'answer' && typeof value === 'number') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value;
    const expected = 'a string that is not empty';
    if (value === undefined) throw this.#missing(role, expected);
    throw invalidLine(`${this.place} ${this.#name(role)}`, expected, value);
  }

  #missing(role: keyof FieldNames, expected: string): ModelError {
    const given = Object.keys(this.record).slice(0, 12).join(', ');
    const message = expectedMessage(`${this.place} ${this.#name(role)}`, expected, undefined);
    return new ModelError(`${message}; the record has ${given || 'no field'}`, 'INVALID_FILE');
  }

  #id(lineNumber: number): string {
    const id = this.#get('id') ?? this.record.unique_id ?? lineNumber;
    if (typeof id === 'string' || typeof id === 'number') return String(id);
    throw invalidLine(`${this.place} ${this.#name('id')}`, 'a string or a number', id);
  }

  /** A number, or a number in words as MATH has it: "Level 3". */
  #level(): number | undefined {
    const value = this.#get('level');
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const match = typeof value === 'string' ? /^(?:Level )?(\d+)$/.exec(value) : null;
    if (match !== null) return Number(match[1]);
    const expected = 'a number or "Level <number>"';
    throw invalidLine(`${this.place} ${this.#name('level')}`, expected, value);
  }
}

/** What follows `####` on the last line of a worked answer; any other answer as it is. */
function finalAnswer(answer: string): string {
  return /(?:^|\n)#### *(\S[^\n]*?)\s*$/.exec(answer)?.[1] ?? answer;
}
