import type { Session } from '../../postgres/connect.ts'

/** What a table of the source has come to behind the copy. */
export interface SourceNow {
  readonly relation: number
  /** The server's own text. */
  readonly rows: string
  readonly digest: string | null
}

/**
 * The receipts say what the source has now, no longer what was copied: the first chunk of a table stands for all of it. What is compared
 * with the destination are these sums.
 */
export async function storeSourceNow(destination: Session, run: string, now: readonly SourceNow[]): Promise<void> {
  await destination.rows(
    `WITH first AS (SELECT relation, min(id) AS id FROM sampan.chunk WHERE run = $1 GROUP BY relation)
     UPDATE sampan.chunk c
        SET rows = CASE WHEN c.id = f.id THEN n.rows ELSE 0 END,
            digest = CASE WHEN n.digest IS NULL THEN NULL WHEN c.id = f.id THEN n.digest ELSE 0 END
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS n(relation oid, rows bigint, digest numeric)
       JOIN first f ON f.relation = n.relation
      WHERE c.run = $1 AND c.relation = n.relation`,
    [run, JSON.stringify(now)],
  )
}
