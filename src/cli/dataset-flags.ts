// The options that name an evaluation set, for every command that reads one.
import type { Command } from 'commander';
import { invalidOption } from '../errors.js';
import { type Dataset, embeddedDatasets, openDataset } from '../evaluation/dataset.js';
import { knownDatasets } from '../evaluation/known-datasets.js';
import { checkFields, type FieldNames } from '../evaluation/problem.js';
import { bytes } from '../figures.js';
import type { Environment } from './environment.js';
import { textValue } from './option-values.js';
import { StatusLine } from './status-line.js';

export interface DatasetFlags {
  readonly dataset: string;
  readonly field?: FieldNames;
}

/** Adds `--dataset` and `--field`. */
export function addDatasetFlags(command: Command): Command {
  const names = [...embeddedDatasets, ...Object.keys(knownDatasets)].join(', ');
  return command
    .requiredOption(
      '--dataset <set>',
      `${names} (the latter are fetched), or a JSONL file of problem and answer`,
      textValue('--dataset', "a dataset's name or a file"),
    )
    .option(
      '--field <role=name>',
      "the file's name for problem, answer, level, subject or id; as often as needed",
      roleValue<FieldNames>('--field', checkFields),
    );
}

/** Opens the set that the flags name. @throws as the library; the signal's reason */
export async function openDatasetOf(
  { dataset, field }: DatasetFlags,
  { stderr, signal }: Environment,
): Promise<Dataset> {
  const status = new StatusLine(stderr);
  const onDownload = (url: string, size: number) =>
    status.show(() => `fetching ${bytes(size)} from ${url}`);
  try {
    return await openDataset(dataset, { signal, onDownload, ...(field && { fields: field }) });
  } finally {
    status.clear();
  }
}

/** Collects `role=name` from every use of a flag, each checked by `check`. */
export function roleValue<T extends object>(
  flag: string,
  check: (names: T) => T,
): (text: string, before?: T) => T {
  return (text, before) => {
    const [role, name, ...more] = text.split('=');
    if (role && name && more.length === 0)
      return { ...before, ...check({ [role]: name } as T) } as T;
    throw invalidOption(flag, '<role>=<name>, as in answer=final_answer', text);
  };
}
