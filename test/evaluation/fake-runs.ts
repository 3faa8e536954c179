// Runs in memory: real searches over fake models, as the run directory would give them back.
import type { ResultRecord } from '../../src/evaluation/result-record.js';
import { recordResult } from '../../src/evaluation/result-record.js';
import { configureRun, type Purpose } from '../../src/evaluation/run-configuration.js';
import type { SavedRun } from '../../src/evaluation/run-directory.js';
import { TreeRecorder } from '../../src/evaluation/tree-recorder.js';
import { unitsOf } from '../../src/evaluation/units.js';
import type { Manifest } from '../../src/model/manifest.js';
import type { AnyStrategy } from '../../src/search/auto-strategy.js';
import type { SearchLimits } from '../../src/search/options.js';
import { search } from '../../src/search/search.js';

import { cost, fakeReward, rambling } from '../search/fake-models.js';

const manifest = (name: string) => ({ name, files: {} }) as unknown as Manifest;

export interface FakeRunOptions {
  readonly problems?: readonly string[];
  readonly seed?: number;
  readonly repeats?: number;
  readonly limits?: SearchLimits;
  readonly purpose?: Purpose;
}

/** A finished run of a strategy; every reference is 1, one of the four answers of the rambling model. */
export async function fakeRun(
  strategy: AnyStrategy,
  { problems = ['p', 'q', 'r'], seed = 0, repeats = 1, limits, purpose }: FakeRunOptions = {},
): Promise<SavedRun<ResultRecord>> {
  const { policy } = rambling();
  const { reward } = fakeReward();
  const usesReward = strategy.name !== 'majority' && strategy.name !== 'greedy';
  const options = {
    policy,
    strategy,
    seed,
    ...(usesReward && { reward }),
    ...(limits && { limits }),
  };
  const dataset = {
    name: 'fake',
    sha256: 'x',
    problems: problems.map((problem, i) => ({ id: `${i}`, problem, answer: '1' })),
  };
  const records: ResultRecord[] = [];
  for (const unit of unitsOf(dataset.problems, { seed, repeats })) {
    const tree = new TreeRecorder();
    const result = await search(unit.problem, {
      ...options,
      seed: unit.seed,
      onTrace: (event) => tree.add(event),
    });
    const record = recordResult(unit, result, strategy, tree.branches(result.paths));
    records.push(JSON.parse(JSON.stringify(record)) as ResultRecord);
  }
  const configuration = configureRun({
    versions: {},
    dataset,
    units: { repeats },
    policy: { manifest: manifest('fake policy'), cost },
    reward: usesReward ? { manifest: manifest('fake reward'), cost } : undefined,
    search: options,
    ...(purpose && { purpose }),
  });
  await policy.dispose();
  await reward.dispose();
  return { path: 'fake', configuration, records, timings: [] };
}
