// The experiment behind the numbers of plans: what a plan and `auto` do on problems that they were not
// fitted to, and how often a probable early stop differs from the full vote. From recorded runs alone.
//   tsx bench/plan.ts CALIBRATION TEST OUT.json    (directories of `espalier sweep`)
import { readFile, writeFile } from 'node:fs/promises';
import { measureStop } from '../src/evaluation/auto-replay.js';
import { findRuns, readPlanData } from '../src/evaluation/plan-data.js';
import { formatPlan, makePlan } from '../src/evaluation/plan-file.js';
import type { ResultRecord } from '../src/evaluation/result-record.js';
import { isAutoRun, readConfigured, strategyOf } from '../src/evaluation/run-configuration.js';
import { readRun } from '../src/evaluation/run-directory.js';

const probabilities = [0.8, 0.9, 0.95, 0.99];

/** Every early stop on every run of whole paths below a directory. */
async function stopsOf(directory: string): Promise<readonly object[]> {
  const found: object[] = [];
  for (const path of await findRuns([directory])) {
    const run = await readRun<ResultRecord>(path);
    const { purpose, policy, reward } = readConfigured(run);
    if (purpose === 'difficulty' || isAutoRun(run)) continue;
    const strategy = strategyOf(run);
    if (strategy.name !== 'majority' && strategy.name !== 'best-of-n') continue;
    const stops = ['certain', ...probabilities.map((probability) => ({ probability }))] as const;
    for (const stop of stops) {
      const { budget, name } = strategy;
      const models = { policy: policy.name, reward: reward?.name ?? null };
      found.push({ ...models, strategy: name, budget, ...measureStop(run, stop) });
    }
  }
  return found;
}

const [calibrationPath, testPath, out] = process.argv.slice(2);
if (calibrationPath === undefined || testPath === undefined || out === undefined) {
  throw new TypeError('Expected CALIBRATION TEST OUT.json, got fewer');
}
const calibration = await readPlanData([calibrationPath]);
const test = await readPlanData([testPath]);
const document = formatPlan(makePlan(calibration, test), calibration, test);
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
const { plans, ...rest } = document;
const report = {
  version,
  ...rest,
  auto: plans.map(({ policy, reward, auto }) => ({
    policy,
    reward,
    probes: auto?.probes ?? null,
    predictor: auto?.predictor ?? null,
    probing: auto?.probing ?? null,
    confusion: auto?.confusion ?? null,
  })),
  stops: await stopsOf(testPath),
};
await writeFile(out, `${JSON.stringify(report, null, 2)}\n`);
