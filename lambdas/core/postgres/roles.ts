import { isAwsRole } from '../task/aws-names.ts'
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
  /** The account may make roles. @default false */
  readonly createsRoles?: boolean
  readonly byName: ReadonlyMap<string, RoleStanding>
  /** Extensions that stand there and that the account may not speak for, as `EXTENSION name`. @default none */
  readonly othersExtensions?: ReadonlySet<string>
}

/**
 * Before 16 every member may SET ROLE, and CREATEROLE makes a member of any role but a superuser. From 16 on that takes the
 * option SET, or ADMIN, with which one gives oneself SET; GRANT takes the ADMIN only of roles that the account inherits from.
 * Nobody is made a member of pg_database_owner.
 */
function giveableSql(version: number): string {
  const admin = `r.rolname <> 'pg_database_owner' AND NOT r.rolsuper AND `
  return version >= 160_000
    ? `pg_catalog.pg_has_role(r.oid, 'SET') OR ${admin} EXISTS (
         SELECT FROM pg_catalog.pg_auth_members m
          WHERE m.roleid = r.oid AND m.admin_option AND pg_catalog.pg_has_role(m.member, 'USAGE'))`
    : `pg_catalog.pg_has_role(r.oid, 'MEMBER') OR ${admin}
       (me.rolcreaterole OR pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'))`
}

/** One flight. */
export async function readDestinationRoles(destination: Session): Promise<DestinationRoles> {
  const extensions = destination.rows<{ tag: string }>(
    `SELECT 'EXTENSION ' || pg_catalog.quote_ident(extname) AS tag FROM pg_catalog.pg_extension
      WHERE NOT pg_catalog.pg_has_role(extowner, 'USAGE')`,
  )
  // Where the connection breaks the question behind it tells.
  extensions.catch(() => {})
  const rows = await destination.rows<
    RoleStanding & { name: string; me: boolean; meSuperuser: boolean; meCreates: boolean }
  >(
    `SELECT r.rolname::text AS name, r.oid = me.oid AS me, me.rolsuper AS "meSuperuser", me.rolsuper OR me.rolcreaterole AS "meCreates", r.rolsuper AS superuser,
            pg_catalog.pg_has_role(r.oid, 'USAGE') AS mine, ${giveableSql(destination.serverVersion)} AS giveable
       FROM pg_catalog.pg_roles r, pg_catalog.pg_roles me WHERE me.rolname = current_user`,
  )
  return {
    account: rows.find(({ me }) => me)?.name ?? '',
    superuser: rows[0]?.meSuperuser ?? false,
    createsRoles: rows[0]?.meCreates ?? false,
    byName: new Map(rows.map(({ name, mine, giveable, superuser }) => [name, { mine, giveable, superuser }])),
    othersExtensions: new Set((await extensions).map(({ tag }) => tag)),
  }
}

/** A schema that was on the destination before, and that the account cannot open to others. */
export interface ClosedSchema {
  readonly owner: string
  /** Roles that may create in it. */
  readonly creators: readonly string[]
}

/** Who may own what on the destination. */
export interface OwnerFacts {
  readonly roles: DestinationRoles
  /** The account that reads the source: what it owns is the destination account's. */
  readonly sourceAccount: string
  readonly closedSchemas: ReadonlyMap<string, ClosedSchema>
}

/** Schemas of others in which the account cannot let anybody create, with who may. */
export async function readClosedSchemas(destination: Session): Promise<ReadonlyMap<string, ClosedSchema>> {
  const rows = await destination.rows<ClosedSchema & { name: string }>(
    `SELECT n.nspname AS name, o.rolname AS owner,
            ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r
                   WHERE pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')) AS creators
       FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles o ON o.oid = n.nspowner
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE WITH GRANT OPTION')`,
  )
  return new Map(rows.map(({ name, ...schema }) => [name, schema]))
}

/**
 * Why an owner of the source cannot be the owner on the destination; `quiet` where nobody misses him, because he is the account
 * that reads the source or Amazon's own; null where he can.
 * @param schema where the object is, null for those outside of schemas
 */
export function whyNotOwner(owner: string, schema: string | null, facts: OwnerFacts): string | 'quiet' | null {
  const { roles, sourceAccount, closedSchemas } = facts
  if (owner === roles.account || isAwsRole(owner)) return 'quiet'
  const standing = roles.byName.get(owner)
  if (standing === undefined || !standing.giveable) {
    if (owner === sourceAccount) return 'quiet'
    if (standing === undefined) return `its owner ${owner} is not on the destination`
    return `its owner ${owner} cannot be made an owner by the account`
  }
  const closed = schema === null ? undefined : closedSchemas.get(schema)
  if (closed === undefined || closed.creators.includes(owner)) return null
  return `its owner ${owner} may not create in the schema ${schema}`
}
