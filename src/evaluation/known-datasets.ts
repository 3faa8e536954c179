// Evaluation sets that go by name and are fetched on request: where they lie, what their bytes must be
// and how their records are read. None of their text is part of this package.
import type { FieldNames } from './problem.js';

export interface KnownDataset {
  /** Below the endpoint: a file of a public repository, raw. */
  readonly path: string;
  /** Size of the published file. */
  readonly bytes: number;
  /**
   * Of the published file, in hex. Null where only its size and its number of problems were at hand
   * when this was written: then whoever asks for the set says which bytes it must be.
   */
  readonly sha256: string | null;
  readonly problems: number;
  readonly fields: FieldNames;
}

const qwenMath = 'QwenLM/Qwen2.5-Math/main/evaluation/data';

/** MATH-500, GSM8K: MIT licence. AIME and AMC problems: (c) Mathematical Association of America. */
export const knownDatasets: Readonly<Record<string, KnownDataset>> = {
  math500: {
    path: 'RyanLiu112/compute-optimal-tts/main/src/envs/MATH/dataset/test500.jsonl',
    bytes: 450_564,
    sha256: '5a424d924a5f09323bb008b487e6971210dc5b2846db0699c777cd53982f08eb',
    problems: 500,
    fields: { id: 'unique_id', level: 'level', subject: 'subject' },
  },
  aime24: {
    path: `${qwenMath}/aime24/test.jsonl`,
    bytes: 156_944,
    sha256: 'af2b8bd2aa911b6333ad0df32f3ca05c7ae8ed10f1731f4372c8ae26990bf7ac',
    problems: 30,
    fields: { id: 'id' },
  },
  amc23: {
    path: `${qwenMath}/amc23/test.jsonl`,
    bytes: 27_631,
    sha256: null,
    problems: 40,
    fields: { id: 'id' },
  },
  gsm8k: {
    path: `${qwenMath}/gsm8k/test.jsonl`,
    bytes: 761_421,
    sha256: null,
    problems: 1319,
    fields: { problem: 'question', id: 'idx' },
  },
};
