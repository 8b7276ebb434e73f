import { LARGE_OBJECT_IDS } from '../../../core/postgres/value-types.ts'
import type { CheckContext } from '../context.ts'
import { runIsKnown } from './ledger.ts'
import { chosenRelations } from './relations.ts'

/** Whether the source’s large objects come, if it has any: with everything, or with a table whose columns may point to them, as in the plan. */
export async function largeObjectsCome(context: CheckContext): Promise<boolean> {
  const { selection } = context
  if (selection.everything || selection.excludedObjects.some(({ kind }) => kind === 'LARGE OBJECTS'))
    return selection.largeObjects
  const tables = (await context.fact(chosenRelations)).filter(({ kind }) => kind === 'r' || kind === 'p')
  const [row] = await context.source.rows<{ pointing: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
                       AND pg_catalog.format_type(a.atttypid, NULL) ~ $2) AS pointing`,
    [tables.map(({ oid }) => oid), LARGE_OBJECT_IDS.source],
  )
  return row?.pointing === true
}

/** Named of those that are in the way. */
const MOST_NAMED = 100

/**
 * Large objects that stand in the destination where others come: of the same ids they would be overwritten, and of other ids the two
 * ends could not be equal.
 */
export async function largeObjectsInTheWay(context: CheckContext): Promise<readonly string[]> {
  if (!(await context.fact(largeObjectsCome)) || (await context.fact(runIsKnown))) return []
  const [source] = await context.source.rows<{ any: boolean }>(
    'SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS any',
  )
  if (source?.any !== true) return []
  const rows = await context.destination.rows<{ oid: number }>(
    `SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid LIMIT ${MOST_NAMED}`,
  )
  return rows.map(({ oid }) => `large object ${oid}`)
}
