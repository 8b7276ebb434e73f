import { Command, InvalidArgumentError } from 'commander'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { endNotify, type NotifyOptions, toNotify, withNotifyOptions } from '../notify/notify-options.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { runAsPlanned } from '../plan/run-as-planned.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { runTask } from '../run-task.ts'
import { stoppable } from '../stoppable.ts'
import { endEvent, printOutcome } from '../summary/print.ts'
import { type EndOptions, readTaskInput, withEndOptions } from '../task-input.ts'
import { type UiOptions, withPage, withUiOption } from '../ui/ui-options.ts'

interface Options extends EndOptions, NotifyOptions, UiOptions {
  readonly out: string
  readonly execution?: string
  readonly plan?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export function runCommand(): Command {
  return withUiOption(withNotifyOptions(withEndOptions(new Command('run'))))
    .description('Run a task on this machine, from here to the end. The same task run again continues where it was.')
    .argument('[task]', 'a task as JSON, or - for standard input')
    .option('--out <directory>', 'where the report, the log and the documents of the run are written', 'out')
    .option(
      '--execution <name>',
      'name of this execution; what the run opens carries it. Default: the task’s and the time',
      toExecutionName,
    )
    .option('--plan <hash>', 'what sampan plan printed: start only if the plan is still that one', toPlanHash)
    .option('--json', 'progress and summary as JSON, one object per line')
    .option('--quiet', 'no progress, only the summary')
    .action(async (path: string | undefined, options: Options) => {
      const { input, named, name } = await readTaskInput(path, options)
      const task = readTaskOrRefuse(input, named, options.json)
      if (task === null) return
      const notify = toNotify(options)
      if (name !== null && !options.json) printName(name)
      const directory = await makeOutDirectory(options.out)
      const { result: outcome, unexpected } = await stoppable((signal) =>
        withPage(options, async (page) => {
          const display = options.json ? 'json' : options.quiet ? 'none' : 'auto'
          const executionName = options.execution ?? newExecutionName(task.name)
          const run = {
            input,
            task,
            executionName,
            directory,
            display,
            signal,
            page,
            ...(notify === null ? {} : { notify }),
          } as const
          const outcome = options.plan === undefined ? await runTask(run) : await runAsPlanned(run, options.plan)
          page?.take(endEvent(outcome))
          await printOutcome(outcome, directory, options.json ? 'json' : 'text')
          await endNotify(notify)
          return outcome
        }),
      )
      if (unexpected) {
        process.exitCode = exitStatus.failed
        return
      }
      if (outcome.exitStatus === exitStatus.stopped) {
        process.stderr.write('Stopped. The same task run again continues where it was.\n')
      }
      if (
        outcome.exitStatus === exitStatus.refused &&
        outcome.error?.code !== 'PLAN_CHANGED' &&
        name !== null &&
        !options.json
      ) {
        process.stdout.write(
          'To go on with warnings: the same command with --acknowledge CODE, and as many codes as there are\n',
        )
      }
      process.exitCode = outcome.exitStatus
    })
}

/** A name that nobody has written down is told, or nobody would find the run in the ledger. */
function printName(name: string): void {
  process.stdout.write(`Run ${name}: the same command again continues where it was\n`)
}

/** As Step Functions takes it; it becomes a directory's name as well. */
function toExecutionName(text: string): string {
  if (/^[A-Za-z0-9_-]{1,80}$/.test(text)) return text
  throw new InvalidArgumentError('give 1 to 80 letters, digits, - and _')
}

function toPlanHash(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text
  throw new InvalidArgumentError('give the 16 characters that sampan plan prints as the plan')
}
