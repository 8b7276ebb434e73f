import type { Session } from './connect.ts'

/** pg_stat_force_next_flush() came with 15. Before, a session puts its counters off by half a second. */
const FORCED_FLUSH = 150_000

/**
 * Has the server count now what this session has written. Otherwise it does so up to ten seconds later, or when the session ends: one
 * that is kept for the next step then looks like somebody else who writes.
 */
export async function countNow(session: Session): Promise<void> {
  if (session.serverVersion >= FORCED_FLUSH) await session.execute('SELECT pg_catalog.pg_stat_force_next_flush()')
}
