// Reads runs and writes their report.
import { findRuns } from '../evaluation/plan-data.js';
import { replaceFile } from '../evaluation/replace-file.js';
import type { ResultRecord } from '../evaluation/result-record.js';
import { readRun } from '../evaluation/run-directory.js';
import { formatPage } from './page.js';
import { collectReport, type Report } from './report-data.js';
import { readShownPlan } from './shown-plan.js';
import { readViewerScript } from './viewer-script.js';

export interface WriteReportOptions {
  /** Run directories, or directories that hold runs. */
  readonly runs: readonly string[];
  /** The HTML file. */
  readonly out: string;
  /** A file that `espalier plan` wrote. */
  readonly plan?: string | undefined;
  /** Problems in the tree viewer. @default as many as fit about 4 MB */
  readonly trees?: number | undefined;
}

/** What was written. */
export interface WrittenReport extends Report {
  readonly bytes: number;
}

/**
 * Writes the report of some runs; the file appears whole or not at all.
 * @throws OptionError on what is no run, on unfinished runs and shards, runs of different problems or
 *   models; ModelError on damaged files, and where the output cannot be written
 */
export async function writeReport(options: WriteReportOptions): Promise<WrittenReport> {
  const { out, plan: planFile, trees } = options;
  const paths = await findRuns(options.runs);
  const runs = await Promise.all(paths.map((path) => readRun<ResultRecord>(path)));
  const plan = planFile === undefined ? undefined : await readShownPlan(planFile);
  const report = await collectReport(runs, { plan, trees });
  const page = formatPage(report, await readViewerScript());
  await replaceFile(out, page);
  return { ...report, bytes: Buffer.byteLength(page) };
}
