import type { Session } from '../postgres/connect.ts'

/**
 * Holds the run open until the transaction ends: Seal waits for it.
 * @throws SampanError RUN_SEALED; RUN_TAKEN_OVER where the session writes for a start that another one has taken over from
 */
export async function fenceRun(destination: Session, run: string): Promise<void> {
  await destination.rows(`SELECT sampan.require_open($1)`, [run])
}

/**
 * As `fenceRun`, and no other start takes the run over until the transaction ends: what it finds then is the whole plan or none.
 * @throws SampanError RUN_SEALED, RUN_TAKEN_OVER
 */
export async function keepRun(destination: Session, run: string): Promise<void> {
  await Promise.all([
    // A statement of its own: the next one sees what was waited for.
    destination.rows(`SELECT 1 FROM sampan.run WHERE id = $1 FOR NO KEY UPDATE`, [run]),
    fenceRun(destination, run),
  ])
}
