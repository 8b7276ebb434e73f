import { readKnown } from '../../../core/ledger/objects/known.ts'
import type { Structure } from '../../../core/ledger/objects/structure.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { readSearchPath } from '../../../core/postgres/source-path.ts'
import type { DatabaseIdentity, StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { readStructure } from '../../../core/structure/read.ts'
import { roleMap } from '../../../core/task/roles.ts'
import { nameWishes } from '../../../core/task/table-options.ts'
import type { Task } from '../../../core/task/task.ts'
import { withoutWhatIsRefused } from '../foresee/leave-out.ts'
import { requireNativeAcknowledged, withNativeTried } from '../foresee/native.ts'
import type { Dump } from '../pgdump/dump.ts'
import { keepIds } from './anew/keep-ids.ts'
import { withoutWhatCannotCome } from './cannot-come.ts'
import { type DatabaseProperties, databaseEntries, readDatabaseProperties } from './database/database-properties.ts'
import { judgeProperties } from './database/judge-properties.ts'
import { asPlannedBefore } from './extension-data.ts'
import { requireExtensionRows } from './lost-extension-rows.ts'
import { leftOutNames, requireUnchanged } from './one-moment.ts'
import { type Plan, type PlanInput, planObjects } from './plan.ts'
import { comesAlong, notice, readerRights, tablesMet } from './plan-events.ts'
import { readPlanInput, taskDatabase } from './plan-input.ts'
import { withMappedProperties } from './rights/map-roles.ts'
import { requireRowTypeOrder } from './row-type-order.ts'
import { lackingThere } from './standing/keep.ts'
import { readStanding } from './standing/kept.ts'
import { requireNoOtherLargeObjects, withLargeObjectsKnown } from './standing/other-large-objects.ts'
import type { MadePlan } from './store-plan.ts'
import { type NewNames, readNewNames, renamesOf, underNewNames } from './under-new-names.ts'
import { inUtf8, requireUtf8 } from './utf8.ts'
import { requireValidChanges } from './valid-changes.ts'

/** What a plan is read from: a session in a view, the dump that is made in the same one, and the view's generation; 0: its own. */
export interface PlanMoment {
  readonly source: Session
  readonly dumped: Promise<Dump>
  readonly generation: number
}

/** The servers, and whose plan it is. */
interface Place {
  readonly source: Session
  readonly destination: Session
  readonly database: DatabaseIdentity
}

type Known = Awaited<ReturnType<typeof readKnown>>

/** What was read of the source and of the destination before anything is tried. */
interface Read {
  readonly input: PlanInput
  readonly known: Known
  readonly structure: Structure
  readonly names: NewNames | null
  readonly path: SearchPath
  /** The destination's structure stands already: rows come, and nothing is made. */
  readonly rowsAlone: boolean
}

/**
 * The plan of one database: read in one view, tried where the destination may refuse something, put under new names, and laid over
 * what stands there.
 * @param anew around what an earlier plan of the run has made
 * @throws SampanError with what keeps the plan from being made; nothing was written
 */
export async function makePlan(
  event: StepEvent,
  step: StepTools,
  moment: PlanMoment,
  database: DatabaseIdentity,
  destination: Session,
  anew: boolean,
): Promise<MadePlan> {
  const { source, generation } = moment
  const place = { source, destination, database }
  const { archive, notices } = await moment.dumped
  const read = await readAll(event, step, place, archive, { generation, anew })
  const { known, structure } = read
  const { input, first } = await tried(event, step, place, read)
  const whole = withoutWhatCannotCome(first, event.task)
  let last = input
  const named = await underNewNames(read.names, whole, {
    ...{ event, step, destination, facts: input.facts, path: read.path },
    replan: (transformation, more) => {
      last = { ...input, refused: new Map([...(input.refused ?? []), ...more]), transformation }
      return withoutWhatCannotCome(planObjects(last), event.task)
    },
    timeout: () => Math.max(1_000, step.remainingMilliseconds() - 15_000),
  })
  // What stands there already is met under its own name, and tried nowhere.
  const met = { task: event.task, database: taskDatabase(event, database) }
  const renames = read.names === null ? null : renamesOf(read.names, whole)
  const standing = await readStanding(place, met, named.plan.objects, renames, known.objects)
  const settled = standing === null ? named.plan : withoutWhatCannotCome(planObjects({ ...last, standing }), event.task)
  const plan = { ...settled, objects: settled.objects.map(inUtf8) }
  requireRowTypeOrder(plan.relations, input.facts.columnOrder)
  await requireNoOtherLargeObjects(destination, plan.relations, known.relations)
  const told = [
    ...notices.map(notice),
    ...readerRights(plan.readerGrants),
    ...comesAlong(plan.along),
    ...(standing === null ? [] : tablesMet(standing, lackingThere(plan.objects))),
    ...named.events,
  ]
  return { plan, structure, generation, path: named.path, told, known: anew ? known : null }
}

/** One after the other: the source's session is not pipelined, and the driver warns of a question behind another. */
async function readAll(
  event: StepEvent,
  step: StepTools,
  { source, destination, database }: Place,
  archive: Uint8Array,
  { generation, anew }: { readonly generation: number; readonly anew: boolean },
): Promise<Read> {
  const run = event.run.id
  const structure = await readStructure(source)
  const names = await readNewNames(source, nameWishes(taskDatabase(event, database)))
  const read = await readPlanInput(event, step.environment, database, archive, { source, destination })
  const found = await readMappedProperties(source, event.task)
  const properties = await judgeProperties(destination, databaseEntries(found, database.as))
  await requireUnchanged(source, destination, run, structure, generation, () => leftOutNames(read))
  const known = anew ? await readKnown(destination, run) : { objects: [], relations: [] }
  const input: PlanInput = {
    ...read,
    facts: withLargeObjectsKnown(read.facts, known.relations),
    places: asPlannedBefore(read.places, known.objects),
    properties,
    number: (complete) => (anew ? keepIds(complete, known.objects) : complete),
  }
  const rowsAlone = taskDatabase(event, database).schema === 'existing'
  return { input, known, structure, names, path: await readSearchPath(source), rowsAlone }
}

/** The plan without what the destination was seen to refuse. Where rows come alone nothing has to be tried. */
async function tried(
  event: StepEvent,
  step: StepTools,
  { source, destination }: Place,
  { input: untried, known, path, rowsAlone }: Read,
): Promise<{ readonly input: PlanInput; readonly first: Plan }> {
  const made = new Set(known.objects.flatMap((object) => (object.made ? [object.id] : [])))
  const tools = { signal: step.signal, made }
  const input = rowsAlone ? untried : await withNativeTried(event, step.environment, untried, path, tools)
  const first = planObjects(input)
  requireUtf8(first.objects, rowsAlone, source.parameters.get('server_encoding'))
  requireNativeAcknowledged(event, first.objects, input)
  if (!rowsAlone) await requireExtensionRows(source, input, first.objects, event.task)
  if (input.changes !== undefined)
    await requireValidChanges(source, input.changes, first, path, destination.serverVersion)
  // What is made already would be in the way of a trial.
  if (rowsAlone || made.size > 0) return { input, first }
  const left = await withoutWhatIsRefused(event, step, input, { objects: first.objects, source, destination, path })
  return { input: left, first: left === input ? first : planObjects(left) }
}

/** What is set for the source's database, for roles by their names on the destination. */
async function readMappedProperties(source: Session, task: Task): Promise<DatabaseProperties> {
  const found = await readDatabaseProperties(source)
  if (task.roles === undefined) return found
  const [account] = await source.rows<{ name: string }>('SELECT current_user::text AS name')
  const map = roleMap(task.roles, account?.name ?? '')
  return map === null ? found : withMappedProperties(found, map)
}
