import type { Session } from '../postgres/connect.ts'

/** A table of the destination, or its large objects, that somebody has written to while they were compared. */
export interface WrittenTable {
  /** On the source. */
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** How often it has been compared once more for that. */
  readonly again: number
}

/**
 * Notes how much has been written to tables of the destination, in the transaction that has them compared.
 * @param relations their oids on the source; null: all
 */
export async function noteWrites(
  destination: Session,
  run: string,
  relations: readonly number[] | null,
): Promise<void> {
  await destination.rows(`SELECT sampan.note_writes($1, $2::oid[])`, [run, relations])
}

/**
 * Tables whose counters, or file, are others than when their comparison began. The server puts its counters off, by up to ten seconds
 * for a session that goes on: what is written at the very end may not be among them, and what our own lanes wrote just before may.
 * Rows that came beside others are the source's alone: whoever owns the others may write to these meanwhile. Where it counts nothing
 * (`track_counts` off) none is found but those that were truncated.
 */
export function readWrittenTables(destination: Session, run: string): Promise<WrittenTable[]> {
  return destination.rows<WrittenTable>(
    `SELECT r.oid, r.schema, r.name, r.compared_again AS again
       FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
       LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = d.schema
       LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.name
      WHERE r.run = $1 AND r.beside IS NULL AND r.compared_at_writes IS NOT NULL AND (r.oid = 0 OR c.oid IS NOT NULL)
        AND r.compared_at_writes IS DISTINCT FROM CASE WHEN r.oid = 0 THEN sampan.writes_to_large_objects() ELSE sampan.writes_of(c.oid) END
      ORDER BY r.schema, r.name`,
    [run],
  )
}

/** Counts that these are compared once more. */
export async function countAgain(destination: Session, run: string, relations: readonly number[]): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation SET compared_again = compared_again + 1 WHERE run = $1 AND oid = ANY ($2::oid[])`,
    [run, relations],
  )
}

/** A new start's comparison is its first, and is of those tables alone that it reads: what belongs to others by now is not looked at. */
export async function countFromOne(destination: Session, run: string): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation SET compared_again = 0, compared_at_writes = NULL WHERE run = $1 AND compared_at_writes IS NOT NULL`,
    [run],
  )
}
