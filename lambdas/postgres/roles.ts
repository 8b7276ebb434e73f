import type { Session } from './connect.ts'

/** What the account may do with a role. */
export interface RoleStanding {
  /** It has the role’s rights, and may say what the role gives by default. */
  readonly mine: boolean
  /** It can make the role an owner: as a member of it, or by making itself one for the moment. */
  readonly giveable: boolean
  readonly superuser: boolean
}

/** The destination’s roles, seen by the account that Sampan logs in with. */
export interface DestinationRoles {
  readonly account: string
  /** Is the account one? */
  readonly superuser: boolean
  readonly byName: ReadonlyMap<string, RoleStanding>
}

/**
 * Before 16 every member may SET ROLE, and CREATEROLE makes a member of any role but a superuser. From 16 on that takes the
 * option SET, or ADMIN, with which one gives oneself SET. Nobody is made a member of pg_database_owner.
 */
function giveableSql(version: number): string {
  const admin = `r.rolname <> 'pg_database_owner' AND NOT r.rolsuper AND `
  return version >= 160_000
    ? `pg_catalog.pg_has_role(r.oid, 'SET') OR ${admin} pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')`
    : `pg_catalog.pg_has_role(r.oid, 'MEMBER') OR ${admin}
       (me.rolcreaterole OR pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'))`
}

/** One question. */
export async function readDestinationRoles(destination: Session): Promise<DestinationRoles> {
  const rows = await destination.rows<RoleStanding & { name: string; me: boolean; meSuperuser: boolean }>(
    `SELECT r.rolname::text AS name, r.oid = me.oid AS me, me.rolsuper AS "meSuperuser", r.rolsuper AS superuser,
            pg_catalog.pg_has_role(r.oid, 'USAGE') AS mine, ${giveableSql(destination.serverVersion)} AS giveable
       FROM pg_catalog.pg_roles r, pg_catalog.pg_roles me WHERE me.rolname = current_user`,
  )
  return {
    account: rows.find(({ me }) => me)?.name ?? '',
    superuser: rows[0]?.meSuperuser ?? false,
    byName: new Map(rows.map(({ name, mine, giveable, superuser }) => [name, { mine, giveable, superuser }])),
  }
}
