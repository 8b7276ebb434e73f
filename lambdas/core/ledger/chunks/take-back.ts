import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'

const TAKE_BACK_LARGE_OBJECTS = sqlFile(new URL('./sql/take-back-large-objects.sql', import.meta.url))
const LEAVE_ROWS_OUT = sqlFile(new URL('./sql/leave-rows-out.sql', import.meta.url))

// Whoever takes chunks of a relation back holds the relation's row FOR UPDATE: no lane is inside it then, and of two that find the same
// reason one does it. Each reason asks, with the lock, whether it still holds. Oids are the source's.

/** @returns false where it travels as text already */
export async function holdBinary(destination: Session, run: string, relation: number): Promise<boolean> {
  const due = await destination.rows(
    `SELECT 1 FROM sampan.relation WHERE run = $1 AND oid = $2 AND format = 'binary' FOR UPDATE`,
    [run, relation],
  )
  return due.length > 0
}

/**
 * Holds a relation whose run still copies, for whoever wants it copied once more.
 * @returns false where the copy has ended: nothing is ever copied again
 */
export async function takeBackable(destination: Session, run: string, relation: number): Promise<boolean> {
  const due = await destination.rows(
    `SELECT 1 FROM sampan.relation r WHERE r.run = $1 AND r.oid = $2
        AND EXISTS (SELECT FROM sampan.run n WHERE n.id = r.run AND n.copied_at IS NULL AND n.copy_planned_at IS NOT NULL)
        FOR UPDATE`,
    [run, relation],
  )
  return due.length > 0
}

/** @returns false where it has no chunks any more */
export async function holdCut(destination: Session, run: string, relation: number): Promise<boolean> {
  const due = await destination.rows(
    `SELECT 1 FROM sampan.relation r WHERE r.run = $1 AND r.oid = $2
        AND EXISTS (SELECT FROM sampan.chunk c WHERE c.run = r.run AND c.relation = r.oid) FOR UPDATE`,
    [run, relation],
  )
  return due.length > 0
}

/**
 * For a copy in the view of a generation.
 * @returns how often the source has rewritten it so far; `null` where it was taken back for this view, or a newer one, already
 */
export async function holdForView(
  destination: Session,
  run: string,
  relation: number,
  generation: number,
): Promise<{ readonly rewrites: number } | null> {
  const [due] = await destination.rows<{ rewrites: number }>(
    `SELECT rewrites FROM sampan.relation WHERE run = $1 AND oid = $2 AND reset_generation < $3 FOR UPDATE`,
    [run, relation, generation],
  )
  return due ?? null
}

/**
 * Holds those whose rows refer to a relation's, however far: foreign keys that stand before the rows come keep what is referred to.
 * @returns their oids
 */
export async function holdReferring(destination: Session, run: string, relation: number): Promise<ReadonlySet<number>> {
  const rows = await destination.rows<{ oid: number }>(
    `WITH RECURSIVE referring AS (
       SELECT r.oid FROM sampan.relation r WHERE r.run = $1 AND $2::oid = ANY (r.behind) AND r.oid <> $2::oid
       UNION SELECT r.oid FROM referring f JOIN sampan.relation r ON r.run = $1 AND f.oid = ANY (r.behind)
     )
     SELECT r.oid FROM sampan.relation r WHERE r.run = $1 AND r.oid IN (SELECT f.oid FROM referring f) AND r.oid <> $2::oid
      ORDER BY r.oid FOR UPDATE`,
    [run, relation],
  )
  return new Set(rows.map(({ oid }) => oid))
}

/**
 * Its chunks are to be copied once more, and their receipts are gone: in the transaction that takes back the rows. Nor is the copy complete
 * then, whatever its end is about to say: that waits, and counts again. A round that has ended stays so, as nobody copies any more
 * in this start; the next one opens another.
 */
export async function takeBackChunks(destination: Session, run: string, relation: number): Promise<void> {
  await destination.rows(`DELETE FROM sampan.landed WHERE run = $1 AND relation = $2`, [run, relation])
  await destination.rows(
    `UPDATE sampan.chunk SET state = 'pending', generation = NULL, rows = NULL, digest = NULL, copied_bytes = NULL
      WHERE run = $1 AND relation = $2`,
    [run, relation],
  )
  await destination.rows(`UPDATE sampan.run SET copied_at = NULL WHERE id = $1`, [run])
}

