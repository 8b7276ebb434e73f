import type { Session } from './connect.ts'

/** What tells a server from every other one, and from its own past. */
export interface ServerIdentity {
  /** Made once by initdb, and kept by what is copied as files: standbys, restored snapshots. Null where the account is not shown it. */
  readonly system: string | null
  /** The object id of the session's database. */
  readonly database: number
  /** Where its WAL stands, which never goes back; null on a standby. */
  readonly position: string | null
}

export async function readServerIdentity(session: Session): Promise<ServerIdentity> {
  const [system, [row], position] = [
    await readSystemIdentifier(session),
    await session.rows<{ oid: number }>(
      'SELECT d.oid::int8::float8 AS oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()',
    ),
    await walPosition(session),
  ]
  return { system, database: row?.oid ?? 0, position }
}

/** Null before PostgreSQL 9.6, and to most accounts of a managed server. */
export async function readSystemIdentifier(session: Session): Promise<string | null> {
  const [right] = await session.rows<{ shown: boolean }>(
    `SELECT COALESCE(pg_catalog.has_function_privilege(pg_catalog.to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE'),
                     false) AS shown`,
  )
  if (right?.shown !== true) return null
  const [row] = await session.rows<{ identifier: string }>(
    'SELECT system_identifier::text AS identifier FROM pg_catalog.pg_control_system()',
  )
  return row?.identifier ?? null
}

/** Where the server's WAL stands; null on a standby, which has no position of its own. */
export async function walPosition(session: Session): Promise<string | null> {
  const name = session.serverVersion >= 100_000 ? 'pg_current_wal_lsn' : 'pg_current_xlog_location'
  const [row] = await session.rows<{ position: string | null }>(
    `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.${name}()::text END AS position`,
  )
  return row?.position ?? null
}
