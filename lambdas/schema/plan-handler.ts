import { type RunEvent, writeEvents } from '../ledger/events.ts'
import { migrateLedger } from '../ledger/migrate.ts'
import { markPlanned, openRun, taskFingerprint } from '../ledger/run.ts'
import type { Session } from '../postgres/connect.ts'
import { openSource } from '../postgres/sessions.ts'
import { inOneFlight } from '../postgres/transaction.ts'
import { SampanError } from '../runtime/errors.ts'
import type { DatabaseIdentity, Endpoints, StepEvent } from '../runtime/event.ts'
import { type StepTools, stepHandler } from '../runtime/step-handler.ts'
import { done } from '../runtime/verdict.ts'
import { dumpObjects } from './dump-objects.ts'
import { mayRefuse, OBJECTS_REFUSED, refusalReasons, refusalText, tryObjects } from './foresee.ts'
import { reopenObjects, storePlan } from './ledger-objects.ts'
import type { Dump } from './pgdump/dump.ts'
import { databaseEntries, readDatabaseProperties } from './plan/database-properties.ts'
import { readDatabaseForm } from './plan/destination-database.ts'
import { judgeProperties } from './plan/judge-properties.ts'
import { openOrCreateDatabase } from './plan/open-database.ts'
import { type Plan, type PlanInput, planObjects } from './plan/plan.ts'
import { readSearchPath } from './plan/search-path.ts'
import { readPlanInput } from './plan-input.ts'
import type { RefusedObject } from './rehearse.ts'

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
  const dumped = dumpObjects(event, {
    environment: step.environment,
    signal: AbortSignal.any([step.signal, unneeded.signal]),
    timeout: () => Math.max(1_000, step.remainingMilliseconds() - 15_000),
  })
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
    if (row.objectsPlannedAt === null) await plan(event, step, dumped, database, source, destination)
    else await reopenObjects(destination, run.id)
    return done<Planned>({ sealed: false })
  } finally {
    unneeded.abort()
    await Promise.all([...open.map((session) => session.close()), dumped.catch(() => {})])
  }
})

async function plan(
  event: StepEvent,
  step: StepTools,
  dumped: Promise<Dump>,
  database: DatabaseIdentity,
  source: Session,
  destination: Session,
): Promise<void> {
  const run = event.run.id
  const { archive, notices } = await dumped
  const [read, properties] = await Promise.all([
    readPlanInput(event, database, archive, { source, destination }),
    readDatabaseProperties(source).then((found) => judgeProperties(destination, databaseEntries(found, database.as))),
  ])
  const input = { ...read, properties }
  const first = planObjects(input)
  const refused = mayRefuse(source, destination)
    ? await tryObjects(event, step.environment, source, first.objects, step.signal)
    : []
  const planned = refused === null || refused.length === 0 ? first : planWithout(event, input, refused)
  await inOneFlight(destination, () => [
    ...storePlan(destination, run, planned.objects, planned.relations),
    writeEvents(destination, run, [
      ...notices.map((message) => notice(message)),
      ...readerRights(planned.readerGrants),
    ]),
    markPlanned(destination, run, 'objects_planned_at'),
  ])
}

/** The plan without what the destination refuses, which the task must have acknowledged. @throws SampanError `DST_OBJECTS_REFUSED` */
function planWithout(event: StepEvent, input: PlanInput, refused: readonly RefusedObject[]): Plan {
  if (!event.task.precheck.acknowledge.includes(OBJECTS_REFUSED)) throw objectsRefused(refused)
  return planObjects({ ...input, refused: refusalReasons(refused) })
}

/** The precheck could not try: the database was still to be made, or there was no connection free. */
function objectsRefused(refused: readonly RefusedObject[]): SampanError {
  const named = refused.slice(0, NAMED).map(refusalText).join('; ')
  const more = refused.length > NAMED ? `; and ${refused.length - NAMED} more` : ''
  return new SampanError({
    code: OBJECTS_REFUSED,
    message: `the destination’s version refuses ${refused.length} of the objects: ${named}${more}`,
    remedy: `nothing was made: change or drop them on the source, or acknowledge ${OBJECTS_REFUSED} to leave them out, then start again`,
  })
}

const NAMED = 10

function readerRights(grants: number): readonly RunEvent[] {
  if (grants === 0) return []
  const message = `${grants} rights of the account that reads the source were left out: the destination has no such role`
  return [{ level: 'info', step: 'PlanObjects', code: 'READER_RIGHTS_LEFT_OUT', message }]
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
