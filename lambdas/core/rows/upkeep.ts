import { OWN_PATH_SQL, sourcePathSql } from '../ledger/calls.ts'
import { isLargeObjects, type Relation, type RelationAtDestination } from '../ledger/relation.ts'
import { rowsOf, tableOf, whereOf } from './select.ts'

/**
 * Takes all rows of a relation from the destination. A table that is copied in part may hold rows that are none of this run's: these stay.
 * @param run whose search path the condition needs
 * @returns null where there is nothing to take: large objects are overwritten whole by their chunk
 */
export function emptyingSql(relation: Pick<Relation, 'oid' | 'destination'>, run: string): string | null {
  if (isLargeObjects(relation)) return null
  const { destination } = relation
  if (destination.where === null) return `TRUNCATE ${rowsOf(destination)}`
  return [sourcePathSql(run), `DELETE FROM ${rowsOf(destination)}${whereOf(destination)}`, OWN_PATH_SQL].join(';\n')
}

/** Statistics for the planner. */
export function analyzingSql(relation: Pick<RelationAtDestination, 'side' | 'schema' | 'name'>): string {
  return `ANALYZE ${tableOf(relation)}`
}
