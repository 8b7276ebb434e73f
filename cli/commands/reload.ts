import { Command } from 'commander'
import { readPresence } from '../../lambdas/core/ledger/presence.ts'
import { readRun } from '../../lambdas/core/ledger/run.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { askDatabases, failureOf } from '../../lambdas/core/postgres/each-database.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type DatabaseIdentity, type Endpoint, eventAt } from '../../lambdas/core/runtime/event.ts'
import type { TablePattern } from '../../lambdas/core/task/pattern.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { findDestination } from '../../lambdas/stages/copy/pace/change-run.ts'
import { runComparison } from '../compare/run-comparison.ts'
import { tellComparing } from '../compare/tell.ts'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { hidePasswords } from '../passwords.ts'
import { printError } from '../problem-text.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { reloadInOpenRun } from '../reload/reload-open.ts'
import { stoppable } from '../stoppable.ts'
import { printOutcome } from '../summary/print.ts'
import { readTaskFile } from '../task-file.ts'
import { printComparison, toPatterns } from './compare.ts'
import { toEndpoint } from './limits.ts'

interface Options {
  readonly table: readonly TablePattern[]
  readonly at?: Endpoint
  readonly loseRows?: boolean
  readonly out: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export function reloadCommand(): Command {
  return new Command('reload')
    .description(
      'Copy tables of a run once more. Of a run that still copies, by its lanes or its next start; of one that is complete now, in one transaction, what differs from the source.',
    )
    .argument('<task>', 'the task of the run, or - for standard input')
    .requiredOption('--table <pattern...>', 'which, schema.table on the source, with * and ?', toPatterns, [])
    .option('--lose-rows', 'rows that only the destination has may go; without it they refuse it')
    .option('--at <host:port>', 'where the destination answers, if not where the task says', toEndpoint)
    .option('--out <directory>', 'where the comparison of both ends is written', 'out')
    .option('--json', 'the comparison as JSON')
    .option('--quiet', 'no progress')
    .action(async (path: string, options: Options) => {
      const input = await readTaskFile(path)
      const task = readTaskOrRefuse(input, path, options.json)
      if (task === null) return
      if (task.mode === 'follow') throw follows(task)
      const { result, unexpected } = await stoppable((signal) => reload(input, task, options, signal))
      process.exitCode = unexpected ? exitStatus.failed : result
    })
}

async function reload(given: unknown, task: Task, options: Options, signal: AbortSignal): Promise<number> {
  const hidden = hidePasswords(given)
  Object.assign(process.env, hidden.variables)
  const destination = options.at ?? (await findDestination(task, process.env))
  const found = await askDatabases(task, task.databases, destination, {
    environment: process.env,
    purpose: 'reload',
    signal,
    ask: (session) => readState(session, task.name),
  })
  const failure = failureOf(found)
  if (failure !== null) throw failure
  // What the run has not come to yet is copied once, and that is later.
  const begun = found.flatMap(({ database, ...answer }) =>
    answer.state === 'answered' && answer.found !== null ? [{ database, ...answer.found }] : [],
  )
  if (begun.length === 0) throw noRun(task)
  const open = begun.filter(({ state }) => state === 'open')
  if (open.length === 0 && begun.length === task.databases.length) return reloadComplete(given, task, options, signal)
  if (open.length < begun.length) throw inPart(task, begun)
  return reloadOpen(task, open, destination, options, signal)
}

interface State {
  readonly state: 'open' | 'sealed'
  /** The start that works for it. */
  readonly execution: string
}

type Begun = State & { readonly database: DatabaseIdentity }

async function readState(session: Session, run: string): Promise<State | null> {
  if ((await readPresence(session, run)).run === null) return null
  const { state, execution } = await readRun(session, run)
  return { state, execution }
}

/** Each database that has such tables has them copied again; what one of them refuses keeps it from no other. */
async function reloadOpen(
  task: Task,
  open: readonly Begun[],
  at: Endpoint,
  { table }: Options,
  signal: AbortSignal,
): Promise<number> {
  const errors: unknown[] = []
  let taken = 0
  for (const { database, execution } of open) {
    const event = eventAt(at, { task, database, execution })
    let session: Session | null = null
    try {
      session = await openDestination(event, process.env, { purpose: 'reload', signal })
      const tables = await reloadInOpenRun(session, task.name, table)
      taken += tables.length
      process.stdout.write(`${database.as}: ${tables.join(', ')} ${tables.length === 1 ? 'is' : 'are'} copied again\n`)
    } catch (thrown) {
      errors.push(thrown)
    } finally {
      await session?.close()
    }
  }
  const isNone = (thrown: unknown) => thrown instanceof SampanError && thrown.code === 'RELOAD_NO_TABLE'
  const told = taken > 0 || !errors.every(isNone) ? errors.filter((thrown) => !isNone(thrown)) : errors.slice(0, 1)
  for (const thrown of told) printError(thrown)
  if (taken > 0) process.stdout.write('Lanes that are at work do it; where none is, the same task started again\n')
  return told.length === 0 ? exitStatus.done : exitStatus.failed
}

/** Behind the seal: what a repair does, with all rows of each table that differs. */
async function reloadComplete(given: unknown, task: Task, options: Options, signal: AbortSignal): Promise<number> {
  const { table: tables, loseRows: losesRows = false, json = false, quiet } = options
  const directory = await makeOutDirectory(options.out)
  const teller = tellComparing(json || quiet ? 'none' : 'auto')
  const run = { input: given, task, executionName: newExecutionName(task.name), directory, signal }
  const question = {
    mode: 'full',
    tables,
    mostRows: 100,
    values: false,
    settle: 2,
    repair: 'tables',
    losesRows,
  } as const
  const { outcome, comparison } = await runComparison(run, { question, window: null, anew: true, tell: teller.tell })
  teller.end()
  if (comparison !== null) await printComparison(comparison, directory, json)
  if (comparison === null || outcome.exitStatus !== exitStatus.done) {
    await printOutcome({ ...outcome, reportText: null }, directory, json ? 'json' : 'text')
    return outcome.exitStatus
  }
  return comparison.state === 'equal' ? exitStatus.done : exitStatus.differs
}

function noRun({ name, databases }: Task): SampanError {
  return new SampanError({
    code: 'RELOAD_NO_RUN',
    message: `no destination of the task (${databases.map(({ as }) => as).join(', ')}) has a ledger of a run ${name}: only what Sampan copies or has copied is copied again`,
    remedy: 'nothing was written: give the task that migrated them',
  })
}

function follows({ name }: Task): SampanError {
  return new SampanError({
    code: 'RELOAD_FOLLOWS',
    message: `the run ${name} follows its source: rows of another moment do not fit into what it applies`,
    remedy: 'nothing was written: after the cutover, compare with sampan compare and repair what differs',
  })
}

function inPart({ name, databases }: Task, begun: readonly Begun[]): SampanError {
  const complete = new Set(begun.flatMap(({ state, database }) => (state === 'sealed' ? [database.as] : [])))
  const others = databases.flatMap(({ as }) => (complete.has(as) ? [] : [as]))
  return new SampanError({
    code: 'RELOAD_IN_PART',
    message: `the run ${name} is complete in ${[...complete].join(', ')}, and not in ${others.join(', ')}`,
    remedy: 'nothing was written: start the task again, and give the command when all of it is complete',
  })
}
