import type { Session } from '../../postgres/connect.ts'

/** Chunks without a receipt in the newest view. Reads the open ones alone. */
export async function countOpenChunks(destination: Session, run: string): Promise<number> {
  const [row] = await destination.rows<{ open: number }>(`SELECT sampan.count_open_chunks($1)::float8 AS open`, [run])
  return row?.open ?? 0
}

/** Whether there is one, held by a lane or not. */
export async function hasOpenChunks(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ open: boolean }>(`SELECT sampan.has_open_chunks($1) AS open`, [run])
  return row?.open ?? false
}

/** Whether the copy of a run was planned. */
export async function hasChunks(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ cut: boolean }>(
    `SELECT EXISTS (SELECT FROM sampan.chunk WHERE run = $1) AS cut`,
    [run],
  )
  return row?.cut ?? false
}

/** A relation that has outlived a view. */
interface RenewedRelation {
  /** On the source. */
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** It was copied again; else it was proved to be as it was copied. */
  readonly again: boolean
}

/** What the newest view found copied. A chunk that was finished before that view was taken has been proved in it. */
export async function readRenewed(destination: Session, run: string, generation: number): Promise<RenewedRelation[]> {
  return destination.rows<RenewedRelation>(
    `SELECT r.oid, r.schema, r.name, r.reset_generation > 0 AS again
       FROM sampan.relation r
      WHERE r.run = $1 AND (r.reset_generation > 0 OR EXISTS (
              SELECT FROM sampan.chunk c
               WHERE c.run = $1 AND c.relation = r.oid
                 AND c.finished_at < (SELECT min(since) FROM sampan.snapshot WHERE run = $1 AND generation = $2)))
      ORDER BY r.schema, r.name`,
    [run, generation],
  )
}
