import { objectName } from '../ledger/object-name.ts'
import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import { presentKinds, presentSql } from './present-sql.ts'

const MARK_GONE = sqlFile(new URL('./sql/mark-gone.sql', import.meta.url))

/** Of objects that have their receipts, and are not there any more. */
const OBJECTS_GONE = 'DST_OBJECTS_GONE' as const

export interface GoneObject {
  readonly id: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
}

/**
 * What the ledger says was made, and the catalogue does not know: somebody else has dropped or renamed it. One question, whatever
 * their number: all names are grouped, as a join of tables that nobody has analyzed could be their square.
 */
export function readGone(destination: Session, run: string): Promise<GoneObject[]> {
  const { serverVersion } = destination
  return destination.rows<GoneObject>(
    `WITH there(kind, schema, name) AS (
       ${presentSql(serverVersion)}
     ), both_sides(id, kind, schema, name) AS (
       SELECT o.id, o.kind, COALESCE(o.schema, '') COLLATE pg_catalog."C", o.name COLLATE pg_catalog."C"
         FROM sampan.object o
        WHERE o.run = $1 AND o.status IN ('migrated', 'transformed') AND o.kind = ANY ($2::text[])
       UNION ALL
       SELECT NULL, t.kind, t.schema COLLATE pg_catalog."C", t.name COLLATE pg_catalog."C" FROM there t
     )
     SELECT min(b.id) AS id, b.kind, NULLIF(b.schema, '') AS schema, b.name FROM both_sides b
      GROUP BY b.kind, b.schema, b.name HAVING pg_catalog.bool_and(b.id IS NOT NULL) ORDER BY 1`,
    [run, presentKinds(serverVersion)],
  )
}

const MOST_NAMES = 10

/** What is gone, and how it comes back. @param again what markGone() answered */
export function goneObjects(gone: readonly GoneObject[], again: boolean) {
  const named = gone
    .slice(0, MOST_NAMES)
    .map(({ kind, schema, name }) => `${kind} ${objectName({ kind, schema, name })}`)
  const rest = gone.length - named.length
  return {
    code: OBJECTS_GONE,
    message: `somebody else has dropped or renamed ${gone.length === 1 ? 'one object' : `${gone.length} objects`} on the destination that this run had made: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`,
    remedy: again
      ? 'keep others from changing the destination, then start the task again: what is gone is made anew, and of tables the rows are copied again'
      : 'rows have gone with it that cannot be told from others: keep others from changing the destination, empty it, and migrate anew',
  } as const
}

/**
 * Takes back the receipts of what is gone, so that the next start makes it anew; call it inside a transaction that keeps writers out.
 * @returns false where the next start could not make up for it: nothing is taken back then
 */
export async function markGone(destination: Session, run: string, gone: readonly GoneObject[]): Promise<boolean> {
  const ids = gone.map(({ id }) => id)
  const [row] = await destination.rows<{ again: boolean }>(MARK_GONE, [
    run,
    ids,
    presentKinds(destination.serverVersion),
    OBJECTS_GONE,
  ])
  return row?.again === true
}
