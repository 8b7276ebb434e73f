import type { Session } from '../../../lambdas/core/postgres/connect.ts'

/** The run `r` of the fingerprint `f`, as a Sampan of before opened it in a ledger that has not been brought up to date yet. */
export async function openRunAsBefore(session: Session, execution: string, source: object): Promise<void> {
  const values = ['r', 'f', JSON.stringify(source), execution]
  await session.rows('INSERT INTO sampan.run (id, fingerprint, source, execution) VALUES ($1, $2, $3, $4)', values)
}
