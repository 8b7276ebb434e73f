import type { Session } from '../postgres/connect.ts'
import { quoteLiteral } from '../postgres/identifiers.ts'
import { WAIT_FOR_DISK } from '../postgres/session-settings.ts'

/**
 * Settings of a session that makes many things with receipts: its commits do not wait for the disk one by one, nor for the
 * standbys. A thing and its receipt are one transaction, so a crash of the server takes both or none; what it took is made
 * again. Whoever saw a commit commits behind it in the same log: a commit that waits makes durable all that it rests on.
 */
export const LAZY_COMMITS = { synchronous_commit: 'off' } as const

/**
 * Waits until everything that was committed before is on the disk (and at the standbys the server waits for): a commit is
 * durable with all that are before it. Only a commit that writes something waits, so this one writes.
 */
export async function settleCommits(session: Session, run: string): Promise<void> {
  await session.execute(
    `RESET synchronous_commit; ${WAIT_FOR_DISK}; UPDATE sampan.limits SET lanes = lanes WHERE run = ${quoteLiteral(run)}`,
  )
}
