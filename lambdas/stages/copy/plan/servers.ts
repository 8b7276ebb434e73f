import type { Session } from '../../../core/postgres/connect.ts'
import type { FormServers } from './column-form.ts'

/** Asks both servers for what the form of a value depends on. */
export async function formServers(source: Session, destination: Session): Promise<FormServers> {
  const [sourceMonetary, destinationMonetary, extensions] = await Promise.all([
    monetary(source),
    monetary(destination),
    // Before CreateObjects an extension may not be there yet: its default version is what will be installed.
    destination.rows<{ name: string; version: string | null }>(
      `SELECT name::text AS name, COALESCE(installed_version, default_version) AS version FROM pg_catalog.pg_available_extensions`,
    ),
  ])
  const encodings = [source, destination].map((session) => session.parameters.get('server_encoding'))
  return {
    sourceVersion: source.serverVersion,
    destinationVersion: destination.serverVersion,
    bothUtf8: encodings.every((encoding) => encoding === 'UTF8'),
    sameBytes: new Set(encodings).size === 1 || encodings.includes('SQL_ASCII'),
    sameMonetary: sourceMonetary === destinationMonetary,
    destinationExtensions: new Map(extensions.flatMap(({ name, version }) => (version ? [[name, version]] : []))),
  }
}

async function monetary(session: Session): Promise<string | undefined> {
  const rows = await session.rows<{ name: string }>(`SELECT pg_catalog.current_setting('lc_monetary') AS name`)
  return rows[0]?.name
}
