import type { Session } from '../../postgres/connect.ts'
import { withoutKeywordQuotesSql } from '../../postgres/identifiers.ts'
import { sqlFile } from '../../postgres/sql-file.ts'

const MARK_GONE = sqlFile(new URL('./sql/mark-gone.sql', import.meta.url))

/** An object that has its receipt, and is not there any more; as the destination calls it. */
export interface GoneObject {
  readonly id: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  /** It stood there before the run, which cannot make it anew. */
  readonly kept: boolean
}

/** What is on the destination. */
export interface Present {
  /** A query `kind, schema, name` of text, in pg_dump's words; the schema is '' where there is none. */
  readonly sql: string
  /** The kinds that it tells of. */
  readonly kinds: readonly string[]
}

/** SQL: an object's tag, of which the archive has the types as the source writes them. */
export function taggedAlike(alias: string): string {
  const name = withoutKeywordQuotesSql(`${alias}.name`)
  return `CASE WHEN ${alias}.kind IN ('FUNCTION', 'PROCEDURE', 'AGGREGATE') THEN ${name} ELSE ${alias}.name END`
}

/**
 * What has its receipt, and is not among what is present. One question, whatever their number: all names are grouped, as a join of
 * tables that nobody has analyzed could be their square. `SET DEFAULT NULL`, by which pg_dump takes an inherited default off a
 * child's column, leaves nothing in the catalogue that could be looked for.
 */
export function readMissing(destination: Session, run: string, present: Present): Promise<GoneObject[]> {
  return destination.rows<GoneObject>(
    `WITH there(kind, schema, name) AS (
       ${present.sql}
     ), both_sides(id, kind, schema, name, kept) AS (
       SELECT o.id, o.kind, COALESCE(o.destination_schema, o.schema, '') COLLATE pg_catalog."C",
              COALESCE(o.destination_name, o.name) COLLATE pg_catalog."C", o.kept
         FROM sampan.object o
        WHERE o.run = $1 AND o.status IN ('migrated', 'transformed') AND o.kind = ANY ($2::text[])
          AND NOT (o.kind = 'DEFAULT' AND o.sql ~ ' SET DEFAULT NULL;[[:space:]]*$')
       UNION ALL
       SELECT NULL, t.kind, t.schema COLLATE pg_catalog."C", t.name COLLATE pg_catalog."C", NULL FROM there t
     )
     SELECT min(b.id) AS id, b.kind, NULLIF(b.schema, '') AS schema, min(b.name) AS name, pg_catalog.bool_or(b.kept) AS kept FROM both_sides b
      GROUP BY b.kind, b.schema, ${taggedAlike('b')} HAVING pg_catalog.bool_and(b.id IS NOT NULL) ORDER BY 1`,
    [run, present.kinds],
  )
}

/**
 * Takes back the receipts of objects that are gone, of what is only said of them, and of their rows; call it inside a transaction that
 * keeps writers out.
 * @param why the error's code; kinds that are looked up by name, the others follow what they are said of
 * @returns false where the next start could not make up for it: nothing is taken back then
 */
export async function takeBackReceipts(
  destination: Session,
  run: string,
  ids: readonly number[],
  why: { readonly code: string; readonly lookedUp: readonly string[] },
): Promise<boolean> {
  const [row] = await destination.rows<{ again: boolean }>(MARK_GONE, [run, ids, why.lookedUp, why.code])
  return row?.again === true
}
