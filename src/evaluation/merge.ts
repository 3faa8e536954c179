// Joins the shards of a run into exactly what one process would have written: the same run.json and
// results.jsonl, byte for byte. Clocks are the shards', one after the other.
import { invalidOption } from '../errors.js';
import { checkFinished } from './run-configuration.js';
import {
  checkRunDirectory,
  firstDifference,
  type RunConfiguration,
  readRun,
  type SavedRun,
  writeRun,
} from './run-directory.js';
import { comparePlaces, type Shard } from './units.js';

/** What was merged. */
export interface Merged {
  readonly configuration: RunConfiguration;
  /** Units of the whole run. */
  readonly units: number;
}

/**
 * Merges all shards of one run, given in any order, into a run directory. Nothing is written before
 * everything was checked; a merge that was killed is finished by running it again.
 * @throws OptionError on shards of different runs, a shard that is missing, given twice or not
 *   finished; ModelError on unreadable runs, and where the output cannot be written
 */
export async function mergeRuns(paths: readonly string[], out: string): Promise<Merged> {
  const runs: (SavedRun & { readonly shard: Shard })[] = [];
  for (const path of paths) {
    const run = await readRun(path);
    runs.push({ ...run, shard: shardOf(run) });
  }
  runs.sort((a, b) => a.shard.index - b.shard.index);
  const [first] = runs;
  if (first === undefined) throw invalidOption('runs', 'the shards of a run', paths);
  const configuration = { ...first.configuration, shard: null };
  for (const run of runs) checkSameRun(first, run);
  checkShards(runs);
  for (const run of runs) checkFinished(run);
  await checkRunDirectory(out, configuration);
  const records = runs.flatMap((run) => run.records).sort(comparePlaces);
  await writeRun(
    out,
    configuration,
    records,
    runs.flatMap((run) => run.timings),
  );
  return { configuration, units: records.length };
}

function shardOf({ path, configuration }: SavedRun): Shard {
  const shard = configuration.shard as { index?: unknown; count?: unknown } | null | undefined;
  const { index, count } = shard ?? {};
  if (typeof index === 'number' && typeof count === 'number') return { index, count };
  throw invalidOption('run', 'a shard, made with --shard', path);
}

function checkSameRun(first: SavedRun, run: SavedRun): void {
  const whole = (of: SavedRun) => ({ ...of.configuration, shard: null });
  const difference = firstDifference(whole(first), whole(run), '');
  if (difference === undefined) return;
  const [where, there, here] = difference;
  const expected = `a shard of the same run as ${first.path} (${where} is ${JSON.stringify(there)} there, ${JSON.stringify(here)} here)`;
  throw invalidOption('run', expected, run.path);
}

function checkShards(runs: readonly (SavedRun & { readonly shard: Shard })[]): void {
  const count = runs[0]?.shard.count ?? 0;
  const seen = new Map<number, string>();
  for (const { path, shard } of runs) {
    const name = `${shard.index}/${shard.count}`;
    if (shard.count !== count) throw invalidOption('run', `one of ${count} shards`, name);
    const other = seen.get(shard.index);
    if (other !== undefined) throw invalidOption('run', `another shard than ${other}`, name);
    seen.set(shard.index, path);
  }
  for (let index = 1; index <= count; index++) {
    if (seen.has(index)) continue;
    throw invalidOption('runs', `all ${count} shards (${index}/${count} is missing)`, [
      ...seen.values(),
    ]);
  }
}
