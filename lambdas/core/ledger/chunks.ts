import type { Session } from '../postgres/connect.ts'
import type { SampanError } from '../runtime/errors.ts'

export type ChunkKind = 'whole' | 'tid' | 'key' | 'large_objects'

/** A part of a relation that travels in one transaction. */
export interface Chunk {
  readonly id: number
  /** The relation's oid on the source. */
  readonly relation: number
  readonly kind: ChunkKind
  /** Inclusive; `null`: from the start. A page, an oid, or the JSON array of a key's values. */
  readonly lower: string | null
  /** Exclusive; `null`: to the end. */
  readonly upper: string | null
  /** Only for `key`: the JSON array of its columns. */
  readonly keyColumn: string | null
  /** Estimated, by the share of the relation's size. */
  readonly bytes: number
}

/** A claimed chunk, with what the ledger knows of an earlier copy of it. */
export interface ClaimedChunk extends Chunk {
  /** `done`: it was copied in an older generation of the snapshot and has to be proved or renewed. */
  readonly state: 'pending' | 'done'
  readonly rows: string | null
  readonly digest: string | null
}

/** What the transaction of a chunk leaves behind. `rows` and `digest` are the server's own text. */
export interface Receipt {
  readonly id: number
  readonly rows: string
  readonly bytes: number
  readonly digest: string | null
  readonly milliseconds: number
}

/** Writes the whole plan in one statement. */
export async function storeChunks(destination: Session, run: string, chunks: readonly Chunk[]): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.chunk (run, id, relation, kind, lower, upper, key_column, bytes)
     SELECT $1, c.id, c.relation, c.kind, c.lower, c.upper, c."keyColumn", c.bytes
       FROM pg_catalog.jsonb_to_recordset($2::jsonb)
         AS c(id integer, relation oid, kind text, lower text, upper text, "keyColumn" text, bytes bigint)`,
    [run, JSON.stringify(chunks)],
  )
}

/** What is cut into chunks already. */
export async function readPlannedChunks(
  destination: Session,
  run: string,
): Promise<{ readonly relations: readonly number[]; readonly lastId: number }> {
  const [row] = await destination.rows<{ relations: string[]; lastId: number }>(
    `SELECT COALESCE(pg_catalog.array_agg(DISTINCT relation::bigint::text), '{}') AS relations, COALESCE(max(id), 0) AS "lastId"
       FROM sampan.chunk WHERE run = $1`,
    [run],
  )
  return { relations: (row?.relations ?? []).map(Number), lastId: row?.lastId ?? 0 }
}

const CLAIM_SQL = `SELECT id, relation, kind, lower, upper, key_column AS "keyColumn", bytes::float8 AS bytes,
    state, rows::text AS rows, digest::text AS digest
  FROM sampan.claim_chunks($1, $2, $3, $4)`

/** Claims chunks inside the open transaction; empty where nothing is left that nobody else holds. */
export async function claimChunks(
  destination: Session,
  run: string,
  generation: number,
  budget: { readonly bytes: number; readonly count: number },
): Promise<ClaimedChunk[]> {
  return destination.rows<ClaimedChunk>(CLAIM_SQL, [run, generation, budget.bytes, budget.count])
}

/** The receipts of one flight, inside the transaction that copied the rows. */
export async function writeReceipts(
  destination: Session,
  run: string,
  lane: number,
  receipts: readonly Receipt[],
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.chunk c
        SET rows = r.rows, copied_bytes = r.bytes, digest = r.digest, milliseconds = r.milliseconds, lane = $2,
            last_error = NULL, too_slow = 0, finished_at = pg_catalog.clock_timestamp()
       FROM pg_catalog.jsonb_to_recordset($3::jsonb)
         AS r(id integer, rows bigint, bytes bigint, digest numeric, milliseconds float8)
      WHERE c.run = $1 AND c.id = r.id`,
    [run, lane, JSON.stringify(receipts)],
  )
}

/**
 * Counts a failed attempt, in a transaction of its own: the chunk's own one is gone.
 * @returns true where one chunk alone has failed, and for the same reason as the time before
 */
export async function countFailure(
  destination: Session,
  run: string,
  chunks: readonly number[],
  error: SampanError,
): Promise<boolean> {
  const failed = await destination.rows<{ again: boolean }>(
    `WITH before AS (
       SELECT run, id, last_error = $3 AS again FROM sampan.chunk WHERE run = $1 AND id = ANY ($2::integer[]) FOR UPDATE
     )
     UPDATE sampan.chunk c SET attempts = c.attempts + 1, last_error = $3
       FROM before b WHERE c.run = b.run AND c.id = b.id RETURNING b.again`,
    [run, chunks, `${error.code}: ${error.message}`],
  )
  return failed.length === 1 && failed[0]?.again === true
}

/** The chunks `c` of run $1 that have no receipt in the newest view, whose generation is `view.generation`. */
export const OPEN_CHUNKS = `
  FROM (SELECT COALESCE(pg_catalog.max(generation), 0) AS generation FROM sampan.snapshot WHERE run = $1) view
  JOIN sampan.chunk c ON c.run = $1 AND (c.state = 'pending' OR c.generation < view.generation)`

export async function countOpenChunks(destination: Session, run: string): Promise<number> {
  const [row] = await destination.rows<{ open: number }>(`SELECT pg_catalog.count(*)::integer AS open ${OPEN_CHUNKS}`, [
    run,
  ])
  return row?.open ?? 0
}

/** Whether there is one, held by a lane or not. */
export async function hasOpenChunks(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ open: boolean }>(`SELECT EXISTS (SELECT ${OPEN_CHUNKS}) AS open`, [run])
  return row?.open ?? false
}
