import { OWN_PATH_SQL, sourcePathSql } from '../ledger/calls.ts'
import { isLargeObjects, type Relation, type RelationAtDestination } from '../ledger/relation.ts'
import { withdrawingSql } from './beside.ts'
import { rowsOf, tableOf, whereOf } from './select.ts'

/**
 * Takes all rows of some relations from the destination. A table that is copied in part, or into which rows came beside others, may hold rows that
 * are none of this run's: these stay. Tables that refer to each other are emptied together, as PostgreSQL empties them in no other way.
 * @param run whose search path a condition needs
 * @returns empty where there is nothing to take: large objects are overwritten whole by their chunk
 */
export function emptyingSql(
  relations: readonly Pick<Relation, 'oid' | 'destination' | 'beside'>[],
  run: string,
): string {
  const tables = relations.filter((relation) => !isLargeObjects(relation))
  const own = tables
    .filter(({ beside }) => beside)
    .flatMap(({ oid, destination }) => withdrawingSql(destination, run, oid))
  const ends = tables.filter(({ beside }) => !beside).map(({ destination }) => destination)
  const whole = ends.filter(({ where }) => where === null)
  const parts = ends.filter(({ where }) => where !== null).map((end) => `DELETE FROM ${rowsOf(end)}${whereOf(end)}`)
  const deleting = [...own, ...parts]
  // TRUNCATE comes before: PostgreSQL refuses it for what others refer to, so its tables refer, and are not referred to.
  return [
    ...(whole.length === 0 ? [] : [`TRUNCATE ${whole.map(rowsOf).join(', ')}`]),
    ...(deleting.length === 0 ? [] : [sourcePathSql(run), ...deleting, OWN_PATH_SQL]),
  ].join(';\n')
}

/** Statistics for the planner. @param only of a partitioned table its own alone (18 and later) */
export function analyzingSql(relation: Pick<RelationAtDestination, 'side' | 'schema' | 'name'>, only = false): string {
  return `ANALYZE ${only ? 'ONLY ' : ''}${tableOf(relation)}`
}
