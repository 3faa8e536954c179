// Reads evaluation sets: JSONL with `problem`, `answer` and optional `level`, `subject`, `id`.
// The embedded sets go by name; anything else is a path. A bad line is named by its number.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectedMessage, ModelError, OptionError, unknownMessage } from '../errors.js';

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

/** A whole dataset, in file order. */
export interface Dataset {
  readonly name: string;
  /** Of the file's bytes, in hex. */
  readonly sha256: string;
  readonly problems: readonly Problem[];
}

/** Datasets that come with the package, by name. */
export const embeddedDatasets: readonly string[] = ['mini-500', 'calibration'];

/**
 * Reads an embedded dataset by name or a JSONL file by path.
 * @throws OptionError on a name that is neither; ModelError INVALID_FILE on an unreadable or bad file
 */
export async function openDataset(nameOrPath: string): Promise<Dataset> {
  const path = resolvePath(nameOrPath);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const message = `${expectedMessage('dataset', 'a readable JSONL file', path)}: ${reason(cause)}`;
    throw new ModelError(message, 'INVALID_FILE', { cause });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const problems = parseProblems(bytes.toString('utf8'), basename(path));
  const name = embeddedDatasets.includes(nameOrPath) ? nameOrPath : basename(path);
  return { name, sha256, problems };
}

/**
 * Parses the text of a JSONL dataset; `file` names it in errors.
 * @throws ModelError INVALID_FILE with the number of the first bad line
 */
export function parseProblems(text: string, file: string): readonly Problem[] {
  const problems: Problem[] = [];
  const lineOfId = new Map<string, number>();
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const problem = parseProblem(line, `${file}:${index + 1}`, index + 1);
    const earlier = lineOfId.get(problem.id);
    if (earlier !== undefined) {
      throw invalidLine(`${file}:${index + 1}`, `a new id (line ${earlier} has it)`, problem.id);
    }
    lineOfId.set(problem.id, index + 1);
    problems.push(problem);
  });
  if (problems.length === 0) {
    throw new ModelError(expectedMessage(file, 'one problem a line', ''), 'INVALID_FILE');
  }
  return problems;
}

function parseProblem(line: string, place: string, lineNumber: number): Problem {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalidLine(place, 'a JSON object', line, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidLine(place, 'a JSON object', value);
  }
  const record = value as Readonly<Record<string, unknown>>;
  const problem = requireText(record, 'problem', place);
  const answer = requireText(record, 'answer', place);
  const id = record.id ?? record.unique_id ?? lineNumber;
  if (typeof id !== 'string' && typeof id !== 'number') {
    throw invalidLine(`${place} id`, 'a string or a number', id);
  }
  const level = parseLevel(record.level, place);
  if (record.subject !== undefined && typeof record.subject !== 'string') {
    throw invalidLine(`${place} subject`, 'a string', record.subject);
  }
  return {
    id: String(id),
    problem,
    answer,
    ...(level === undefined ? {} : { level }),
    ...(record.subject === undefined ? {} : { subject: record.subject }),
  };
}

function requireText(
  record: Readonly<Record<string, unknown>>,
  field: 'problem' | 'answer',
  place: string,
): string {
  const value = record[field];
  // Integer answers are often written as numbers.
  if (field === 'answer' && typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value.trim() === '') {
    throw invalidLine(`${place} ${field}`, 'a string that is not empty', value);
  }
  return value;
}

/** A number, or a number in words as MATH has it: "Level 3". */
function parseLevel(value: unknown, place: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const match = typeof value === 'string' ? /^(?:Level )?(\d+)$/.exec(value) : null;
  if (match === null) throw invalidLine(`${place} level`, 'a number or "Level <number>"', value);
  return Number(match[1]);
}

function resolvePath(nameOrPath: string): string {
  if (embeddedDatasets.includes(nameOrPath)) {
    return fileURLToPath(new URL(`../../models/data/${nameOrPath}.jsonl`, import.meta.url));
  }
  const looksLikePath = /[/\\]|\.jsonl?$/.test(nameOrPath);
  if (!looksLikePath && !existsSync(nameOrPath)) {
    const message = unknownMessage('dataset', nameOrPath, embeddedDatasets);
    throw new OptionError(`${message} (or give the path of a JSONL file)`, 'UNKNOWN_OPTION');
  }
  return nameOrPath;
}

function invalidLine(place: string, expected: string, actual: unknown, cause?: unknown) {
  return new ModelError(expectedMessage(place, expected, actual), 'INVALID_FILE', { cause });
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
