// Lines of outputs: how they name their problem, and that every bad line is named by its number.
import { describe, expect, it } from 'vitest';
import { checkOutputFields, parseOutputs } from '../../src/evaluation/output-lines.js';

const problems = [
  { id: 'a', problem: 'One?', answer: '1' },
  { id: 'b', problem: 'Two?', answer: '2' },
  { id: '7', problem: 'Twice?', answer: '3' },
  { id: 'd', problem: 'Twice?', answer: '4' },
];
const [one, two] = problems;
const lines = (...records: readonly unknown[]) => records.map((r) => JSON.stringify(r)).join('\n');
const parse = (text: string, of = problems.slice(0, 2)) => parseOutputs(text, 'out.jsonl', of);

describe('parseOutputs', () => {
  it('finds problems by id or by text, and puts them in order of the dataset', () => {
    const text = lines(
      { id: 'd', outputs: ['4'] },
      { unique_id: 'b', problem: 'not looked at', outputs: ['2'] },
      { id: 7, outputs: ['3'] },
      { problem: ' One? \n', outputs: [''] },
    );
    const read = parseOutputs(`\n${text}\n\n`, 'out.jsonl', problems);
    expect(read.map(({ problem, outputs, place }) => [problem.id, outputs[0], place])).toEqual([
      ['a', '', 'out.jsonl:5'],
      ['b', '2', 'out.jsonl:3'],
      ['7', '3', 'out.jsonl:4'],
      ['d', '4', 'out.jsonl:2'],
    ]);
    expect(read.map(({ problem }) => problem.index)).toEqual([0, 1, 2, 3]);
  });

  it('reads scores, and fields of other names', () => {
    const record = { qid: 'a', completions: ['x', 'y'], rm: [0.5, [0.25, 1]] };
    const fields = { id: 'qid', outputs: 'completions', scores: 'rm' };
    const [read] = parseOutputs(lines(record), 'out.jsonl', problems.slice(0, 1), fields);
    expect([read?.outputs, read?.scores]).toEqual([
      ['x', 'y'],
      [0.5, [0.25, 1]],
    ]);
    expect(() => checkOutputFields({ output: 'x' } as never)).toThrow('did you mean `outputs`?');
    expect(() => checkOutputFields({ outputs: '' })).toThrow('`field outputs`');
  });

  it.each([
    ['{', '`out.jsonl:1` to be a JSON object'],
    [
      lines({ id: 'z', outputs: ['1'] }),
      '`out.jsonl:1 id` to be the id of a problem of the dataset',
    ],
    [lines({ id: {}, outputs: ['1'] }), '`out.jsonl:1 id`'],
    [lines({ problem: 'Three?', outputs: ['1'] }), '`out.jsonl:1 problem` to be a problem of the'],
    [lines({ outputs: ['1'] }), 'a line with a problem\'s id or text, got "outputs"'],
    [
      lines({ id: 'a' }),
      '`out.jsonl:1 outputs` to be a list of texts, at least one, got undefined',
    ],
    [lines({ id: 'a', outputs: [] }), 'at least one, got an array of 0'],
    [lines({ id: 'a', outputs: 'one' }), 'at least one, got "one"'],
    [lines({ id: 'a', outputs: ['1', null] }), '`out.jsonl:1 outputs[1]` to be a text, got null'],
    [
      `${lines({ id: 'a', outputs: ['1'] })}\n\n${lines({ problem: 'One?', outputs: ['2'] })}`,
      '`out.jsonl:3` to be another problem (out.jsonl:1 has it), got "a"',
    ],
    [
      lines({ id: 'a', outputs: ['1', '2'] }, { id: 'b', outputs: ['1'] }),
      '`out.jsonl:2 outputs` to be 2 texts, as out.jsonl:1 has, got 1',
    ],
    [
      lines({ id: 'a', outputs: ['1'], scores: [1] }, { id: 'b', outputs: ['1'] }),
      '`out.jsonl:2 scores` to be given, as in out.jsonl:1, got undefined',
    ],
    [
      lines({ id: 'a', outputs: ['1'] }, { id: 'b', outputs: ['1'], scores: [1] }),
      '`out.jsonl:2 scores` to be left out, as in out.jsonl:1',
    ],
    [
      lines({ id: 'a', outputs: ['1', '2'], scores: [1] }),
      'one entry for each of 2 outputs, got 1',
    ],
    [lines({ id: 'a', outputs: ['1'], scores: 1 }), 'one entry for each of 1 outputs, got 1'],
    [
      lines({ id: 'a', outputs: ['1'], scores: [1.5] }),
      '`out.jsonl:1 scores[0]` to be a number from',
    ],
    [lines({ id: 'a', outputs: ['1'], scores: [[0.5, -1]] }), 'got -1 (number)'],
    [lines({ id: 'a', outputs: ['1'], scores: [null] }), 'or a list of them, got null'],
    [
      lines({ id: 'b', outputs: ['1'] }),
      '`out.jsonl` to be a line for each of 2 problems (1 have none: a), got 1',
    ],
    ['', 'to be a line for each of 2 problems (2 have none: a, b), got 0'],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        name: 'ModelError',
        code: 'INVALID_FILE',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('needs an id where a text is that of several problems', () => {
    const text = lines(
      { problem: one?.problem, outputs: ['1'] },
      { problem: two?.problem, outputs: ['1'] },
      { problem: 'Twice?', outputs: ['1'] },
    );
    expect(() => parse(text, problems)).toThrow(
      '`out.jsonl:3 problem` to be an id, as the dataset',
    );
  });
});
