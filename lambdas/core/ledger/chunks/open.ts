import type { Session } from '../../postgres/connect.ts'

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
