import { listed } from '../../core/present/listed.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import type { DatabaseReport, ObjectReport, Report } from './model.ts'
import { isLeftOut, isUnmade, isUnmadeTable, rankOfUnmade } from './object-kinds.ts'
import { sumOf } from './totals.ts'

/** An object that could not be made, or needs one that could not. */
export interface UnmadeObject {
  readonly database: string
  readonly object: ObjectReport
  /** Of a table: what its rows are estimated at, bytes; `null` where that is not known. */
  readonly bytes: number | null
}

/** How many are named in a sentence. */
const NAMED = 5

/** Those of the objects that a run went on without that the report lists, tables first: with them rows are missing. */
export function unmadeObjects(databases: readonly DatabaseReport[]): readonly UnmadeObject[] {
  const unmade = databases.flatMap(({ name: database, objects, tables }) => {
    const found = objects.filter(isUnmade)
    const bytes = new Map(found.length === 0 ? [] : tables.map((table) => [table.name, table.bytes]))
    return found.map((object) => ({
      ...{ database, object },
      bytes: isUnmadeTable(object) ? (bytes.get(object.name) ?? null) : null,
    }))
  })
  return unmade.toSorted((one, other) => rankOfUnmade(one.object) - rankOfUnmade(other.object))
}

/** How many objects have not arrived, listed or not. */
export function countUnmade(databases: readonly DatabaseReport[]): number {
  return sumOf(databases, 'failed') + sumOf(databases, 'blocked')
}

/** What is missing, for people: of a materialized view that could not be filled only its rows, and REFRESH makes them at any time. */
export function unmadeName({ kind, name }: Pick<ObjectReport, 'kind' | 'name'>): string {
  return kind === 'MATERIALIZED VIEW DATA' ? `the rows of materialized view ${name}` : `${kind.toLowerCase()} ${name}`
}

/** Why a run that came to its end is not whole; `null` where it is. */
export function unmadeError(databases: readonly DatabaseReport[]): StepError | null {
  const count = countUnmade(databases)
  if (count === 0) return null
  const names = unmadeObjects(databases).map(({ database, object }) => {
    const where = databases.length === 1 ? '' : `${database}: `
    return `${where}${unmadeName(object)}`
  })
  const tables = sumOf(databases, 'tablesUnmade')
  const rows = tables === 0 ? '' : `, with the rows of ${tables === 1 ? 'one table' : `${tables} tables`}`
  return {
    kind: 'other',
    code: 'OBJECTS_LEFT_OUT',
    message: `${count} ${count === 1 ? 'object has' : 'objects have'} not arrived${rows}: ${listed(names, { most: NAMED, of: count })}`,
    remedy: 'the report says why of each; mend the cause and make them by hand, or migrate again under another name',
  }
}

/** What the task chose and was left out: how many, and those that the report lists. */
export interface LeftOut {
  readonly count: number
  readonly listed: readonly ObjectReport[]
}

/**
 * What the task chose and was left out, because it needs something that is: it was acknowledged, and is told all the same where the
 * run says how it ended.
 */
export function leftOutOfChoice({ task, databases }: Pick<Report, 'task' | 'databases'>): LeftOut {
  if (!ACKNOWLEDGED.some((code) => task.acknowledged.includes(code))) return { count: 0, listed: [] }
  const listed = databases.flatMap(({ objects }) => objects.filter(isLeftOut))
  return {
    count: sumOf(databases, 'leftOut'),
    listed: listed.toSorted((one, other) => rankOfUnmade(one) - rankOfUnmade(other)),
  }
}

const ACKNOWLEDGED = ['CHOSEN_CANNOT_COME', 'DST_PRIVILEGED_OBJECTS', 'DST_OBJECTS_REFUSED']
