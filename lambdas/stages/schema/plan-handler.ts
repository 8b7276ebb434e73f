import { giveUpView } from '../../core/ledger/chunks/round.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { migrateLedger } from '../../core/ledger/migrate.ts'
import { storeExpectedRights } from '../../core/ledger/objects/expected-rights.ts'
import { reopenObjects } from '../../core/ledger/objects/failures.ts'
import { readKnown } from '../../core/ledger/objects/known.ts'
import { storePlan } from '../../core/ledger/objects/planned.ts'
import {
  markView,
  readPlanMark,
  readPlannedStructure,
  type Structure,
  storeStructure,
} from '../../core/ledger/objects/structure.ts'
import { looksOn, requireStoredPlan } from '../../core/ledger/onlooker.ts'
import { readJoining, requireOwnStart } from '../../core/ledger/other-start.ts'
import { markPlanned, openRun, storeDestinationPath, taskFingerprint } from '../../core/ledger/run.ts'
import { lookForSameSource, requireSameSource } from '../../core/ledger/source-server.ts'
import { StepWatch } from '../../core/ledger/step-watch.ts'
import { importView } from '../../core/ledger/view.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { dropScratches, findScratches } from '../../core/postgres/scratches.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import { BEGIN_VIEW, type ExportedView, exportView } from '../../core/postgres/snapshot.ts'
import { readSearchPath } from '../../core/postgres/source-path.ts'
import { inOneFlight, inTransaction } from '../../core/postgres/transaction.ts'
import { listed } from '../../core/present/listed.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, Endpoints, StepEvent } from '../../core/runtime/event.ts'
import { type StepTools, stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { compareStructures, describeChanges } from '../../core/structure/compare.ts'
import { readStructure, readStructureDigest } from '../../core/structure/read.ts'
import { READ_IN_VIEW } from '../../core/structure/structure-beside.ts'
import { roleMap } from '../../core/task/roles.ts'
import { nameWishes } from '../../core/task/table-options.ts'
import type { Task } from '../../core/task/task.ts'
import { deniedObjects } from './foresee/denied.ts'
import { mayRefuse, OBJECTS_REFUSED, refusalReasons, refusalText, tryObjects } from './foresee/foresee.ts'
import { requireNativeAcknowledged, withNativeTried } from './foresee/native.ts'
import type { RefusedObject } from './foresee/rehearse.ts'
import type { Dump } from './pgdump/dump.ts'
import { dumpObjects } from './pgdump/dump-objects.ts'
import { withoutWhatCannotCome } from './plan/cannot-come.ts'
import { type DatabaseProperties, databaseEntries, readDatabaseProperties } from './plan/database-properties.ts'
import { readDatabaseForm } from './plan/destination-database.ts'
import { asPlannedBefore } from './plan/extension-data.ts'
import { judgeProperties } from './plan/judge-properties.ts'
import { lackingThere } from './plan/keep.ts'
import { keepIds } from './plan/keep-ids.ts'
import { readStanding } from './plan/kept.ts'
import { requireExtensionRows } from './plan/lost-extension-rows.ts'
import { withMappedProperties } from './plan/map-roles.ts'
import { openOrCreateDatabase } from './plan/open-database.ts'
import { requireNoOtherLargeObjects, withLargeObjectsKnown } from './plan/other-large-objects.ts'
import { type PlanInput, planObjects } from './plan/plan.ts'
import { comesAlong, madeAnew, notice, readerRights, tablesMet } from './plan/plan-events.ts'
import { readPlanInput, taskDatabase } from './plan/plan-input.ts'
import { replan } from './plan/replan.ts'
import { requireRowTypeOrder } from './plan/row-type-order.ts'
import { storeReplan } from './plan/store-replan.ts'
import { readNewNames, renamesOf, underNewNames } from './plan/under-new-names.ts'
import { inUtf8, requireUtf8 } from './plan/utf8.ts'
import { requireValidChanges } from './plan/valid-changes.ts'
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
 * made where it does not exist. All is read in one view. A start that only plans changes nothing in a run that has begun to migrate. A run that has its plan keeps it, and what failed in it is tried once
 * more; where the source's structure is another one by now the plan is made anew, around what is made already. Once all rows
 * are copied they are of one moment, and nothing is planned any more.
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
        await plan(event, step, moment, database, destination, row.objectsPlannedAt !== null)
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

/** What is set for the source's database, for roles by their names on the destination. */
async function readMappedProperties(source: Session, task: Task): Promise<DatabaseProperties> {
  const found = await readDatabaseProperties(source)
  if (task.roles === undefined) return found
  const [account] = await source.rows<{ name: string }>('SELECT current_user::text AS name')
  const map = roleMap(task.roles, account?.name ?? '')
  return map === null ? found : withMappedProperties(found, map)
}

/** What a plan is read from: a session in a view, the dump that is made in the same one, and the view's generation; 0: its own. */
interface PlanMoment {
  readonly source: Session
  readonly dumped: Promise<Dump>
  readonly generation: number
}

async function beginView(source: Session): Promise<ExportedView> {
  await source.execute(BEGIN_VIEW)
  return exportView(source)
}

async function plan(
  event: StepEvent,
  step: StepTools,
  moment: PlanMoment,
  database: DatabaseIdentity,
  destination: Session,
  anew: boolean,
): Promise<void> {
  const run = event.run.id
  const { source, generation } = moment
  const structure = await readStructure(source)
  const { archive, notices } = await moment.dumped
  const names = await readNewNames(source, nameWishes(taskDatabase(event, database)))
  // One after the other: the source's session is not pipelined, and the driver warns of a question behind another.
  const read = await readPlanInput(event, step.environment, database, archive, { source, destination })
  const found = await readMappedProperties(source, event.task)
  const properties = await judgeProperties(destination, databaseEntries(found, database.as))
  await requireUnchanged(source, destination, run, structure, generation, () => leftOutNames(read))
  const known = anew ? await readKnown(destination, run) : { objects: [], relations: [] }
  const rowsAlone = taskDatabase(event, database).schema === 'existing'
  const path = await readSearchPath(source)
  const untriedInput: PlanInput = {
    ...read,
    facts: withLargeObjectsKnown(read.facts, known.relations),
    places: asPlannedBefore(read.places, known.objects),
    properties,
    number: (complete) => (anew ? keepIds(complete, known.objects) : complete),
  }
  const made = new Set(known.objects.flatMap((object) => (object.made ? [object.id] : [])))
  const tools = { signal: step.signal, made }
  const input = rowsAlone ? untriedInput : await withNativeTried(event, step.environment, untriedInput, path, tools)
  const first = planObjects(input)
  requireUtf8(first.objects, rowsAlone, source.parameters.get('server_encoding'))
  requireNativeAcknowledged(event, first.objects, input)
  // What is made already would be in the way of a trial.
  const untried = !rowsAlone && !known.objects.some(({ made }) => made)
  const refused =
    untried && mayRefuse(source, destination)
      ? await tryObjects(event, step.environment, source, first.objects, step.signal)
      : []
  const denied =
    untried && !read.roles.superuser
      ? await deniedObjects(event, step.environment, first.objects, path, step.signal)
      : new Map<number, string>()
  if (!rowsAlone) await requireExtensionRows(source, input, first.objects, event.task)
  if (read.changes !== undefined)
    await requireValidChanges(source, read.changes, first, path, destination.serverVersion)
  const none = denied.size === 0 && (refused === null || refused.length === 0)
  const settled = none ? input : withoutRefused(event, input, refused ?? [], denied)
  const whole = withoutWhatCannotCome(none ? first : planObjects(settled), event.task)
  let last: PlanInput = settled
  const named = await underNewNames(names, whole, {
    ...{ event, step, destination, facts: input.facts, path },
    replan: (transformation, more) => {
      const without = new Map([...(settled.refused ?? []), ...more])
      last = { ...settled, refused: without, transformation }
      return withoutWhatCannotCome(planObjects(last), event.task)
    },
    timeout: () => Math.max(1_000, step.remainingMilliseconds() - 15_000),
  })
  // What stands there already is met under its own name, and tried nowhere.
  const met = { task: event.task, database: taskDatabase(event, database) }
  const renames = names === null ? null : renamesOf(names, whole)
  const standing = await readStanding({ source, destination }, met, named.plan.objects, renames, known.objects)
  const settledPlan =
    standing === null ? named.plan : withoutWhatCannotCome(planObjects({ ...last, standing }), event.task)
  const planned = { ...settledPlan, objects: settledPlan.objects.map(inUtf8) }
  requireRowTypeOrder(planned.relations, input.facts.columnOrder)
  await requireNoOtherLargeObjects(destination, planned.relations, known.relations)
  const told = [
    ...notices.map(notice),
    ...readerRights(planned.readerGrants),
    ...comesAlong(planned.along),
    ...(standing === null ? [] : tablesMet(standing, lackingThere(planned.objects))),
    ...named.events,
  ]
  if (!anew) {
    await inOneFlight(destination, () => [
      keepRun(destination, run),
      ...storePlan(destination, run, planned.objects, planned.relations),
      ...storeExpectedRights(destination, run, planned.rights),
      ...storeStructure(destination, run, structure, generation),
      ...(named.path === null ? [] : [storeDestinationPath(destination, run, named.path)]),
      writeEvents(destination, run, told),
      markPlanned(destination, run, 'objects_planned_at'),
    ])
    return
  }
  const before = await readPlannedStructure(destination, run)
  const changes = replan(known.objects, known.relations, planned)
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await storeReplan(destination, run, changes)
    await Promise.all([
      ...storeExpectedRights(destination, run, planned.rights),
      ...storeStructure(destination, run, structure, generation),
      ...(named.path === null ? [] : [storeDestinationPath(destination, run, named.path)]),
      writeEvents(destination, run, [
        ...told,
        madeAnew(compareStructures(before, structure.entries), changes.unmade.length),
      ]),
      markPlanned(destination, run, 'objects_planned_at'),
    ])
  })
}

