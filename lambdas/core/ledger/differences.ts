import type { Session } from '../postgres/connect.ts'

/** Where a row lies that the other side has not, or has otherwise. Never the row itself. */
export interface DifferencePlace {
  readonly side: 'source' | 'destination'
  /** The row's physical address there, for `SELECT … WHERE ctid = …`; good until the row is written again. Of a large object its id. */
  readonly ctid: string
  readonly kind: 'missing' | 'surplus' | 'different'
}

/** What was found when a table that differs was looked into. */
export interface Difference {
  /** The relation's oid on the source. */
  readonly relation: number
  /** Rows only on the source. */
  readonly missing: number
  /** Rows only on the destination. */
  readonly surplus: number
  /** Rows of one key on both sides, with different values. */
  readonly different: number
  /** False: looked into in part; the numbers are at least these. */
  readonly complete: boolean
  /** True: the source was written to since the copy, and counts as it is now. */
  readonly sourceChanged: boolean
  /** At most 20, of large objects at most 1,000. */
  readonly places: readonly DifferencePlace[]
}

/** Stores what was found, in place of what an earlier look had found. */
export async function storeDifferences(
  destination: Session,
  run: string,
  differences: readonly Difference[],
): Promise<void> {
  const emptied = destination.rows(`DELETE FROM sampan.difference WHERE run = $1`, [run])
  const filled = destination.rows(
    `INSERT INTO sampan.difference (run, relation, missing, surplus, different, complete, source_changed, places)
     SELECT $1, d.relation, d.missing, d.surplus, d.different, d.complete, d."sourceChanged", d.places
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS d(relation oid, missing bigint, surplus bigint,
         different bigint, complete boolean, "sourceChanged" boolean, places jsonb)`,
    [run, JSON.stringify(differences)],
  )
  await Promise.all([emptied, filled])
}

/** Of these relations. */
export async function readDifferences(
  destination: Session,
  run: string,
  relations: readonly number[],
): Promise<Difference[]> {
  return destination.rows<Difference>(
    `SELECT relation, missing::float8 AS missing, surplus::float8 AS surplus, different::float8 AS different, complete,
            source_changed AS "sourceChanged", places
       FROM sampan.difference WHERE run = $1 AND relation = ANY ($2::oid[]) ORDER BY relation`,
    [run, relations],
  )
}
