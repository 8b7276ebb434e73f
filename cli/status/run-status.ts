import { setTimeout as sleep } from 'node:timers/promises'
import { askDatabases, failureOf } from '../../lambdas/core/postgres/each-database.ts'
import { visible } from '../../lambdas/core/present/visible.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Endpoint } from '../../lambdas/core/runtime/event.ts'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { findDestination } from '../../lambdas/stages/copy/pace/change-run.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { startDisplay } from '../progress/display.ts'
import { copyLines, databaseLines } from '../progress/lines.ts'
import { ProgressModel } from '../progress/model.ts'
import { lookAt, type Standing, stepsUpTo } from './look.ts'

/** Between two looks. */
const EVERY = 1_000
/** Longer than a step waits, for most of its time, before it is tried again: no session of the run is there meanwhile. */
const PATIENCE = 90

interface Watching {
  readonly at: Endpoint | undefined
  /** Looks again and again until every database is sealed, or nobody is at work any more; else once. */
  readonly watch: boolean
  readonly json: boolean
  readonly signal: AbortSignal
  /** Looks in a row without anybody at work that end the watching. @default 90, of a second */
  readonly patience?: number
}

/**
 * Shows how the run of a task stands by the ledgers of its databases, wherever it runs: on the screen that the run itself has.
 * @returns `failed` where the watching has ended and the run has not
 * @throws SampanError RUN_UNKNOWN, or what kept it from looking
 */
export async function showRun(task: Task, watching: Watching): Promise<ExitStatus> {
  const { watch, json, signal, patience = PATIENCE } = watching
  const destination = watching.at ?? (await findDestination(task, process.env))
  const model = new ProgressModel(
    task.databases.map(({ name }) => name),
    undefined,
    task.mode,
  )
  const run = { name: task.name, execution: null, mode: task.mode }
  const display = watch ? startDisplay(json ? 'json' : 'auto', model, run) : null
  const told = new Map<string, number>()
  const found = new Map<string, Standing>()
  const open = () => task.databases.filter(({ name }) => found.get(name)?.step !== null)
  let failure: SampanError | null = null
  try {
    for (let idle = 0; ; ) {
      const answers = await askDatabases(task, open(), destination, {
        environment: process.env,
        purpose: 'status',
        signal,
        ask: (session, { name }) => lookAt(session, task.name, told.get(name) ?? null),
      })
      if (signal.aborted) break
      for (const answer of answers) {
        // One that is not made yet waits for its turn, and so does one that the run has not come to.
        if (answer.state !== 'answered' || answer.found === null) continue
        const { name } = answer.database
        found.set(name, answer.found)
        told.set(name, answer.found.warnings.at(-1)?.number ?? told.get(name) ?? 0)
        show(model, name, answer.found)
      }
      failure = failureOf(answers)
      if (found.size === 0) throw failure ?? unknown(task)
      idle = [...found.values()].some(({ atWork }) => atWork > 0) ? 0 : idle + 1
      if (!watch || open().length === 0 || idle >= patience) break
      await sleep(EVERY, undefined, { signal }).catch(() => {})
    }
  } finally {
    await display?.end()
  }
  if (signal.aborted) return exitStatus.stopped
  if (!watch)
    process.stdout.write(json ? `${JSON.stringify(documentOf(task, found))}\n` : `${textOf(task, model, found)}\n`)
  if (failure !== null) throw failure
  if (!watch || open().length === 0) return exitStatus.done
  process.stderr.write(`${nobodyText(open().map(({ name }) => name))}\n`)
  return exitStatus.failed
}

function show(model: ProgressModel, database: string, { step, progress, tables, lanes, warnings }: Standing): void {
  // The numbers first: a stage that has ended is told with them.
  model.counted(database, progress)
  model.moving(database, tables, lanes)
  for (const name of stepsUpTo(step)) {
    model.called({ name, database })
    if (step === null) model.answered({ name, database }, done())
  }
  model.warned(database, warnings)
}

function textOf(task: Task, model: ProgressModel, found: ReadonlyMap<string, Standing>): string {
  const lines = databaseLines(model, model.databases.length)
  const open = [...found].filter(([, { step }]) => step !== null)
  const idle = open.filter(([, { atWork }]) => atWork === 0).map(([name]) => name)
  const copying = open.filter(([, { step }]) => step === 'CopyLaneFunction').map(([name]) => name)
  const tables =
    copying.length === 1 ? copyLines(model, copying[0] ?? '', process.stdout.columns || undefined).slice(1) : []
  const rest = idle.length === 0 ? [] : [nobodyText(idle)]
  return [
    `Run ${task.name}`,
    ...lines.map((line) => `  ${line}`),
    ...tables.map((line) => `    ${line}`),
    ...rest,
  ].join('\n')
}

function nobodyText(databases: readonly string[]): string {
  return `Nobody is at work for ${databases.map(visible).join(', ')}: start the task again, and it goes on where it was`
}

function documentOf(task: Task, found: ReadonlyMap<string, Standing>): object {
  const databases = task.databases.map(({ name, as }) => {
    const standing = found.get(name)
    if (standing === undefined) return { database: name, as, state: 'unknown' }
    const { step, atWork, progress, tables } = standing
    const state = step === null ? 'sealed' : 'open'
    return { database: name, as, state, step: step?.replace(/Function$/, '') ?? null, atWork, ...progress, tables }
  })
  return { run: task.name, databases }
}

function unknown({ name, databases }: Task): SampanError {
  return new SampanError({
    code: 'RUN_UNKNOWN',
    message: `no destination of the task (${databases.map(({ as }) => as).join(', ')}) has a ledger of a run ${name}`,
    remedy: 'start it first, or correct the name of the task',
  })
}