/**
 * What pg_dump prints by the server's functions is of the catalogue as it is at that moment, whatever its view. Where something
 * was changed or dropped meanwhile the dump may be of two moments: it is made again, in a newer view. What the task leaves out may change as it likes.
 * @param leftOut names of what does not come
 * @throws SampanError SRC_OBJECTS_CHANGED
 */
async function requireUnchanged(
  source: Session,
  destination: Session,
  run: string,
  { entries, digest }: Structure,
  generation: number,
  leftOut: () => ReadonlySet<string>,
): Promise<void> {
  await source.execute('COMMIT')
  if ((await readStructureDigest(source)) === digest) return
  const now = await readStructure(source)
  const changed = compareStructures(entries, now.entries).filter(
    ({ what, kind }) => what !== 'created' && !READ_IN_VIEW.has(kind),
  )
  if (changed.length === 0) return
  const others = leftOut()
  const harmful = changed.filter((change) => !others.has(nameKey(change)))
  if (harmful.length === 0) return
  if (generation > 0) await inTransaction(destination, () => giveUpView(destination, run, generation))
  throw new SampanError({
    code: 'SRC_OBJECTS_CHANGED',
    message: `the source’s structure changed while it was being read: ${describeChanges(harmful, 10)}`,
    remedy: 'nothing was written: the objects are read again; hold back changes of the schema while a migration begins',
    retryable: true,
  })
}

