import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'
import { inOneFlight } from '../../postgres/transaction.ts'
import type { RelationAtSource } from '../relation.ts'
import type { Chunk } from './chunk.ts'

const HALVE = sqlFile(new URL('./sql/halve-chunks.sql', import.meta.url))

/** A chunk that is no smaller than before is given so many calls. */
const MOST_CALLS = 5

/**
 * Halves the chunks that a call had no time to finish, and counts the attempt: at any speed a chunk fits some day. Where a
 * range of a key has its middle the source knows: it is marked, and cut by the next call. What cannot be halved (one page,
 * large objects) is only counted, and travels alone next time.
 * @returns the relation of one that could not be made smaller so often that it will never arrive; null where there is none
 */
export async function halveChunks(
  destination: Session,
  run: string,
  chunks: readonly number[],
): Promise<number | null> {
  const mine = [run, chunks]
  const left: { relation: number; calls: number }[] = []
  await inOneFlight(destination, () => [
    // The chunks first and the numbers then, as whoever cuts a range does it.
    destination.rows(`SELECT 1 FROM sampan.chunk WHERE run = $1 AND id = ANY ($2::integer[]) FOR UPDATE`, mine),
    lockNumbers(destination, run),
    destination.rows<(typeof left)[number]>(HALVE, mine).then((rows) => left.push(...rows)),
  ])
  return left.find(({ calls }) => calls >= MOST_CALLS)?.relation ?? null
}

/** A range of a key that a call had no time for, with the table it is of. */
export interface SlowChunk extends Chunk {
  readonly source: Omit<RelationAtSource, 'columns' | 'digestSql' | 'expressions'>
}

/** Whether a chunk is due to be cut. */
export async function hasSlowChunks(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ due: boolean }>(
    `SELECT EXISTS (SELECT FROM sampan.chunk WHERE run = $1 AND cut_due AND state = 'pending') AS due`,
    [run],
  )
  return row?.due ?? false
}

/**
 * Takes hold of one that is due to be cut and that nobody is at, until the open transaction ends; its relation too, so that
 * nobody empties that meanwhile. `null` where there is none.
 */
export async function holdSlowChunk(destination: Session, run: string): Promise<SlowChunk | null> {
  const [found] = await destination.rows<Omit<SlowChunk, 'source'> & Omit<SlowChunk['source'], 'side'>>(
    `SELECT c.id, c.relation, c.kind, c.lower, c.upper, c.key_column AS "keyColumn", c.bytes::float8 AS bytes,
            r.schema, r.name, r.tree, r.condition AS "where"
       FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
      WHERE c.run = $1 AND c.cut_due AND c.state = 'pending' ORDER BY c.id LIMIT 1
        FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED`,
    [run],
  )
  if (found === undefined) return null
  const { schema, name, tree, where, ...chunk } = found
  return { ...chunk, source: { side: 'source', schema, name, tree, where } }
}

/** Cuts the chunk held at `middle`, the first key of the new chunk. `null`: it has no middle, and stays as it is. */
export async function cutSlowChunk(
  destination: Session,
  run: string,
  chunk: SlowChunk,
  middle: string | null,
): Promise<void> {
  if (middle !== null) {
    await lockNumbers(destination, run)
    await destination.rows(
      `INSERT INTO sampan.chunk (run, id, relation, kind, lower, upper, key_column, bytes)
       SELECT run, (SELECT max(id) FROM sampan.chunk WHERE run = $1) + 1, relation, kind, $3, upper, key_column, bytes / 2
         FROM sampan.chunk WHERE run = $1 AND id = $2`,
      [run, chunk.id, middle],
    )
  }
  await destination.rows(
    `UPDATE sampan.chunk SET cut_due = false, upper = COALESCE($3, upper),
            too_slow = CASE WHEN $3 IS NULL THEN too_slow ELSE 0 END,
            bytes = CASE WHEN $3 IS NULL THEN bytes ELSE bytes - bytes / 2 END
      WHERE run = $1 AND id = $2`,
    [run, chunk.id, middle],
  )
}

/** Two lanes whose time is up at once would give their new chunks the same number. Held until the transaction ends. */
async function lockNumbers(destination: Session, run: string): Promise<void> {
  await destination.rows(`SELECT pg_catalog.pg_advisory_xact_lock(1935764849, pg_catalog.hashtext($1))`, [
    `${run} chunk numbers`,
  ])
}
