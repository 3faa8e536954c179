// A run on disk: run.json (what is needed to repeat it), results.jsonl (a line a problem, appended
// as problems finish, put in dataset order at the end), timings.jsonl (all that depends on clocks).
// A killed run resumes; another configuration in the same directory is refused.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectedMessage, invalidOption, ModelError } from '../errors.js';
import { JsonLines, readJsonLines, writeFailed } from './json-lines.js';
import { makeDirectory, replaceFile } from './replace-file.js';
import { comparePlaces, type Place, placeName } from './units.js';

/** Plain JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Everything that determines a run's results; never a clock, a path or a degree of parallelism. */
export type RunConfiguration = { readonly [key: string]: Json };

/** What every line of results.jsonl has, whatever else it records. */
export interface RunRecord extends Place {
  readonly id: string;
}

/**
 * Checks that a run of `configuration` could start or resume at `path`; changes nothing.
 * @throws OptionError if the directory holds another run or other files; ModelError if unreadable
 */
export async function checkRunDirectory(
  path: string,
  configuration: RunConfiguration,
): Promise<void> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw invalidOption('out', 'a directory', path);
    throw writeFailed(path, cause);
  }
  if (!names.includes('run.json')) {
    const stranger = names.find((name) => !name.startsWith('run.json.'));
    if (stranger === undefined) return;
    throw invalidOption('out', `a new or empty directory, or a run (it holds ${stranger})`, path);
  }
  const found = await readConfiguration(join(path, 'run.json'));
  const difference = firstDifference(found, configuration, '');
  if (difference === undefined) return;
  const [where, there, here] = difference;
  const expected = `a run of the same configuration (its ${where} is ${show(there)}, not ${show(here)})`;
  throw invalidOption('out', expected, path);
}

/** A run as it lies on disk. */
export interface SavedRun<R extends RunRecord = RunRecord> {
  readonly path: string;
  readonly configuration: RunConfiguration;
  /** In file order; a line that a kill tore is left out. */
  readonly records: readonly R[];
  readonly timings: readonly Json[];
}

/**
 * Reads a run, finished or not; changes nothing.
 * @throws OptionError where there is none; ModelError INVALID_FILE on a damaged one
 */
export async function readRun<R extends RunRecord>(path: string): Promise<SavedRun<R>> {
  const isThere = await readdir(path).then(
    (names) => names.includes('run.json'),
    () => false,
  );
  if (!isThere) throw invalidOption('run', 'a run directory', path);
  const configuration = await readConfiguration(join(path, 'run.json'));
  if (!isObject(configuration)) {
    const message = expectedMessage('run.json', 'a JSON object', path);
    throw new ModelError(message, 'INVALID_FILE');
  }
  const records = (await readJsonLines(join(path, 'results.jsonl'))).map(asRecord<R>);
  const timings = await readJsonLines(join(path, 'timings.jsonl'));
  return { path, configuration, records, timings: timings as readonly Json[] };
}

/**
 * Writes a whole run at once, over an unfinished one of the same configuration. Each file appears
 * whole; a kill leaves a run that can be written again or resumed.
 * @throws as checkRunDirectory; ModelError WRITE_FAILED
 */
export async function writeRun(
  path: string,
  configuration: RunConfiguration,
  records: readonly RunRecord[],
  timings: readonly Json[],
): Promise<void> {
  await checkRunDirectory(path, configuration);
  await prepareDirectory(path, configuration);
  await replaceFile(join(path, 'timings.jsonl'), linesOf(timings));
  await replaceFile(join(path, 'results.jsonl'), linesOf(records));
}

/** An open run. `append` what finishes, `finish` when all of it is there, `close` in any case. */
export class RunDirectory<R extends RunRecord> {
  readonly #path: string;
  readonly #results: JsonLines;
  readonly #timings: JsonLines;
  readonly #records: Map<string, R>;
  /** As the lines of results.jsonl have them; two processes at once may write one twice. */
  readonly #lines: Place[];