/** Of a dump of two moments no plan may be possible: then nothing is left out for certain. */
function leftOutNames(input: PlanInput): ReadonlySet<string> {
  try {
    const { objects } = planObjects(input)
    const comes = new Set(objects.filter(({ stage }) => stage !== 'never').map(nameKey))
    return new Set(objects.map(nameKey).filter((key) => !comes.has(key)))
  } catch {
    return new Set()
  }
}

function nameKey({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  return JSON.stringify([schema, name])
}

/** Without what the destination refuses or its account may not make, which the task must have acknowledged. @throws SampanError `DST_OBJECTS_REFUSED` */
function withoutRefused(
  event: StepEvent,
  input: PlanInput,
  refused: readonly RefusedObject[],
  denied: ReadonlyMap<number, string>,
): PlanInput {
  if (refused.length > 0 && !event.task.precheck.acknowledge.includes(OBJECTS_REFUSED)) throw objectsRefused(refused)
  return { ...input, refused: new Map([...denied, ...refusalReasons(refused)]) }
}

/** The precheck could not try: the database was still to be made, or there was no connection free. */
function objectsRefused(refused: readonly RefusedObject[]): SampanError {
  return new SampanError({
    code: OBJECTS_REFUSED,
    message: `the destination’s version refuses ${refused.length} of the objects: ${listed(refused.map(refusalText), { between: '; ' })}`,
    remedy: `nothing was made: change or drop them on the source, or acknowledge ${OBJECTS_REFUSED} to leave them out, then start again`,
  })
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
