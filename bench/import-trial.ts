// One import in a process of its own. Prints one JSON line: its time, and the most memory that was
// resident before it and by its end.
//   tsx bench/import-trial.ts '{"source": PATH, "destination": DIR, "precision": "int8"}'
import { importModel } from '../src/model/import.js';
import type { Precision } from '../src/model/manifest.js';

export interface ImportTrialOptions {
  readonly source: string;
  /** Made here. */
  readonly destination: string;
  readonly precision: Precision;
}

export interface ImportTrialResult {
  readonly seconds: number;
  readonly startBytes: number;
  readonly peakBytes: number;
}

const peakBytes = () => process.resourceUsage().maxRSS * 1024;

const [json = '{}'] = process.argv.slice(2);
const { source, destination, precision } = JSON.parse(json) as ImportTrialOptions;
const startBytes = peakBytes();
const startedAt = performance.now();
await importModel(source, destination, { precision, licence: 'none' });
const seconds = (performance.now() - startedAt) / 1000;
const result: ImportTrialResult = { seconds, startBytes, peakBytes: peakBytes() };
console.log(JSON.stringify(result));
