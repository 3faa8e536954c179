// npm run bench [-- FILTER] [--repeats N] [--threads N] [--keep]: runs the benchmarks whose names
// contain FILTER, prints their tables and, with --keep, writes them to bench/results/.
// --branches 1,64  --precisions int8,…  --peers node-llama-cpp,… or none: only these cases.
// Peers other than transformers.js are installed by `npm install` in bench/.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { agreement } from './agreement.js';
import { fork } from './fork.js';
import { importing } from './import.js';
import { type Benchmark, formatTable, keep, machine } from './report.js';
import { resampling } from './resampling.js';
import { smallPolicy } from './small-policy.js';
import { treeWorkload } from './tree-workload.js';

const benchmarks: readonly Benchmark[] = [
  smallPolicy,
  fork,
  agreement,
  treeWorkload,
  importing,
  resampling,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeats: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    branches: { type: 'string' },
    precisions: { type: 'string' },
    peers: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const { branches, precisions, peers } = values;
const chosen = benchmarks.filter(({ name }) => name.includes(positionals[0] ?? ''));
if (chosen.length === 0) {
  console.error(`Expected a benchmark among ${benchmarks.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
const host = machine();
console.log(`commit ${host.commit}, ${host.cpu}, ${host.cores} cores, Node ${host.node}`);
for (const benchmark of chosen) {
  console.log(`\n${benchmark.name}: ${benchmark.about}`);
  const tables = await benchmark.run({
    threads: Number(values.threads),
    repeats: Number(values.repeats),
    ...(branches !== undefined && { branches: branches.split(',').map(Number) }),
    ...(precisions !== undefined && { precisions: precisions.split(',') }),
    ...(peers !== undefined && { peers: peers.split(',') }),
    onProgress: (done, total) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${total} `);
    },
  });
  for (const table of tables) console.log(`\n${formatTable(table)}`);
  if (values.keep) console.log(`\nkept in ${keep(benchmark.name, tables)}`);
}
