import type { Session } from '../../postgres/connect.ts'

/** A table that the destination's server has emptied by itself. */
export interface EmptiedTable {
  readonly schema: string
  readonly name: string
  /** It stood there before the run: it is not dropped to come back. */
  readonly kept: boolean
}

/**
 * Unlogged tables that rows were copied into, and that have not one page: a server that was killed, or a standby that was promoted,
 * begins them anew (PostgreSQL, “CREATE TABLE”, UNLOGGED). Receipts and digests stay and know nothing of it.
 */
export function readEmptiedTables(destination: Session, run: string): Promise<EmptiedTable[]> {
  return destination.rows<EmptiedTable>(
    `SELECT d.schema, d.name,
            EXISTS (SELECT FROM sampan.object o WHERE o.run = r.run AND o.id = r.object AND o.kept) AS kept
       FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
       JOIN pg_catalog.pg_namespace n ON n.nspname = d.schema
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.name
      WHERE r.run = $1 AND r.oid <> 0 AND c.relkind = 'r' AND c.relpersistence = 'u' AND pg_catalog.pg_relation_size(c.oid) = 0
        AND EXISTS (SELECT FROM sampan.chunk k WHERE k.run = r.run AND k.relation = r.oid AND k.rows > 0)
      ORDER BY 1, 2`,
    [run],
  )
}
