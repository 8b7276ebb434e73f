import type { Session } from '../postgres/connect.ts'

/**
 * Holds the run open until the transaction ends: Seal waits for it.
 * @throws SampanError RUN_SEALED
 */
export async function fenceRun(destination: Session, run: string): Promise<void> {
  await destination.rows(`SELECT sampan.require_open($1)`, [run])
}
