import type { Session } from '../../../core/postgres/connect.ts'

/** The run's part of a server's lock table: the rest is the application's, and of what we hold beside the flights. */
const SHARE = 1 / 4
/** Beside the table and its indexes: its TOAST table with that one's index. */
const TOAST = 2
/** A flight takes one table at least. */
const LEAST = 1

/**
 * How many chunks of different tables one flight may take, so that the flights of all lanes together leave the lock tables of
 * both servers to others: whoever finds a full one gets `out of shared memory`, neighbours on the server too.
 * @param lanes of all databases that are copied at once
 * @param source where each lane has up to two sessions
 */
export async function lockRoom(source: Session, destination: Session, lanes: number): Promise<number> {
  const [onSource, onDestination] = await Promise.all([roomOf(source, 2 * lanes), roomOf(destination, lanes)])
  return Math.max(LEAST, Math.min(onSource, onDestination))
}

async function roomOf(session: Session, sessions: number): Promise<number> {
  const [found] = await session.rows<{ slots: number; tables: number; relations: number }>(
    `SELECT pg_catalog.current_setting('max_locks_per_transaction')::float8
              * (pg_catalog.current_setting('max_connections')::float8
                 + pg_catalog.current_setting('max_prepared_transactions')::float8) AS slots,
            pg_catalog.count(CASE WHEN c.relkind = 'r' THEN 1 END)::float8 AS tables, pg_catalog.count(*)::float8 AS relations
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'i') AND n.nspname NOT IN ('pg_catalog', 'pg_toast')`,
  )
  const { slots = 0, tables = 0, relations = 0 } = found ?? {}
  const perTable = relations / Math.max(1, tables) + TOAST
  return Math.floor((SHARE * slots) / (sessions * perTable))
}
