import { join, relative } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { visibleIn } from '../../lambdas/core/present/visible.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { writePrivately } from '../../lambdas/core/runtime/private-files.ts'
import { parseTablePattern, type TablePattern } from '../../lambdas/core/task/pattern.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { comparisonText } from '../compare/comparison-text.ts'
import { type Comparison, comparisonSchema } from '../compare/document.ts'
import type { DailyWindow } from '../compare/pacing.ts'
import { runComparison } from '../compare/run-comparison.ts'
import { tellComparing } from '../compare/tell.ts'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { type Alert, toMessage } from '../notify/alert.ts'
import { endNotify, type NotifyOptions, toNotify, withNotifyOptions } from '../notify/notify-options.ts'
import type { Notify } from '../notify/notifying.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { stoppable } from '../stoppable.ts'
import { printOutcome } from '../summary/print.ts'
import { type EndOptions, readTaskInput, withEndOptions } from '../task-input.ts'

interface Options extends EndOptions, NotifyOptions {
  readonly out: string
  readonly mode: 'full' | 'counts'
  readonly table: readonly TablePattern[]
  readonly mostRows: number
  readonly values?: boolean
  readonly repair?: string
  readonly loseRows?: boolean
  readonly settle: number
  readonly window?: DailyWindow
  readonly megabytesPerSecond?: number
  readonly anew?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

/** The latest comparison, in the directory of --out. */
const COMPARISON = 'comparison.json'

export function compareCommand(): Command {
  return withNotifyOptions(withEndOptions(new Command('compare')))
    .description(
      'Compare both ends of a task, at any time: rows, structure, sequences, large objects. Nothing is written to either database. Exit status 5: they differ.',
    )
    .argument('[task]', 'a task as JSON, or - for standard input')
    .addOption(
      new Option('--mode <mode>', 'digests of all rows, or their numbers').choices(['full', 'counts']).default('full'),
    )
    .option(
      '--table <pattern...>',
      'only the rows of these tables, schema.table on the source, with * and ?',
      toPatterns,
      [],
    )
    .option('--most-rows <number>', 'list so many differing rows of a table; all are counted', toCount, 10_000)
    .option(
      '--repair <run>',
      'make what differs the source’s, in a run that Sampan has completed, by its name: rows and sequences; then compare again',
    )
    .option(
      '--lose-rows',
      'with --repair: what was written on the destination since may go; without it that refuses the repair',
    )
    .option('--values', 'tell what differing rows hold, not only their keys')
    .option(
      '--settle <seconds>',
      'time between the two looks that tell a difference from a row under way',
      toSeconds,
      2,
    )
    .option(
      '--window <HH:MM-HH:MM>',
      'begin to read between these times of the day only, by this machine’s clock; a large table without a key is one snapshot, and read to its end',
      toWindow,
    )
    .option('--megabytes-per-second <number>', 'read no faster; default: the task’s throttle', toRate)
    .option('--out <directory>', 'where the comparison is written, and what an unfinished one goes on by', 'out')
    .option('--anew', 'do not go on with an unfinished one')
    .option('--json', 'the comparison as JSON')
    .option('--quiet', 'no progress')
    .action(async (path: string | undefined, options: Options) => {
      const { input, named } = await readTaskInput(path, options)
      const task = readTaskOrRefuse(input, named, options.json)
      if (task === null) return
      const directory = await makeOutDirectory(options.out)
      const notify = toNotify(options)
      const { result, unexpected } = await stoppable(async (signal) => {
        const status = await compare(input, task, directory, options, notify, signal)
        await endNotify(notify)
        return status
      })
      process.exitCode = unexpected ? exitStatus.failed : result
    })
}

async function compare(
  given: unknown,
  read: Task,
  directory: string,
  options: Options,
  notified: Notify | null,
  signal: AbortSignal,
): Promise<number> {
  requireRepair(read, options)
  const limit = options.megabytesPerSecond
  const throttle = limit === undefined ? read.throttle : { ...read.throttle, megabytesPerSecond: limit }
  const task = { ...read, throttle }
  const input = { ...(given as object), throttle }
  const { mode, table: tables, mostRows, values = false, settle, window = null, anew = false, json, quiet } = options
  const { loseRows: losesRows = false } = options
  const teller = tellComparing(json || quiet ? 'none' : 'auto')
  const executionName = newExecutionName(task.name)
  let moved = ''
  const tell: typeof teller.tell = (state) => {
    moved = `${state.database} ${state.bytesRead}`
    teller.tell(state)
  }
  const notify = notified === null ? {} : { notify: { ...notified, moves: () => moved } }
  const { outcome, comparison } = await runComparison(
    { input, task, executionName, directory, signal, ...notify },
    {
      question: {
        mode,
        tables,
        mostRows,
        values,
        settle,
        repair: options.repair === undefined ? null : 'rows',
        losesRows,
      },
      window,
      anew,
      tell,
    },
  )
  teller.end()
  if (comparison?.state === 'differs')
    notified?.notifier.tell(toMessage(DIFFERS, { id: task.name, execution: executionName }, new Date()))
  if (comparison === null) {
    await printOutcome(outcome, directory, json ? 'json' : 'text')
    if (outcome.exitStatus === exitStatus.stopped)
      process.stderr.write('Stopped. The same command goes on where it was.\n')
    return outcome.exitStatus
  }
  await printComparison(comparison, directory, json ?? false)
  // The comparison is at its end; what could not be closed is told all the same.
  if (outcome.exitStatus !== exitStatus.done) {
    await printOutcome({ ...outcome, reportText: null }, directory, json ? 'json' : 'text')
    return outcome.exitStatus
  }
  return comparison.state === 'equal' ? exitStatus.done : exitStatus.differs
}

const DIFFERS: Alert = {
  code: 'COMPARISON_DIFFERS',
  message: 'both ends were compared, and differ',
  remedy:
    'read comparison.json, or what the command has printed; of a run of Sampan sampan compare --repair copies what differs',
  database: null,
}

export async function printComparison(comparison: Comparison, directory: string, json: boolean): Promise<void> {
  const document = comparisonSchema.parse(comparison)
  const path = join(directory, COMPARISON)
  await writePrivately(directory, path, `${JSON.stringify(document, null, 2)}\n`)
  if (json) process.stdout.write(`${JSON.stringify(document)}\n`)
  else process.stdout.write(`${comparisonText(visibleIn(document))}\n\nComparison: ${relative(process.cwd(), path)}\n`)
}

export function toPatterns(text: string, before: readonly TablePattern[]): readonly TablePattern[] {
  const pattern = parseTablePattern(text)
  if (pattern === null) throw new InvalidArgumentError('give schema.table, with * and ?')
  return [...before, pattern]
}

function toCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0 || count > 1_000_000)
    throw new InvalidArgumentError('give a whole number up to 1000000')
  return count
}

function toSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds >= 0 && seconds <= 3600))
    throw new InvalidArgumentError('give seconds, 0 to 3600')
  return seconds
}

function toRate(text: string): number {
  const rate = Number(text)
  if (!(rate > 0) || !Number.isFinite(rate)) throw new InvalidArgumentError('give a number above 0')
  return rate
}

function toWindow(text: string): DailyWindow {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)$/.exec(text)
  if (found === null) throw new InvalidArgumentError('give two times of the day, such as 22:00-06:00')
  const [, fromHour, fromMinute, toHour, toMinute] = found.map(Number)
  const window = { from: (fromHour ?? 0) * 60 + (fromMinute ?? 0), to: (toHour ?? 0) * 60 + (toMinute ?? 0) }
  if (window.from === window.to) throw new InvalidArgumentError('give two different times')
  return window
}

/** Nobody writes behind a seal by mistake, nor by what has not been read. */
function requireRepair({ name }: Task, { repair, mode }: Options): void {
  if (repair === undefined) return
  if (mode === 'counts') {
    throw new SampanError({
      code: 'REPAIR_BY_COUNTS',
      message: 'by numbers of rows alone nobody can say which row is the wrong one',
      remedy: 'nothing was read or written: give --repair without --mode counts',
    })
  }
  if (repair === name) return
  throw new SampanError({
    code: 'REPAIR_OTHER_RUN',
    message: `--repair names the run ${repair}, and the task is ${name}`,
    remedy: `nothing was read or written: give --repair ${name} to write to what this task has migrated`,
  })
}
