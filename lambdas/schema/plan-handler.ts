import { writeEvents } from '../ledger/events.ts'
import { migrateLedger } from '../ledger/migrate.ts'
import { markPlanned, openRun, taskFingerprint } from '../ledger/run.ts'
import type { Session } from '../postgres/connect.ts'
import { readClosedSchemas, readDestinationRoles } from '../postgres/roles.ts'
import { openSource } from '../postgres/sessions.ts'
import { inOneFlight } from '../postgres/transaction.ts'
import { SampanError } from '../runtime/errors.ts'
import type { DatabaseIdentity, Endpoints, StepEvent } from '../runtime/event.ts'
import { type StepTools, stepHandler } from '../runtime/step-handler.ts'
import { done } from '../runtime/verdict.ts'
import { reopenObjects, storePlan } from './ledger-objects.ts'
import { type Dump, dump } from './pgdump/dump.ts'
import { databaseEntries, readDatabaseProperties } from './plan/database-properties.ts'
import { readDatabaseForm } from './plan/destination-database.ts'
import { readFacts } from './plan/facts.ts'
import { judgeProperties } from './plan/judge-properties.ts'
import { openOrCreateDatabase } from './plan/open-database.ts'
import { planObjects } from './plan/plan.ts'
import { readSearchPath } from './plan/search-path.ts'
import { readArchive } from './toc/read.ts'

/** What the workflow reads of the plan. */
export interface Planned {
  /** An earlier start of this task has completed the database: nothing is left to do. */
  readonly sealed: boolean
}

/**
 * PlanObjects: the source's objects and what becomes of each, written to the ledger of the destination's database, which is
 * made where it does not exist. A run that has its plan keeps it; what failed in it is tried once more.
 */
export const handler = stepHandler('PlanObjects', async (event: StepEvent, step) => {
  const { run } = event
  const { database, endpoints } = addressed(event)
  const source = await openSource(event, step.environment, { purpose: 'plan', signal: step.signal })
  const open: Session[] = [source]
  // The source's objects are read while the destination is made ready. A run that has its plan already needs them not.
  const unneeded = new AbortController()
  const dumped = dumpObjects(event, step, AbortSignal.any([step.signal, unneeded.signal]))
  dumped.catch(() => {})
  try {
    const form = await readDatabaseForm(source)
    const destination = await openOrCreateDatabase(event, step, form)
    open.push(destination)
    await migrateLedger(destination)
    const row = await openRun(destination, run, taskFingerprint(event.task, endpoints, database), {
      serverVersion: source.serverVersion,
      encoding: form.encoding,
      database: form.name,
      searchPath: await readSearchPath(source),
    })
    if (row.state === 'sealed') return done<Planned>({ sealed: true })
    if (row.objectsPlannedAt === null) await plan(event, dumped, database, source, destination)
    else await reopenObjects(destination, run.id)
    return done<Planned>({ sealed: false })
  } finally {
    unneeded.abort()
    await Promise.all([...open.map((session) => session.close()), dumped.catch(() => {})])
  }
})

async function plan(
  event: StepEvent,
  dumped: Promise<Dump>,
  database: DatabaseIdentity,
  source: Session,
  destination: Session,
): Promise<void> {
  const run = event.run.id
  const [{ archive, notices }, roles, closedSchemas] = await Promise.all([
    dumped,
    readDestinationRoles(destination),
    readClosedSchemas(destination),
  ])
  const { entries } = readArchive(archive)
  const tables = entries.filter(({ kind }) => kind === 'TABLE').map(({ oid }) => oid)
  const [facts, properties] = await Promise.all([
    readDatabaseForm(destination).then((form) => readFacts(source, tables, form)),
    readDatabaseProperties(source).then((found) => judgeProperties(destination, databaseEntries(found, database.as))),
  ])
  const chosen = event.task.databases.find(({ name, as }) => name === database.name && as === database.as)
  const planned = planObjects({
    run,
    destinationVersion: destination.serverVersion,
    entries,
    facts,
    properties,
    roles,
    closedSchemas,
    include: chosen?.include ?? ['*.*'],
    exclude: chosen?.exclude ?? [],
  })
  await inOneFlight(destination, () => [
    ...storePlan(destination, run, planned.objects, planned.relations),
    writeEvents(
      destination,
      run,
      notices.map((message) => notice(message)),
    ),
    markPlanned(destination, run, 'objects_planned_at'),
  ])
}

/**
 * One transaction sees all objects as they are at one moment. Where there are more than it can lock they are read one by
 * one, and the run's story says so.
 */
async function dumpObjects(event: StepEvent, step: StepTools, signal: AbortSignal): Promise<Dump> {
  try {
    return await dumpOnOwnConnection(event, step, signal, false)
  } catch (thrown) {
    if (!(thrown instanceof SampanError) || thrown.code !== 'SRC_DUMP_LOCKS') throw thrown
  }
  const { archive, notices } = await dumpOnOwnConnection(event, step, signal, true)
  return {
    archive,
    notices: [...notices, 'there are more objects than one transaction can lock: they were read without one'],
  }
}

/** pg_dump leaves its session with settings and a transaction of its own. */
async function dumpOnOwnConnection(
  event: StepEvent,
  step: StepTools,
  signal: AbortSignal,
  skipTransaction: boolean,
): Promise<Dump> {
  const session = await openSource(event, step.environment, { purpose: 'dump', signal })
  try {
    return await dump({
      client: session.client,
      args: ['--schema-only'],
      skipTransaction,
      signal,
      timeout: Math.max(1_000, step.remainingMilliseconds() - 15_000),
    })
  } finally {
    await session.close()
  }
}

function notice(message: string) {
  return { level: 'info', step: 'PlanObjects', code: 'PG_DUMP_NOTICE', message } as const
}

function addressed({ database, endpoints }: StepEvent): { database: DatabaseIdentity; endpoints: Endpoints } {
  if (database === null || endpoints === null) {
    throw new SampanError({
      code: 'EVENT_INCOMPLETE',
      message: 'PlanObjects was called without a database or without addresses',
      remedy: 'start the task from its beginning',
    })
  }
  return { database, endpoints }
}
