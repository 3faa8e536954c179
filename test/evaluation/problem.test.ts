// The reader of problems: what it accepts, which fields it reads, and that every bad line is named by its
// number.
import { describe, expect, it } from 'vitest';
import { checkFields, type FieldNames, parseProblems } from '../../src/evaluation/problem.js';

describe('parseProblems', () => {
  it('reads ids, levels and answers as the known datasets write them', () => {
    const text = [
      '{"problem":"a","answer":"1","level":"Level 3","subject":"Algebra","unique_id":"t/1.json"}',
      '',
      '{"problem":"b","answer":42,"level":2,"id":7}',
      '{"problem":"c","answer":"x"}',
    ].join('\r\n');
    expect(parseProblems(text, 'set.jsonl')).toEqual([
      { id: 't/1.json', problem: 'a', answer: '1', level: 3, subject: 'Algebra' },
      { id: '7', problem: 'b', answer: '42', level: 2 },
      { id: '4', problem: 'c', answer: 'x' },
    ]);
  });

  it('reads the fields that it is told to, and those alone', () => {
    const record = { question: 'a', answer: 'worked', extracted: 27.0, grade: '4', topic: 'sums' };
    const line = JSON.stringify({ ...record, idx: 0, problem: 'no', level: 9, subject: 'no' });
    const fields: FieldNames = {
      problem: 'question',
      answer: 'extracted',
      level: 'grade',
      subject: 'topic',
      id: 'idx',
    };
    expect(parseProblems(line, 'set.jsonl', fields)).toEqual([
      { id: '0', problem: 'a', answer: '27', level: 4, subject: 'sums' },
    ]);
  });

  it.each([
    ['It is 2 + 3 = <<2+3=5>>5.\n#### 5', '5'],
    ['#### 1,234', '1,234'],
    ['first\n#### 7\nsecond\n#### -8 \n', '-8'],
    ['no #### 5', 'no #### 5'],
    ['#### ', '#### '],
    ['\\frac{1}{2}', '\\frac{1}{2}'],
  ])('takes the final answer of %j to be %j', (answer, expected) => {
    const [problem] = parseProblems(JSON.stringify({ problem: 'a', answer }), 'set.jsonl');
    expect(problem?.answer).toBe(expected);
  });

  it.each([
    ['{"problem":"a","answer":"1"', 'Expected `set.jsonl:1` to be a JSON object, got'],
    ['\n\n[1]', 'Expected `set.jsonl:3` to be a JSON object, got an array of 1'],
    ['null', 'Expected `set.jsonl:1` to be a JSON object, got null'],
    ['{"answer":"1"}', 'Expected `set.jsonl:1 problem` to be a string that is not empty'],
    ['{"question":"a","answer":"1"}', 'got undefined; the record has question, answer'],
    ['{}', 'the record has no field'],
    ['{"problem":"a"}', 'Expected `set.jsonl:1 answer` to be a string that is not empty'],
    ['{"problem":" ","answer":"1"}', 'set.jsonl:1 problem'],
    ['{"problem":"a","answer":""}', 'set.jsonl:1 answer'],
    ['{"problem":"a","answer":["1"]}', 'set.jsonl:1 answer'],
    ['{"problem":"a","answer":"1","level":"hard"}', 'set.jsonl:1 level'],
    ['{"problem":"a","answer":"1","subject":3}', 'set.jsonl:1 subject'],
    ['{"problem":"a","answer":"1","id":{}}', 'set.jsonl:1 id'],
    ['{"problem":"a","answer":"1","id":1}\n{"problem":"b","answer":"1","id":"1"}', 'line 1 has it'],
    ['', 'Expected `set.jsonl` to be one problem a line'],
  ])('refuses %j', (text, message) => {
    expect(() => parseProblems(text, 'set.jsonl')).toThrow(
      expect.objectContaining({
        name: 'ModelError',
        code: 'INVALID_FILE',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('misses a field that it was told to read', () => {
    const text = '{"problem":"a","answer":"1"}';
    for (const role of ['problem', 'answer', 'level', 'subject', 'id'] as const) {
      const read = () => parseProblems(text, 'set.jsonl', { [role]: 'elsewhere' });
      expect(read).toThrow('`set.jsonl:1 elsewhere`');
      expect(read).toThrow('got undefined; the record has problem, answer');
    }
  });
});

describe('checkFields', () => {
  it('refuses roles that there are none of, and names that are none', () => {
    expect(() => checkFields({ anwser: 'x' } as FieldNames)).toThrow('did you mean `answer`?');
    expect(() => checkFields({ answer: '' })).toThrow(
      'Expected `field answer` to be the name of a',
    );
    expect(checkFields({ answer: 'x' })).toEqual({ answer: 'x' });
  });
});
