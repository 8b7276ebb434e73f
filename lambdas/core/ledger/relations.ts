import type { Session } from '../postgres/connect.ts'
import type { Relation } from './relation.ts'

/** A row of sampan.relation beside what sampan.destination_of() makes of it. */
interface Row extends Omit<Relation, 'source' | 'destination' | 'behind'> {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly where: string | null
  readonly digestSql: string | null
  readonly tree: boolean
  readonly expressions: readonly (string | null)[] | null
  readonly thereSchema: string
  readonly thereName: string
  readonly thereColumns: readonly string[]
  readonly thereWhere: string | null
  readonly thereDigestSql: string | null
  readonly behind: readonly string[]
}

/** @param which all of the run's, or those alone whose binary form was refused during the copy */
export async function readRelations(
  destination: Session,
  run: string,
  which: 'all' | 'fell_back' = 'all',
): Promise<Relation[]> {
  const more = which === 'all' ? '' : 'AND r.fell_back'
  const rows = await destination.rows<Row>(
    `SELECT r.oid, r.schema, r.name, r.columns, r.excluded, r.types, r.format, r.condition AS "where", r.digest_sql AS "digestSql", r.has_key AS "hasKey",
            r.tree, r.expressions, r.bytes::float8 AS bytes, r.pages::float8 AS pages, r.reads, r.beside, r.behind::bigint[]::text[] AS behind,
            d.schema AS "thereSchema", d.name AS "thereName", d.columns AS "thereColumns", d.condition AS "thereWhere",
            d.digest_sql AS "thereDigestSql",
            EXISTS (SELECT FROM sampan.object o WHERE o.run = r.run AND o.id = r.object AND o.kept) AS kept,
            EXISTS (SELECT FROM sampan.object o WHERE o.run = r.run AND o.id = r.object AND o.status IN ('failed', 'blocked')) AS absent
       FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
      WHERE r.run = $1 ${more} ORDER BY r.schema, r.name`,
    [run],
  )
  return rows.map(relationOf)
}

function relationOf(row: Row): Relation {
  const { oid, types, format, hasKey, bytes, pages, tree, excluded = [], reads = [], kept = false, beside = null } = row
  const { absent = false } = row
  return {
    ...{ oid, types, format, hasKey, bytes, pages, excluded, reads, kept, beside, absent },
    behind: row.behind.map(Number),
    source: {
      ...{
        side: 'source',
        schema: row.schema,
        name: row.name,
        columns: row.columns,
        where: row.where,
        digestSql: row.digestSql,
      },
      tree,
      expressions: row.expressions ?? [],
    },
    destination: {
      ...{ side: 'destination', schema: row.thereSchema, name: row.thereName, columns: row.thereColumns },
      ...{ where: row.thereWhere, digestSql: row.thereDigestSql, tree },
    },
  }
}

/** Those that are there to be followed: what could not be made is left out, where the task goes on without it. */
export async function readFollowedRelations(destination: Session, run: string): Promise<Relation[]> {
  return (await readRelations(destination, run)).filter(({ absent }) => !absent)
}

/** Source oids of the relations whose rows the task filters, or whose values it computes. */
export async function readChangedRelations(destination: Session, run: string): Promise<readonly number[]> {
  const rows = await destination.rows<{ oid: number }>(
    `SELECT oid FROM sampan.relation WHERE run = $1 AND (filtered OR expressions IS NOT NULL) ORDER BY oid`,
    [run],
  )
  return rows.map(({ oid }) => oid)
}

/** How a relation's rows travel and how they are compared: decided once, by PlanCopy. */
export interface RelationForm {
  readonly oid: number
  readonly format: 'binary' | 'text'
  readonly digestSql: string | null
  /** Why it is text; `null` where it is binary. */
  readonly formatReason: string | null
  /** `digestSql` with every column as text: for the day the binary form turns out to be a wrong guess. */
  readonly textDigestSql: string | null
  /** Both of the destination's columns; `null` where these are the source's, of the same names and as they are. */
  readonly there: { readonly digestSql: string | null; readonly textDigestSql: string | null } | null
  /** Columns, or attributes of them, of whose values only NULL and not NULL is compared. */
  readonly notCompared: readonly string[]
  /** How the relation is cut into chunks, and why in that way. */
  readonly cutReason: string
  /** About how many rows it has on the source, whatever a filter lets come; `null` where that is not known, or nobody asks. */
  readonly rowsEstimated: number | null
}

/** Stores the form of many relations in one statement. */
export async function storeForms(destination: Session, run: string, forms: readonly RelationForm[]): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation r SET format = f.format, digest_sql = f."digestSql",
            format_reason = f."formatReason", text_digest_sql = f."textDigestSql", cut_reason = f."cutReason", rows_estimated = f."rowsEstimated",
            destination_digest_sql = f.there ->> 'digestSql', destination_text_digest_sql = f.there ->> 'textDigestSql',
            not_compared = ARRAY(SELECT pg_catalog.jsonb_array_elements_text(f."notCompared"))
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS f(oid oid, format text, "digestSql" text, "formatReason" text,
                                                    "textDigestSql" text, "cutReason" text, "rowsEstimated" bigint, there jsonb, "notCompared" jsonb)
      WHERE r.run = $1 AND r.oid = f.oid`,
    [run, JSON.stringify(forms)],
  )
}
