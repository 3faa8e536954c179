// The program: its commands, and one way out for results, errors and exit codes.
import { CommanderError } from 'commander';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addEval } from './commands/eval.js';
import { addGrade } from './commands/grade.js';
import { addImport } from './commands/import.js';
import { addMerge } from './commands/merge.js';
import { addModels } from './commands/models.js';
import { addPerplexity } from './commands/perplexity.js';
import { addPlan } from './commands/plan.js';
import { addPull } from './commands/pull.js';
import { addRecord } from './commands/record.js';
import { addReport } from './commands/report.js';
import { addScore } from './commands/score.js';
import { addSolve } from './commands/solve.js';
import { addSweep } from './commands/sweep.js';
import type { Environment } from './environment.js';
import { columnsOf } from './environment.js';
import { type ExitCode, reportError } from './outcome.js';
import { StrictCommand } from './strict-command.js';
import { version } from './version.js';

/** Runs the command line `argv` (without node and script). Never rejects. */
export async function runProgram(
  argv: readonly string[],
  environment: Environment,
): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const run = async (handler: () => Promise<ExitCode>): Promise<void> => {
    exitCode = await handler();
  };
  try {
    const program = buildProgram(run, environment);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // --help and --version come here too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (environment.signal.aborted && error === environment.signal.reason) return 130;
    return reportError(error, argv.includes('--json'), environment);
  }
}

function buildProgram(
  run: (handler: () => Promise<ExitCode>) => Promise<void>,
  environment: Environment,
): StrictCommand {
  const { stdout, stderr } = environment;
  const program = new StrictCommand('espalier');
  program
    .description('Test-time search for small language models, in one process.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addHelpText('after', '\nespalier demo shows it at work; espalier <command> --help tells more.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => columnsOf(stdout),
      getErrHelpWidth: () => columnsOf(stderr),
    });
  addDemo(program, run, environment);
  addSolve(program, run, environment);
  addEval(program, run, environment);
  addSweep(program, run, environment);
  addPlan(program, run, environment);
  addReport(program, run, environment);
  addScore(program, run, environment);
  addGrade(program, run, environment);
  addMerge(program, run, environment);
  addRecord(program, run, environment);
  addImport(program, run, environment);
  addPull(program, run, environment);
  addModels(program, run, environment);
  addPerplexity(program, run, environment);
  addDoctor(program, run, environment);
  return program;
}
