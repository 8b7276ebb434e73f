import type pg from 'pg'
import { ConnectError } from './connect-errors.ts'
import { DatabaseError, type DriverError, type Side } from './errors.ts'

const MARK = 'sampan: answered by process'

/**
 * Fails where another server process answers than the login has named, and with it the settings behind it in one Query: a
 * session's settings must not stay in a connection that a pooler gives to others.
 */
export function sameBackend(pid: number): string {
  return `SELECT CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ${pid} THEN 0
    ELSE CAST(pg_catalog.concat('${MARK} ', pg_catalog.pg_backend_pid()) AS pg_catalog.int4) END`
}

export function isOtherBackend(thrown: unknown): boolean {
  const error = (thrown ?? {}) as DriverError
  return error.code === '22P02' && (error.message ?? '').includes(MARK)
}

/** A pooler stands between, which was not there when this address was used before: another try looks again. */
export class PooledBackend extends DatabaseError {
  constructor(side: Side) {
    super(side, null, {
      code: `${side === 'source' ? 'SRC' : 'DST'}_CONNECTION_LOST`,
      message: `another process of the ${side} answers than the one that was logged in to`,
      remedy: 'nothing to do while the retry window is open',
      retryable: true,
      kind: 'connection',
    })
    this.name = 'PooledBackend'
  }
}

/** @returns the process that answers @throws ConnectError `…_POOLED` where statement by statement another one does */
export async function requireOneBackend(client: pg.Client, side: Side): Promise<number> {
  const ask = async () => Number((await client.query('SELECT pg_catalog.pg_backend_pid() AS pid')).rows[0]?.pid)
  const [first, second] = [await ask(), await ask()]
  if (first !== second) throw pooledError(side)
  return first
}

export function pooledError(side: Side): ConnectError {
  return new ConnectError(side, 'login', null, {
    code: `${side === 'source' ? 'SRC' : 'DST'}_POOLED`,
    message: `a pooler stands before the ${side} that shares its connections between sessions`,
    remedy: `connect to the ${side} itself, or to a pool in session mode (PgBouncer: pool_mode = session)`,
  })
}