/** A table that stood there before the run, and that rows were copied into; as the destination calls it. */
export interface FilledTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly tree: boolean
}

export function readFilledTables(destination: Session, run: string): Promise<FilledTable[]> {
  return destination.rows<FilledTable>(
    `SELECT r.oid, d.schema, d.name, r.tree FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
      WHERE r.run = $1 AND r.oid <> 0 AND EXISTS (SELECT FROM sampan.object o WHERE o.run = r.run AND o.id = r.object AND o.kept)
        AND EXISTS (SELECT FROM sampan.chunk c WHERE c.run = r.run AND c.relation = r.oid AND c.rows > 0)
      ORDER BY r.oid`,
    [run],
  )
}

/** Their rows are copied once more. */
export async function takeBackTables(destination: Session, run: string, relations: readonly number[]): Promise<void> {
  for (const relation of relations) await takeBackChunks(destination, run, relation)
  await copyAnew(destination, run)
}

/** Copying has not ended: some of it is to be done once more. */
export async function copyAnew(destination: Session, run: string): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL WHERE id = $1`, [run])
}

/** Whether there is a table whose rows stay beside the source’s. */
export async function hasRowsBeside(destination: Session, run: string): Promise<boolean> {
  const found = await destination.rows(`SELECT FROM sampan.relation WHERE run = $1 AND beside IS NOT NULL LIMIT 1`, [
    run,
  ])
  return found.length > 0
}

/** A range of large objects that differs, as it was compared last. */
export interface DifferentRange {
  readonly chunk: number
  readonly lower: string | null
  readonly upper: string | null
  /** As many as were copied. */
  readonly pages: number
}

/** Large objects are compared in the ranges they were copied in. Not those in which one that was named as different still stands. */
export function readDifferentRanges(destination: Session, run: string): Promise<DifferentRange[]> {
  return destination.rows<DifferentRange>(
    `SELECT c.id AS chunk, c.lower, c.upper, c.rows::float8 AS pages
       FROM sampan.chunk c JOIN sampan.digest_part p ON p.run = c.run AND p.id = - c.id AND p.relation = c.relation
      WHERE c.run = $1 AND c.relation = 0 AND c.state = 'done' AND p.state = 'done'
        AND (p.rows <> c.rows OR p.digest <> c.digest)
        AND NOT EXISTS (
          SELECT FROM sampan.difference d
            CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(d.places) AS told(ctid text, kind text)
            JOIN pg_catalog.pg_largeobject_metadata m ON m.oid = CASE WHEN d.relation = 0 THEN told.ctid::oid END
           WHERE d.run = c.run AND d.relation = 0 AND told.kind = 'different'
             AND (c.lower IS NULL OR m.oid >= c.lower::oid) AND (c.upper IS NULL OR m.oid < c.upper::oid))
      ORDER BY c.id`,
    [run],
  )
}

/** Their large objects are copied once more, and what is said of them is said again. */
export async function takeBackLargeObjects(
  destination: Session,
  run: string,
  chunks: readonly number[],
): Promise<void> {
  await destination.rows(TAKE_BACK_LARGE_OBJECTS, [run, chunks])
}

/** Only lanes that read by the view of this generation, or a newer one, copy it again. `rewritten`: it goes before all others. */
export async function awaitView(
  destination: Session,
  run: string,
  relation: number,
  view: { readonly generation: number; readonly rewritten: boolean },
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation SET reset_generation = $3, rewrites = rewrites + CASE WHEN $4 THEN 1 ELSE 0 END
      WHERE run = $1 AND oid = $2`,
    [run, relation, view.generation, view.rewritten],
  )
}

/** It travels as text from now on, and is compared by the digest of that form. */
export async function turnToText(destination: Session, run: string, relation: number, reason: string): Promise<void> {
  await destination.rows(
    `UPDATE sampan.relation SET format = 'text', digest_sql = text_digest_sql, destination_digest_sql = destination_text_digest_sql,
            fell_back = true, format_reason = $3
      WHERE run = $1 AND oid = $2`,
    [run, relation, reason],
  )
}

/** Its chunks are dropped: its rows are an object that has failed, and what would be another thing without them is blocked by it. */
export async function leaveOut(
  destination: Session,
  run: string,
  relation: number,
  cause: { readonly code: string; readonly message: string },
): Promise<void> {
  await destination.rows(LEAVE_ROWS_OUT, [run, relation, cause.code, cause.message])
}
