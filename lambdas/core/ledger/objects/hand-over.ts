import type { Session } from '../../postgres/connect.ts'

/** Objects of one transaction: their locks stay far below the smallest lock table. */
const BATCH = 100

/** Statements on their way at once: each takes the next batch. */
const FLIGHT = 10

/**
 * The last stage: objects get the owners they have on the source. Rights that the server asks for meanwhile are taken and given
 * back within each transaction. Objects that fail are put down as failed.
 * @returns how many objects are left
 */
export async function handOver(destination: Session, run: string): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: FLIGHT }, () =>
      destination.rows<{ left: number }>(`SELECT sampan.hand_over($1, ${BATCH}) AS left`, [run]),
    ),
  )
  return answers.at(-1)?.[0]?.left ?? 0
}

/** What was borrowed for it and given back, one line each. */
export async function readBorrowed(destination: Session, run: string): Promise<readonly string[]> {
  const rows = await destination.rows<{ taken: string }>(
    `SELECT taken FROM sampan.borrowed_right WHERE run = $1 AND given_back_at IS NOT NULL ORDER BY taken_at, taken`,
    [run],
  )
  return rows.map(({ taken }) => taken)
}
