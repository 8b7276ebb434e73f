import type { Session } from './connect.ts'
import type { DestinationRoles } from './roles.ts'

/** Roles that something of the source's database is of, or speaks of. */
export async function readUsedRoles(source: Session): Promise<readonly string[]> {
  // pg_shdepend notes every one.
  const rows = await source.rows<{ name: string }>(
    `SELECT DISTINCT r.rolname::text AS name
       FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
      WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        AND s.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
      ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

/** Those that the destination lacks and the task wants made. Pure. */
export function rolesToMake(
  used: readonly string[],
  roles: DestinationRoles,
  wanted: (role: string) => boolean,
): readonly string[] {
  return used.filter((role) => wanted(role) && !roles.byName.has(role))
}

/** The destination's roles as they are when these are made. Pure. */
export function withMadeRoles(roles: DestinationRoles, names: readonly string[]): DestinationRoles {
  const standing = { mine: roles.superuser, giveable: true, superuser: false }
  return { ...roles, byName: new Map([...roles.byName, ...names.map((name) => [name, standing] as const)]) }
}
