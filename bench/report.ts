// What a benchmark is, and how its numbers are printed and kept.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

export type Row = Readonly<Record<string, string | number>>;

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface BenchmarkOptions {
  readonly threads: number;
  readonly repeats: number;
  /** Of a benchmark's cases only these; all where left out. */
  readonly branches?: readonly number[];
  readonly precisions?: readonly string[];
  /** node-llama-cpp, transformers.js, or neither. */
  readonly peers?: readonly string[];
  readonly onProgress: (done: number, total: number) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(options: BenchmarkOptions): Promise<readonly Table[]>;
}

/** The machine and commit that numbers belong to. */
export function machine() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return {
    commit,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A table as aligned text. */
export function formatTable({ title, rows }: Table): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => format(row[column] ?? '')))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lines = cells.map((line) =>
    line.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '),
  );
  return [title, ...lines].join('\n');
}

/** Writes bench/results/NAME-DATE.json. */
export function keep(name: string, tables: readonly Table[]): string {
  const folder = join('bench', 'results');
  mkdirSync(folder, { recursive: true });
  const host = machine();
  const path = join(folder, `${name}-${host.date}.json`);
  writeFileSync(path, `${JSON.stringify({ name, machine: host, tables }, null, 2)}\n`);
  return path;
}

function format(value: string | number): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
