import { setTimeout as sleep } from 'node:timers/promises'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Endpoint, eventAt } from '../../lambdas/core/runtime/event.ts'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { findDestination } from '../../lambdas/stages/copy/pace/change-run.ts'
import { startDisplay } from '../progress/display.ts'
import { copyLines, databaseLines } from '../progress/lines.ts'
import { ProgressModel } from '../progress/model.ts'
import { lookAt, type Standing, stepsUpTo } from './look.ts'

/** Between two looks. */
const EVERY = 1_000

interface Watching {
  readonly at: Endpoint | undefined
  /** Looks again and again until every database is sealed; else once. */
  readonly watch: boolean
  readonly json: boolean
  readonly signal: AbortSignal
}

/**
 * Shows how the run of a task stands by the ledgers of its databases, wherever it runs: on the screen that the run itself has.
 * @throws SampanError RUN_UNKNOWN, or what connecting throws
 */
export async function showRun(task: Task, { at, watch, json, signal }: Watching): Promise<void> {
  const destination = at ?? (await findDestination(task, process.env))
  const model = new ProgressModel(
    task.databases.map(({ name }) => name),
    undefined,
    task.mode,
  )
  const run = { name: task.name, execution: null, mode: task.mode }
  const display = watch ? startDisplay(json ? 'json' : 'auto', model, run) : null
  const told = new Map<string, number>()
  const found = new Map<string, Standing>()
  try {
    do {
      for (const database of task.databases) {
        const event = eventAt(destination, { task, database, execution: 'status' })
        const session = await openDestination(event, process.env, { purpose: 'status', signal })
        try {
          const look = await lookAt(session, task.name, told.get(database.name) ?? null)
          if (look !== null) {
            found.set(database.name, look)
            told.set(database.name, look.warnings.at(-1)?.number ?? told.get(database.name) ?? 0)
            show(model, database.name, look)
          }
        } finally {
          await session.close()
        }
      }
      if (found.size === 0) throw unknown(task)
      if (!watch || [...found.values()].every(({ step }) => step === null)) break
      await sleep(EVERY, undefined, { signal }).catch(() => {})
    } while (!signal.aborted)
  } finally {
    await display?.end()
  }
  if (!watch)
    process.stdout.write(json ? `${JSON.stringify(documentOf(task, found))}\n` : `${textOf(task, model, found)}\n`)
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
  const rest =
    idle.length === 0
      ? []
      : [`Nobody is at work for ${idle.join(', ')}: start the task again, and it goes on where it was`]
  return [
    `Run ${task.name}`,
    ...lines.map((line) => `  ${line}`),
    ...tables.map((line) => `    ${line}`),
    ...rest,
  ].join('\n')
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
