import { Command, CommanderError } from 'commander'
import { toCommandLineError } from './command-line-error.ts'
import { compareCommand } from './commands/compare.ts'
import { completionCommand } from './commands/completion.ts'
import { cutoverCommand } from './commands/cutover.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { initCommand } from './commands/init.ts'
import { leftoversCommand } from './commands/leftovers.ts'
import { limitsCommand } from './commands/limits.ts'
import { pauseCommand, resumeCommand } from './commands/pause.ts'
import { planCommand } from './commands/plan.ts'
import { reloadCommand } from './commands/reload.ts'
import { reportCommand } from './commands/report.ts'
import { runCommand } from './commands/run.ts'
import { schemaCommand } from './commands/schema.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { sweepCommand } from './commands/sweep.ts'
import { validateCommand } from './commands/validate.ts'
import { exitStatus } from './exit-status.ts'
import { helpText } from './help.ts'
import { errorText, printError } from './problem-text.ts'
import { versionText } from './version.ts'

/** The `sampan` command: on this machine demo, init, run, plan, compare, validate, schema, explain, limits, pause, resume, reload, cutover, leftovers, sweep, completion; over AWS doctor, start, status, stop, report. */
function makeProgram(): Command {
  const program = new Command('sampan')
    .summary('PostgreSQL migrations')
    .usage('<command> [options]')
    .option('-V, --version', 'print the version, and the commit it was built from')
    .on('option:version', () => {
      process.stdout.write(`${versionText()}\n`)
      process.exit(exitStatus.done)
    })
    .addHelpText('after', () => helpText())
  program.commandsGroup('On this machine:')
  for (const command of [
    demoCommand(),
    initCommand(),
    runCommand(),
    planCommand(),
    compareCommand(),
    validateCommand(),
    schemaCommand(),
    explainCommand(),
    limitsCommand(),
    pauseCommand(),
    resumeCommand(),
    reloadCommand(),
    cutoverCommand(),
    leftoversCommand(),
    sweepCommand(),
    completionCommand(),
  ])
    program.addCommand(command)
  program.commandsGroup('In the AWS account where the stack is deployed:')
  for (const command of [doctorCommand(), startCommand(), statusCommand(), stopCommand(), reportCommand()])
    program.addCommand(command)
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showSuggestionAfterError()
    // Said below, in two lines and with a code.
    command.configureOutput({ outputError: () => {} })
  }
  return program
}

/** Runs one command line and sets the exit status. Throws nothing. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  try {
    await makeProgram().parseAsync(argv)
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      const isHelp = /^commander\.(help|version)/.test(thrown.code)
      if (!isHelp) process.stderr.write(`${errorText(toCommandLineError(thrown))}\n`)
      process.exitCode = thrown.exitCode === 0 ? exitStatus.done : exitStatus.wrongTask
      return
    }
    printError(thrown)
    const code = (thrown as { code?: unknown }).code?.toString() ?? ''
    const wrong = /^((TASK|OUT|INIT|SQL)_|REPAIR_OTHER_RUN$)/.test(code)
    process.exitCode = code === 'INIT_STOPPED' ? exitStatus.stopped : wrong ? exitStatus.wrongTask : exitStatus.failed
  }
}
