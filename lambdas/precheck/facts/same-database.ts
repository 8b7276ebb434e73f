import { randomInt } from 'node:crypto'
import type { Session } from '../../postgres/connect.ts'
import type { CheckContext } from '../context.ts'

/** What advisory locks are keyed by: two numbers of 31 bits, of which nobody else has chosen these. */
const MOST = 2 ** 31 - 1

/**
 * Whether both sessions are in one database of one server, whatever hosts, ports and names lead there. A lock that the source's session
 * takes shows in `pg_locks` of its own server only, with the database's OID; the identifier of the system is shown to few accounts of a managed
 * server.
 */
export async function isSameDatabase(context: CheckContext): Promise<boolean> {
  const { source, destination } = context
  const [one, other] = [randomInt(MOST), randomInt(MOST)]
  await source.rows('SELECT pg_catalog.pg_advisory_lock_shared($1, $2)', [one, other])
  try {
    return await seesLock(destination, one, other)
  } finally {
    await source.rows('SELECT pg_catalog.pg_advisory_unlock_shared($1, $2)', [one, other])
  }
}

async function seesLock(session: Session, one: number, other: number): Promise<boolean> {
  const [row] = await session.rows<{ seen: boolean }>(
    `SELECT pg_catalog.count(*) > 0 AS seen
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
      WHERE l.locktype = 'advisory' AND l.classid = $1::pg_catalog.int8::pg_catalog.oid
        AND l.objid = $2::pg_catalog.int8::pg_catalog.oid AND d.datname = pg_catalog.current_database()`,
    [one, other],
  )
  return row?.seen === true
}
