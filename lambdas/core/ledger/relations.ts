import type { Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'

/** The relation row that stands for all large objects of the database. */
export const LARGE_OBJECTS_OID = 0

/** A relation whose rows are copied. `oid` is the source's. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** In attnum order, without dropped and generated columns. */
  readonly columns: readonly string[]
  /** `format_type` of each column. */
  readonly types: readonly string[]
  readonly format: 'binary' | 'text'
  /** The SQL expression that hashes one row to an int8, `null` where rows are not validated. */
  readonly digestSql: string | null
  readonly hasKey: boolean
  /** A partitioned table that travels through its root, with all its partitions. */
  readonly tree: boolean
  /** On the source: its rows' and its TOAST's file. */
  readonly bytes: number
  /** Pages of the main fork on the source. */
  readonly pages: number
  /** Which of its rows are migrated, and compared: an SQL condition that both ends evaluate. `null`: all of them. */
  readonly where: string | null
  /**
   * Oids of relations whose rows must be there first: foreign keys stand already. Itself among them where its rows refer to each other: then it
   * travels whole.
   */
  readonly behind: readonly number[]
}

const FIELDS = `oid, schema, name, columns, types, format, digest_sql AS "digestSql", has_key AS "hasKey", tree,
                bytes::float8 AS bytes, pages::float8 AS pages, condition AS "where", behind::bigint[]::text[] AS behind`

/** @param which all of the run's, or those alone whose binary form was refused during the copy */
export async function readRelations(
  destination: Session,
  run: string,
  which: 'all' | 'fell_back' = 'all',
): Promise<Relation[]> {
  const more = which === 'all' ? '' : 'AND fell_back'
  const rows = await destination.rows<Omit<Relation, 'behind'> & { readonly behind: readonly string[] }>(
    `SELECT ${FIELDS} FROM sampan.relation WHERE run = $1 ${more} ORDER BY schema, name`,
    [run],
  )
  return rows.map((row) => ({ ...row, behind: row.behind.map(Number) }))
}

/** What to read the relation's own rows from: ONLY, because partitions and child tables are relations of their own. */
export function rowsOf(relation: { readonly schema: string; readonly name: string; readonly tree: boolean }): string {
  const table = quoteQualified(relation.schema, relation.name)
  return relation.tree ? table : `ONLY ${table}`
}

/** A WHERE clause of the relation's own condition and others, empty where there is none. The condition may end in a comment. */
export function whereOf({ where }: Pick<Relation, 'where'>, ...others: readonly string[]): string {
  const conditions = where === null ? others : [...others, `(${where}\n)`]
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
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
  /** How the relation is cut into chunks, and why in that way. */
  readonly cutReason: string
}

/** Stores the form of many relations in one statement. */
export async function storeForms(destination: Session, run: string, forms: readonly RelationForm[]): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation r SET format = f.format, digest_sql = f."digestSql",
            format_reason = f."formatReason", text_digest_sql = f."textDigestSql", cut_reason = f."cutReason"
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS f(oid oid, format text, "digestSql" text, "formatReason" text,
                                                    "textDigestSql" text, "cutReason" text)
      WHERE r.run = $1 AND r.oid = f.oid`,
    [run, JSON.stringify(forms)],
  )
}
