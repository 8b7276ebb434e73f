import type { Session } from '../postgres/connect.ts'

/** The one decision for all databases of a run, in the ledger of the task's first one. */
export interface Decision {
  readonly state: 'asked' | 'agreed' | 'withdrawn'
  readonly wanted: number
  /** Names of databases, as of the source. */
  readonly arrived: readonly string[]
  readonly digested: readonly string[]
  readonly why: string | null
}

const COLUMNS = 'state, wanted, arrived, digested, why'

/** `null` where none was ever asked for. */
export async function readDecision(first: Session, run: string): Promise<Decision | null> {
  const [row] = await first.rows<Decision>(`SELECT ${COLUMNS} FROM sampan.cutover WHERE run = $1`, [run])
  return row ?? null
}

/** Asks for the cutover of so many databases. One that is agreed stays so. */
export async function askDecision(first: Session, run: string, wanted: number): Promise<void> {
  await first.rows(
    `INSERT INTO sampan.cutover (run, state, wanted) VALUES ($1, 'asked', $2)
     ON CONFLICT (run) DO UPDATE SET asked_at = pg_catalog.clock_timestamp(), state = 'asked', wanted = EXCLUDED.wanted,
       arrived = '{}', digested = '{}', why = NULL WHERE cutover.state <> 'agreed'`,
    [run, wanted],
  )
}

/** A database says how far it is; the last one that is through has all of them agreed. @returns what is decided now */
export async function tellDecision(
  first: Session,
  run: string,
  database: string,
  stage: 'arrived' | 'digested',
): Promise<Decision | null> {
  const [row] = await first.rows<Decision>(
    `UPDATE sampan.cutover AS c SET ${stage} = n.names,
            state = CASE WHEN '${stage}' = 'digested' AND pg_catalog.cardinality(n.names) >= c.wanted THEN 'agreed' ELSE c.state END
       FROM (SELECT run, CASE WHEN $2 = ANY (${stage}) THEN ${stage} ELSE ${stage} || $2::text END AS names FROM sampan.cutover WHERE run = $1 FOR UPDATE) AS n
      WHERE c.run = n.run AND c.state = 'asked' RETURNING c.state, c.wanted, c.arrived, c.digested, c.why`,
    [run, database],
  )
  return row ?? readDecision(first, run)
}

/** Nobody is cut over, where that is not agreed already. @returns what is decided now */
export async function withdrawDecision(first: Session, run: string, why: string): Promise<Decision | null> {
  await first.rows(`UPDATE sampan.cutover SET state = 'withdrawn', why = $2 WHERE run = $1 AND state = 'asked'`, [
    run,
    why,
  ])
  return readDecision(first, run)
}