  private constructor(path: string, results: JsonLines, timings: JsonLines, records: readonly R[]) {
    this.#path = path;
    this.#results = results;
    this.#timings = timings;
    this.#records = new Map(records.map((record) => [placeName(record), record]));
    this.#lines = [...records];
  }

  /**
   * Creates the directory and run.json, or resumes what is there.
   * @throws as checkRunDirectory; ModelError WRITE_FAILED, INVALID_FILE
   */
  static async open<R extends RunRecord>(
    path: string,
    configuration: RunConfiguration,
  ): Promise<RunDirectory<R>> {
    await checkRunDirectory(path, configuration);
    const records = (await readJsonLines(join(path, 'results.jsonl'))).map(asRecord<R>);
    await prepareDirectory(path, configuration);
    const results = await JsonLines.open(join(path, 'results.jsonl'));
    const timings = await JsonLines.open(join(path, 'timings.jsonl'));
    return new RunDirectory(path, results, timings, records);
  }

  /** What is finished, in order of completion. */
  get records(): readonly R[] {
    return [...this.#records.values()];
  }

  /** Whether the unit at a place is finished. */
  has(place: Place): boolean {
    return this.#records.has(placeName(place));
  }

  /** Records a finished problem; `timing` goes to timings.jsonl. Resolves once both are flushed. */
  async append(record: R, timing: Json): Promise<void> {
    await this.#results.append(record);
    await this.#timings.append(timing);
    this.#records.set(placeName(record), record);
    this.#lines.push(record);
  }

  /** Adds a line of clocks alone. */
  async appendTiming(timing: Json): Promise<void> {
    await this.#timings.append(timing);
  }

  /** Every clock line, earlier invocations' included. */
  readTimings(): Promise<readonly unknown[]> {
    return readJsonLines(join(this.#path, 'timings.jsonl'));
  }

  /**
   * Puts results.jsonl in dataset order, in one step that a kill cannot tear; a file that is in
   * order stays untouched. The last call but `close`.
   */
  async finish(): Promise<void> {
    await this.#results.close();
    const isInOrder = this.#lines.every((place, i) => {
      const before = this.#lines[i - 1];
      return before === undefined || comparePlaces(before, place) < 0;
    });
    if (isInOrder) return;
    const ordered = this.records.toSorted(comparePlaces);
    await replaceFile(join(this.#path, 'results.jsonl'), linesOf(ordered));
  }

  async close(): Promise<void> {
    await this.#results.close();
    await this.#timings.close();
  }
}

/** Makes the directory and run.json. */
async function prepareDirectory(path: string, configuration: RunConfiguration): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (cause) {
    throw writeFailed(path, cause);
  }
  await replaceFile(join(path, 'run.json'), `${JSON.stringify(configuration, null, 2)}\n`);
}

/** The text of a JSON-lines file. */
function linesOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

async function readConfiguration(path: string): Promise<Json> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Json;
  } catch (cause) {
    const message = expectedMessage('run.json', 'a readable JSON object', path);
    throw new ModelError(message, 'INVALID_FILE', { cause });
  }
}

function asRecord<R extends RunRecord>(value: unknown, line: number): R {
  const record = value as Partial<RunRecord> | null;
  if (typeof record === 'object' && Number.isInteger(record?.index)) return value as R;
  const place = `results.jsonl:${line + 1}`;
  throw new ModelError(expectedMessage(place, 'a record with an index', value), 'INVALID_FILE');
}

/** The first place, by name, at which two JSON values differ: [path, there, here]. */
export function firstDifference(
  there: Json | undefined,
  here: Json | undefined,
  path: string,
): [string, Json | undefined, Json | undefined] | undefined {
  if (!isObject(there) || !isObject(here)) {
    const isEqual = JSON.stringify(there) === JSON.stringify(here);
    return isEqual ? undefined : [path, there, here];
  }
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const inside = path === '' ? key : `${path}.${key}`;
    const difference = firstDifference(there[key], here[key], inside);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: Json | undefined): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}
