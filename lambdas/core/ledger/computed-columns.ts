import type { Session } from '../postgres/connect.ts'

/** The generated columns of a table of the run: the destination has computed them, and nobody compares them. */
export interface ComputedColumns {
  /** The relation's oid on the source. */
  readonly relation: number
  readonly columns: readonly string[]
}

/** Of these relations, read from the destination's catalogue, which has them as they are. */
export async function readComputedColumns(
  destination: Session,
  run: string,
  relations: readonly number[],
): Promise<ComputedColumns[]> {
  return destination.rows<ComputedColumns>(
    `SELECT r.oid AS relation, pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
       JOIN pg_catalog.pg_namespace n ON n.nspname = d.schema
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.name
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atthasdef
      WHERE r.run = $1 AND r.oid = ANY ($2::oid[]) AND pg_catalog.row_to_json(a) ->> 'attgenerated' = 's'
      GROUP BY r.oid`,
    [run, relations],
  )
}
