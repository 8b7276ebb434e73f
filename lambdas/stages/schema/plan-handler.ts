import { writeEvents } from '../../core/ledger/events.ts'
import { migrateLedger } from '../../core/ledger/migrate.ts'
import { reopenObjects } from '../../core/ledger/objects/failures.ts'
import { markView, readPlanMark } from '../../core/ledger/objects/structure.ts'
import { looksOn, requireStoredPlan } from '../../core/ledger/onlooker.ts'
import { readJoining, requireOwnStart } from '../../core/ledger/other-start.ts'
import { openRun, taskFingerprint } from '../../core/ledger/run.ts'
import { lookForSameSource, requireSameSource } from '../../core/ledger/source-server.ts'
import { StepWatch } from '../../core/ledger/step-watch.ts'
import { importView } from '../../core/ledger/view.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { dropScratches, findScratches } from '../../core/postgres/scratches.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import { BEGIN_VIEW, type ExportedView, exportView } from '../../core/postgres/snapshot.ts'
import { readSearchPath } from '../../core/postgres/source-path.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, Endpoints, StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { readStructureDigest } from '../../core/structure/read.ts'
import type { Dump } from './pgdump/dump.ts'
import { dumpObjects } from './pgdump/dump-objects.ts'
import { readDatabaseForm } from './plan/database/destination-database.ts'
import { openOrCreateDatabase } from './plan/database/open-database.ts'
import { makePlan } from './plan/make-plan.ts'
import { storeMadePlan } from './plan/store-plan.ts'
import { requireAlone } from './require-alone.ts'
import { takeBackGone } from './take-back.ts'

/** What the workflow reads of the plan. */
export interface Planned {
  /** An earlier start of this task has completed the database: nothing is left to do. */
  readonly sealed: boolean
}

/** What PlanObjects is called with. */
export interface PlanEvent extends StepEvent {
  /** The plan is made anew in the view that the keepers hold, beside them. @default in a view of its own */
  readonly inView?: boolean
}

/**
 * PlanObjects: the source's objects and what becomes of each, written to the ledger of the destination's database, which is
 * made where it does not exist. All is read in one view. A start that only plans changes nothing in a run that has begun to migrate.
 * A run that has its plan keeps it, and what failed in it is tried once more; where the source's structure is another one by now the
 * plan is made anew, around what is made already. Once all rows are copied they are of one moment, and nothing is planned any more.
 */
export const handler = stepHandler('PlanObjects', async (event: PlanEvent, step) => {
  const { run } = event
  const { database, endpoints } = addressed(event)
  const source = await openSource(event, step.environment, { purpose: 'plan', signal: step.signal })
  const open: Session[] = [source]
  // The source's objects are read while the destination is made ready. A run that has its plan already needs them not.
  const unneeded = new AbortController()
  const signal = AbortSignal.any([step.signal, unneeded.signal])
  const timeout = () => Math.max(1_000, step.remainingMilliseconds() - 15_000)
  let dumped: Promise<Dump> | null = null
  const begin = (view: ExportedView) => {
    const begun = dumpObjects(event, { environment: step.environment, signal, timeout, view: view.id })
    begun.catch(() => {})
    dumped = begun
    return begun
  }
  let watch: StepWatch | null = null
  try {
    const own = event.inView ? null : begin(await beginView(source))
    const form = await readDatabaseForm(source)
    const destination = await openOrCreateDatabase(event, step, form)
    open.push(destination)
    watch = new StepWatch(event, step, { destination })
    watch.start()
    await migrateLedger(destination)
    // Those of earlier starts and of killed attempts. Listed before the run is opened: a later start's are among them only where it has opened
    // the run already, and then this one comes no further.
    const scratches = await findScratches(destination, { run: run.id, as: database.as })
    // What would end this start is asked before it takes the run from another one.
    await lookForSameSource(source, destination, event)
    await requireAlone(destination, event)
    const identity = {
      serverVersion: source.serverVersion,
      encoding: form.encoding,
      database: form.name,
      searchPath: await readSearchPath(source),
    }
    const fingerprint = taskFingerprint(event.task, endpoints, database)
    const row = await openRun(destination, run, fingerprint, identity, event.task.mode)
    if (looksOn(event.task.mode, row)) {
      requireStoredPlan(run, row, row.copiedAt !== null || (await isOfSource(source, destination, run.id)))
      return done<Planned>({ sealed: false })
    }
    if (row.former.includes(run.execution)) await requireOwnStart(destination, run)
    await dropScratches(
      destination,
      scratches.map(({ name }) => name),
    )
    if (row.state === 'sealed') return done<Planned>({ sealed: true })
    await requireAlone(destination, event)
    await requireSameSource(source, destination, event)
    const joining = await readJoining(destination, run.id, row)
    if (joining !== null) await writeEvents(destination, run.id, [joining])
    if (row.copiedAt === null) {
      const generation = own === null ? await importView(source, destination, run.id, step.signal) : 0
      if (row.objectsPlannedAt === null || !(await isOfSource(source, destination, run.id))) {
        const moment = { source, dumped: own ?? begin(await exportView(source)), generation }
        const made = await makePlan(event, step, moment, database, destination, row.objectsPlannedAt !== null)
        await storeMadePlan(destination, run.id, made)
        return done<Planned>({ sealed: false })
      }
      if (generation > 0) await markView(destination, run.id, generation, true)
    }
    await takeBackGone(destination, run.id)
    await reopenObjects(destination, run.id)
    return done<Planned>({ sealed: false })
  } catch (thrown) {
    throw watch?.failure ?? thrown
  } finally {
    unneeded.abort()
    await watch?.stop()
    await Promise.all([...open.map((session) => session.close()), (dumped as Promise<Dump> | null)?.catch(() => {})])
  }
})

/** Whether the source, in the session's view, has the structure that the stored plan is of. */
async function isOfSource(source: Session, destination: Session, run: string): Promise<boolean> {
  const { digest } = await readPlanMark(destination, run)
  return digest === (await readStructureDigest(source))
}

async function beginView(source: Session): Promise<ExportedView> {
  await source.execute(BEGIN_VIEW)
  return exportView(source)
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
