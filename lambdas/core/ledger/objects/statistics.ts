import type { Session } from '../../postgres/connect.ts'
import { quoteLiteral } from '../../postgres/identifiers.ts'

/** A table that is there and has no receipt of its ANALYZE. */
export interface UnanalyzedTable {
  /** On the source. */
  readonly oid: number
  /** On the destination, as is its name. */
  readonly schema: string
  readonly name: string
  readonly small: boolean
}

/** The largest first. What could not be made has no statistics. */
export function readUnanalyzed(
  destination: Session,
  run: string,
  { most, smallBytes }: { readonly most: number; readonly smallBytes: number },
): Promise<UnanalyzedTable[]> {
  return destination.rows<UnanalyzedTable>(
    `SELECT r.oid, d.schema, d.name, r.bytes <= $3 AS small FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
      WHERE r.run = $1 AND r.analyzed_at IS NULL
        -- Looked up one by one: a join would be guessed to be of a few rows, and be the square of the number of tables.
        AND (SELECT o.status FROM sampan.object o WHERE o.run = r.run AND o.id = r.object) IN ('migrated', 'transformed')
      ORDER BY r.bytes DESC, r.oid LIMIT $2`,
    [run, most, smallBytes],
  )
}

/** Their receipt, as the text of a statement that goes in the transaction of the ANALYZE. */
export function analyzedSql(run: string, tables: readonly Pick<UnanalyzedTable, 'oid'>[]): string {
  return `UPDATE sampan.relation SET analyzed_at = pg_catalog.clock_timestamp()
     WHERE run = ${quoteLiteral(run)} AND oid = ANY (ARRAY[${tables.map(({ oid }) => oid).join()}]::oid[])`
}

/** Tables that are not tried again, each with what is told of it: the warning and the receipt are one. */
export async function noteNotAnalyzed(
  destination: Session,
  run: string,
  tables: readonly { readonly oid: number; readonly message: string }[],
): Promise<void> {
  if (tables.length === 0) return
  await destination.rows(
    `WITH noted AS (
       UPDATE sampan.relation r SET analyzed_at = pg_catalog.clock_timestamp()
         FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS f(oid oid, message text)
        WHERE r.run = $1 AND r.oid = f.oid AND r.analyzed_at IS NULL RETURNING f.message
     )
     INSERT INTO sampan.event (run, level, step, code, message)
     SELECT $1, 'warning', 'Analyze', 'NOT_ANALYZED', message FROM noted`,
    [run, JSON.stringify(tables)],
  )
}

/** A partitioned table on the destination whose rows came into its partitions. */
export interface Tree {
  readonly schema: string
  readonly name: string
}

/** The version that has `ANALYZE ONLY`: before, a partitioned table's ANALYZE is one of each table below it, too. */
export const ANALYZE_ONLY = 180_000
/** The version that notes a partitioned table's rows in `pg_class`, -1 before its first ANALYZE. */
const NOTES_ROWS = 140_000

/**
 * Partitioned tables above those of the run that have no statistics of their own: what plans a query of the whole tree, and autovacuum never
 * makes them. Those that travel as one have been analyzed as tables. Where one is made of all below it, the topmost.
 */
export function readTrees(destination: Session, run: string): Promise<Tree[]> {
  const { serverVersion } = destination
  const due = serverVersion >= NOTES_ROWS ? 'c.reltuples < 0' : 'true'
  const topmost = serverVersion >= ANALYZE_ONLY ? 'true' : 'NOT c.relispartition'
  return destination.rows<Tree>(
    `WITH RECURSIVE came AS (
       SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', d.schema, d.name))::pg_catalog.oid AS oid
         FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d WHERE r.run = $1
     ), above AS (
       SELECT i.inhparent AS oid FROM came JOIN pg_catalog.pg_inherits i ON i.inhrelid = came.oid
       UNION SELECT i.inhparent FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid
     )
     SELECT n.nspname::text AS schema, c.relname::text AS name
       FROM above JOIN pg_catalog.pg_class c ON c.oid = above.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'p' AND ${due} AND ${topmost} AND c.oid NOT IN (SELECT came.oid FROM came WHERE came.oid IS NOT NULL)
      ORDER BY c.oid`,
    [run],
  )
}
