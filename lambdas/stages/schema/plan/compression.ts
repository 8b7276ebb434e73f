import type { Session } from '../../../core/postgres/connect.ts'
import type { EntryVerdict } from './verdict.ts'

/** Does the server know lz4 for columns? One before 14, or built without the library, does not. */
export async function knowsLz4(server: Session): Promise<boolean> {
  const known = await server.rows(
    `SELECT 1 FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)`,
  )
  return known.length > 0
}

/** pg_dump says a column's method by a statement of its own behind the table's. */
const LZ4 = /^ALTER (?:FOREIGN |MATERIALIZED )?(?:TABLE|VIEW) ONLY .+ ALTER COLUMN .+ SET COMPRESSION lz4;\n?/gm

/** Values arrive all the same: how they are packed is the server's own matter. */
export function withoutLz4(verdict: EntryVerdict): EntryVerdict {
  if (verdict.verdict === 'skip') return verdict
  const sql = verdict.sql.replaceAll(LZ4, '')
  if (sql === verdict.sql) return verdict
  const reason = 'the destination’s server knows no lz4: its columns are compressed by the server’s own method'
  return {
    verdict: 'transform',
    sql,
    reason: verdict.verdict === 'transform' ? `${verdict.reason}; ${reason}` : reason,
  }
}
