import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'
import type { Chunk } from './chunk.ts'

const ALIGN_CHUNKS = sqlFile(new URL('./sql/align-chunks.sql', import.meta.url))

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

/** The plan of the copy follows what became of the tables: chunks of those that were not made go, one that was made later gets its own. */
export async function alignChunks(session: Session, run: string): Promise<void> {
  await session.rows(ALIGN_CHUNKS, [run])
}
