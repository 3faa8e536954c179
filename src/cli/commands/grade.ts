// `espalier grade`: both graders on anyone's answers or outputs, one record a line.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { expectedMessage, ModelError, OptionError } from '../../errors.js';
import { wilsonInterval } from '../../evaluation/statistics.js';
import { count, percent } from '../../figures.js';
import { extractAnswer } from '../../grading/extract.js';
import { type GradeInput, grade } from '../../grading/grade.js';
import type { Environment } from '../environment.js';
import { textValue } from '../option-values.js';
import type { ExitCode } from '../outcome.js';
import { StatusLine } from '../status-line.js';
import type { StrictCommand } from '../strict-command.js';
import { table } from '../text-layout.js';

/** The verdicts on one record. */
interface GradedRecord {
  /** Its line in the file, from 1. */
  readonly line: number;
  /** As given, or as the strict grader finds it in the output; null where there is none. */
  readonly answer: string | null;
  readonly strict: boolean;
  readonly compat: boolean;
}

/** Adds the command; `run` gets its handler. */
export function addGrade(
  program: StrictCommand,
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): void {
  program
    .command('grade')
    .summary("grade anyone's answers or outputs")
    .description(
      'Grades a JSONL file of {"answer", "reference"} or {"output", "reference"} records by two ' +
        'graders: strict compares the mathematics exactly; compat decides as the evaluation code ' +
        'of the compute-optimal test-time-scaling paper does. Other fields are left alone.',
    )
    .argument('<file>', 'records, one a line', textValue('file', 'a path'))
    .option('--json', 'print one JSON document and nothing else')
    .action((file: string, flags: { readonly json?: true }) =>
      run(() => gradeFile(file, flags.json === true, environment)),
    );
}

async function gradeFile(
  file: string,
  isJson: boolean,
  { stdout, stderr, signal }: Environment,
): Promise<ExitCode> {
  const status = new StatusLine(stderr);
  const results: GradedRecord[] = [];
  for await (const { line, input } of readRecords(file)) {
    if (signal.aborted) {
      status.clear();
      return 130;
    }
    const answer = 'answer' in input ? input.answer : extractAnswer(input.output, true);
    results.push({ line, answer, ...grade(input) });
    status.show(() => `${count(results.length)} records graded`);
  }
  status.clear();
  if (results.length === 0) {
    throw new ModelError(expectedMessage(basename(file), 'one record a line', ''), 'INVALID_FILE');
  }
  const rates = (['strict', 'compat'] as const).map((name) => {
    const correct = results.filter((result) => result[name]).length;
    return { name, ...wilsonInterval(correct, results.length) };
  });
  if (isJson) {
    const summary = rates.map(({ name, successes, ...rest }) => [
      name,
      { correct: successes, ...rest },
    ]);
    stdout.write(`${JSON.stringify({ ...Object.fromEntries(summary), results })}\n`);
    return 0;
  }
  const rows = rates.map(({ name, successes, total, rate, low, high }) => [
    name,
    `${count(successes)} of ${count(total)}`,
    percent(rate),
    `${percent(low)} to ${percent(high)}`,
  ]);
  const header = ['grader', 'correct', 'accuracy', '95% interval'];
  const split = results.filter(({ strict, compat }) => strict !== compat).map(({ line }) => line);
  stdout.write(`${table([header, ...rows], 'lrrr').join('\n')}\n`);
  if (split.length > 0) {
    const shown = split.slice(0, 10).join(', ');
    const more = split.length > 10 ? ', …' : '';
    stdout.write(`The graders differ on ${count(split.length)}: line ${shown}${more}\n`);
  }
  return 0;
}

/**
 * The records of a file, line by line; blank lines are none.
 * @throws OptionError on an unreadable file; ModelError INVALID_FILE with the number of a bad line
 */
async function* readRecords(
  file: string,
): AsyncGenerator<{ readonly line: number; readonly input: GradeInput }> {
  let line = 0;
  for await (const text of readLines(file)) {
    line++;
    if (text.trim() === '') continue;
    yield { line, input: parseRecord(text, `${basename(file)}:${line}`) };
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${expectedMessage('file', 'readable', file)}: ${why}`;
    throw new OptionError(message, 'INVALID_OPTION', { cause });
  }
  yield rest;
}

function parseRecord(text: string, place: string): GradeInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidLine(place, 'a JSON object', text, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidLine(place, 'a JSON object', value);
  }
  const { answer, output, reference } = value as Readonly<Record<string, unknown>>;
  const expected = asText(reference);
  if (expected === null || expected.trim() === '') {
    throw invalidLine(`${place} reference`, 'a string that is not empty', reference);
  }
  if ((answer === undefined) === (output === undefined)) {
    throw invalidLine(place, 'a record with an answer or an output, not both', value);
  }
  // A run's record has null where no answer was found.
  if (answer === null) return { answer: '', reference: expected };
  const given = asText(answer ?? output);
  if (given === null) {
    const field = answer === undefined ? 'output' : 'answer';
    throw invalidLine(`${place} ${field}`, 'a string', answer ?? output);
  }
  return answer === undefined
    ? { output: given, reference: expected }
    : { answer: given, reference: expected };
}

/** Integer answers are often written as numbers. */
function asText(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}

function invalidLine(place: string, expected: string, actual: unknown, cause?: unknown) {
  return new ModelError(expectedMessage(place, expected, actual), 'INVALID_FILE', { cause });
}
