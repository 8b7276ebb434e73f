import { listed } from '../../core/present/listed.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import type { DatabaseReport, ObjectReport, Report } from './model.ts'

/** An object that could not be made, or needs one that could not. */
export interface UnmadeObject {
  readonly database: string
  readonly object: ObjectReport
  /** Of a table: what its rows are estimated at, bytes; `null` where that is not known. */
  readonly bytes: number | null
}

/** How many are named in a sentence; the report names all. */
const NAMED = 5

/** All objects that a run went on without, tables first: with them rows are missing. */
export function unmadeObjects(databases: readonly DatabaseReport[]): readonly UnmadeObject[] {
  const unmade = databases.flatMap(({ name: database, objects, tables }) =>
    objects
      .filter(({ status }) => status === 'failed' || status === 'blocked')
      .map((object) => ({
        ...{ database, object },
        bytes: tables.find((table) => isTable(object) && table.name === object.name)?.bytes ?? null,
      })),
  )
  return unmade.toSorted((one, other) => rank(one.object) - rank(other.object))
}

/** What is missing, for people: of a materialized view that could not be filled only its rows, and REFRESH makes them at any time. */
export function unmadeName({ kind, name }: Pick<ObjectReport, 'kind' | 'name'>): string {
  return kind === 'MATERIALIZED VIEW DATA' ? `the rows of materialized view ${name}` : `${kind.toLowerCase()} ${name}`
}

/** Why a run that came to its end is not whole; `null` where it is. */
export function unmadeError(databases: readonly DatabaseReport[]): StepError | null {
  const unmade = unmadeObjects(databases)
  if (unmade.length === 0) return null
  const names = unmade.map(({ database, object }) => {
    const where = databases.length === 1 ? '' : `${database}: `
    return `${where}${unmadeName(object)}`
  })
  const tables = unmade.filter(({ object }) => isTable(object)).length
  const rows = tables === 0 ? '' : `, with the rows of ${tables === 1 ? 'one table' : `${tables} tables`}`
  return {
    kind: 'other',
    code: 'OBJECTS_LEFT_OUT',
    message: `${unmade.length} ${unmade.length === 1 ? 'object has' : 'objects have'} not arrived${rows}: ${listed(names, { most: NAMED })}`,
    remedy: 'the report says why of each; mend the cause and make them by hand, or migrate again under another name',
  }
}

/**
 * What the task chose and was left out, because it needs something that is: it was acknowledged, and is told all the same where the
 * run says how it ended.
 */
export function leftOutOfChoice({ task, databases }: Pick<Report, 'task' | 'databases'>): readonly ObjectReport[] {
  if (!ACKNOWLEDGED.some((code) => task.acknowledged.includes(code))) return []
  return databases
    .flatMap(({ objects }) => objects)
    .filter(({ kind, status, reason }) => status === 'skipped' && isRelation(kind) && LEFT_OUT.test(reason ?? ''))
    .toSorted((one, other) => rank(one) - rank(other))
}

const ACKNOWLEDGED = ['CHOSEN_CANNOT_COME', 'DST_PRIVILEGED_OBJECTS', 'DST_OBJECTS_REFUSED']

const LEFT_OUT =
  /^it needs .*, which (is excluded|is left out|the destination’s account may not make|the destination’s version refuses)$/

const isRelation = (kind: string): boolean => /(TABLE|VIEW|SEQUENCE)$/.test(kind)

const isTable = ({ kind }: ObjectReport): boolean => /^(TABLE|TABLE DATA|MATERIALIZED VIEW|PARTITION.*)$/.test(kind)

/** Failed before blocked, tables before all. */
function rank(object: ObjectReport): number {
  return (isTable(object) ? 0 : 2) + (object.status === 'failed' ? 0 : 1)
}
