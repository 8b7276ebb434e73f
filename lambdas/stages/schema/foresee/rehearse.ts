import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { remarkKinds } from '../../../core/task/select/selectable.ts'

const REHEARSE = sqlFile(new URL('../sql/rehearse.sql', import.meta.url))

/** An object that the destination does not take, and what it said. */
export interface RefusedObject {
  readonly object: PlannedObject
  readonly message: string
  /** Planned objects that cannot be without it. */
  readonly dependants: readonly PlannedObject[]
}

/** What was said of one object. */
export interface Refusal {
  readonly object: PlannedObject
  readonly state: string
  readonly message: string
}

/** A transaction holds a lock on all it has made: on three quarters of the smallest lock table at most. */
const MOST_RELATIONS = 1_500
const MOST_OBJECTS = 20_000
const RELATIONS = /TABLE|VIEW|SEQUENCE/

/** What is made before the rows or says what a server does with them; each may speak of something that a newer version has not. */
const AFTER_ROWS: ReadonlySet<string> = new Set(['RULE', 'TRIGGER', 'POLICY', 'CHECK CONSTRAINT'])

/**
 * Not the version's refusals: a name that is taken, a right that is missing. Other checks tell of those, and of what they mean
 * for the rest.
 */
export const OTHERS_MATTER = /^(42P06|42P07|42710|42723|42501|42712|23505)$/

/** The server had no time or no room. */
const NOT_ANSWERED = /^(53|54|55P03|57)/

/** The same of the whole try, or the account may make no schema to try in. */
const UNKNOWN = new RegExp(`${NOT_ANSWERED.source}|^42501$`)

/**
 * Makes the objects of the plan in one transaction of the destination and takes all of it back.
 * @param foreseen what is known to be refused already
 * @param session to the destination's database, used for nothing else; its time-outs bound the try
 * @returns what is refused; `null` where that is not to be known: too many objects for one transaction, no right to try
 */
export async function rehearse(
  session: Session,
  objects: readonly PlannedObject[],
  sourcePath: SearchPath,
  foreseen: readonly Refusal[] = [],
): Promise<readonly RefusedObject[] | null> {
  const tried = triedOf(objects)
  const unknown = foreseen.length === 0 ? null : judge(objects, foreseen)
  const relations = tried.filter(({ kind }) => RELATIONS.test(kind)).length
  if (relations > MOST_RELATIONS || tried.length > MOST_OBJECTS) return unknown
  try {
    const failures = await failuresOf(
      session,
      tried.map(({ sql }) => sql),
      sourcePath,
    )
    const found = failures.map(({ number, ...failure }) => {
      const object = tried[number - 1]
      if (object === undefined) throw new RangeError(`statement ${number} was not sent`)
      return { object, ...failure }
    })
    return judge(objects, [...found, ...foreseen]) ?? unknown
  } catch (thrown) {
    if (thrown instanceof DatabaseError && thrown.kind !== 'connection' && UNKNOWN.test(thrown.sqlState ?? ''))
      return unknown
    throw thrown
  }
}

/**
 * Makes some of the plan's objects in one transaction and takes them back.
 * @param wanted those that are tried, in order
 * @param counts which refusals are told
 * @returns what is refused; nothing where that is not to be known
 */
export async function rehearseSome(
  session: Session,
  objects: readonly PlannedObject[],
  wanted: readonly PlannedObject[],
  sourcePath: SearchPath,
  counts: (refusal: Refusal) => boolean,
): Promise<readonly RefusedObject[]> {
  if (wanted.filter(({ kind }) => RELATIONS.test(kind)).length > MOST_RELATIONS || wanted.length > MOST_OBJECTS)
    return []
  try {
    const failures = await failuresOf(
      session,
      wanted.map(({ sql }) => sql),
      sourcePath,
    )
    const refused = failures.flatMap(({ number, ...failure }) => {
      const object = wanted[number - 1]
      return object !== undefined && counts({ object, ...failure }) ? [{ object, ...failure }] : []
    })
    return judge(objects, refused, () => true) ?? []
  } catch (thrown) {
    if (thrown instanceof DatabaseError && thrown.kind !== 'connection' && UNKNOWN.test(thrown.sqlState ?? ''))
      return []
    throw thrown
  }
}

/** What waits for something that is not tried, such as a key, is not tried either. */
function triedOf(objects: readonly PlannedObject[]): readonly PlannedObject[] {
  const untried = new Set<number>()
  return objects.filter((object) => {
    const isTried = mayBeTried(object) && !object.dependencies.some((id) => untried.has(id))
    if (!isTried && !remarkKinds.has(object.kind)) untried.add(object.id)
    return isTried
  })
}

function mayBeTried({ kind, stage, status }: PlannedObject): boolean {
  if (status !== 'pending' || remarkKinds.has(kind) || kind === 'EVENT TRIGGER') return false
  return stage === 'create' || AFTER_ROWS.has(kind)
}

type Failure = Omit<Refusal, 'object'>

async function failuresOf(
  session: Session,
  statements: readonly string[],
  sourcePath: SearchPath,
): Promise<readonly (Failure & { readonly number: number })[]> {
  const [begun, schema, made, found] = await Promise.allSettled([
    session.execute('BEGIN'),
    session.execute('CREATE SCHEMA sampan_probe'),
    session.execute(REHEARSE),
    session.rows<Failure & { number: number }>('SELECT * FROM sampan_probe.rehearse($1::text[], $2)', [
      statements,
      sourcePath,
    ]),
    session.execute('ROLLBACK'),
  ])
  // The first: those behind it only say that the transaction is aborted.
  for (const answer of [begun, schema, made]) if (answer.status === 'rejected') throw answer.reason
  if (found.status === 'rejected') throw found.reason
  return found.value
}

function judge(
  objects: readonly PlannedObject[],
  failures: readonly Refusal[],
  counts: (failure: Failure) => boolean = ({ state }) => !OTHERS_MATTER.test(state),
): readonly RefusedObject[] | null {
  // What needs an extension that could not be made here fails in ways of its own.
  if (failures.some(({ object, state }) => object.kind === 'EXTENSION' || NOT_ANSWERED.test(state))) return null
  const failed = new Map(failures.map(({ object, ...failure }) => [object.id, failure]))
  const roots = new Map<number, number>()
  const refused = new Map<number, RefusedObject & { dependants: PlannedObject[] }>()
  // In the order in which they are made: what an object needs stands before it.
  for (const object of objects) {
    const cause = remarkKinds.has(object.kind) ? undefined : object.dependencies.find((id) => roots.has(id))
    const failure = failed.get(object.id)
    if (cause !== undefined) {
      const root = roots.get(cause) ?? cause
      roots.set(object.id, root)
      if (object.status === 'pending') refused.get(root)?.dependants.push(object)
    } else if (failure !== undefined) {
      roots.set(object.id, object.id)
      if (counts(failure)) {
        refused.set(object.id, { object, message: failure.message, dependants: [] })
      }
    }
  }
  return [...refused.values()]
}
