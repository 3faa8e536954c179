// Compiles and runs the C++ tests: every test/native/*_test.cc, or the programs that are named.
//
//   node test/native/build.mjs [--sanitize] [--build-only] [--list] [NAME | FILE.cc]...
//
// A program names the sources it needs in a line `// sources: GLOB...` (from the repository's
// root; `*` stands for part of a file name). Objects are kept in build/native-tests and compiled
// again only when the source, a header it includes, or the command changes. Exit code: 0 when all
// programs pass. A file that ends in _avx2.cc or _avx512.cc gets that instruction set's flags and
// is left out on other processors. C++ compiler: $CXX, or c++.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const compiler = process.env.CXX ?? 'c++';
const { headerDirectory } = createRequire(import.meta.url)('../../native/ort/headers.cjs');
const warnings = ['-Wall', '-Wextra', '-Werror'];
const includes = ['-Inative', '-Itest/native', `-I${headerDirectory()}`];
const language = ['-std=c++20', '-ffp-contract=off', '-pthread', ...includes];
const optimised = ['-O3']; // as binding.gyp has it
const sanitized = [
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
];
const isaFlags = [
  ['_avx2.cc', ['-mavx2', '-mfma']],
  ['_avx512.cc', ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl']],
];

/** Runs a command in the repository's root. Resolves to its exit code and output; never rejects. */
function run(command, args, options) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, ...options });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', (error) => done({ code: 127, output: `${command}: ${error.message}\n` }));
    child.on('close', (code, signal) =>
      done({ code: code ?? 128, output: signal ? `${output}ended by ${signal}\n` : output }),
    );
  });
}

/** The files, relative to the root, that a glob with `*` in its last part names. */
function expand(glob) {
  const pattern = basename(glob)
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const folder = dirname(glob);
  const found = readdirSync(join(root, folder)).filter((name) => RegExp(`^${pattern}$`).test(name));
  if (found.length === 0) throw new Error(`no file matches ${glob}`);
  return found.sort().map((name) => join(folder, name));
}

/** What a program is made of: its own file and the sources it names. */
function sourcesOf(program) {
  const line = /^\/\/ sources:(.*)$/m.exec(readFileSync(join(root, program), 'utf8'));
  const globs = line ? line[1].trim().split(/\s+/) : [];
  const sources = new Set([program, ...globs.flatMap(expand)]);
  return [...sources].filter(
    (source) => arch() === 'x64' || !isaFlags.some(([suffix]) => source.endsWith(suffix)),
  );
}

/** Whether `target` was made by `command` from files that have not changed since. */
function isFresh(target, command, dependencies) {
  if (!existsSync(target) || !existsSync(`${target}.command`)) return false;
  if (readFileSync(`${target}.command`, 'utf8') !== command) return false;
  const made = statSync(target).mtimeMs;
  return dependencies.every((path) => existsSync(path) && statSync(path).mtimeMs <= made);
}

/** The files that a make-style dependency file names, or null where there is none. */
function readDependencies(path) {
  if (!existsSync(path)) return null;
  const [, names] = readFileSync(path, 'utf8').split(/:\s/, 2);
  return names
    .split(/[\s\\]+/)
    .filter((name) => name !== '')
    .map((name) => resolve(root, name));
}

/** Runs the compiler unless `target` is fresh. */
async function make(target, args, dependencies) {
  const command = [compiler, ...args].join(' ');
  if (dependencies && isFresh(target, command, dependencies)) return;
  const { code, output } = await run(compiler, args);
  if (code !== 0) throw new Error(`${command}\n${output}`);
  writeFileSync(`${target}.command`, command);
}

async function compile(source, folder, mode) {
  const object = join(folder, `${source.replaceAll('/', '.')}.o`);
  const isa = isaFlags.find(([suffix]) => source.endsWith(suffix))?.[1] ?? [];
  const args = [...language, ...warnings, ...mode, ...isa, '-MMD', '-c', source, '-o', object];
  await make(object, args, readDependencies(object.replace(/o$/, 'd')));
  return object;
}

/** Calls `work` on every item, `limit` at a time. */
async function forEach(items, limit, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** Builds the programs and resolves to their executables, in order. */
async function build(programs, isSanitized) {
  const folder = join('build', 'native-tests', isSanitized ? 'sanitized' : 'plain');
  const mode = isSanitized ? sanitized : optimised;
  mkdirSync(join(root, folder), { recursive: true });
  const parts = new Map(programs.map((program) => [program, sourcesOf(program)]));
  const objects = new Map();
  await forEach(new Set([...parts.values()].flat()), availableParallelism(), async (source) => {
    objects.set(source, await compile(source, folder, mode));
  });
  return Promise.all(
    programs.map(async (program) => {
      const binary = join(folder, basename(program, '.cc'));
      const inputs = parts.get(program).map((source) => objects.get(source));
      await make(
        join(root, binary),
        [...mode, '-pthread', ...inputs, '-ldl', '-o', binary],
        inputs.map((input) => join(root, input)),
      );
      return binary;
    }),
  );
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sanitize: { type: 'boolean', default: false },
      'build-only': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const tests = expand('test/native/*_test.cc');
  if (values.list) {
    console.log(tests.map((path) => basename(path, '.cc')).join('\n'));
    return 0;
  }
  const programs = positionals.map((name) =>
    name.endsWith('.cc') ? name : `test/native/${name}.cc`,
  );
  const binaries = await build(programs.length > 0 ? programs : tests, values.sanitize);
  if (values['build-only']) return 0;
  let failures = 0;
  for (const binary of binaries) {
    const { code } = await run(join(root, binary), [], { stdio: 'inherit' });
    if (code !== 0) console.error(`${basename(binary)}: exit code ${code}`);
    failures += code === 0 ? 0 : 1;
  }
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
