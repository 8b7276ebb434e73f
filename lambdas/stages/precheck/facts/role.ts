import type { Session } from '../../../core/postgres/connect.ts'
import { readUsedRoles, rolesToMake } from '../../../core/postgres/new-roles.ts'
import { readDestinationRoles } from '../../../core/postgres/roles.ts'
import { type RoleMap, roleMap, wantsMade } from '../../../core/task/roles.ts'
import type { CheckContext } from '../context.ts'

/** The account Sampan logs in as. */
export interface Role {
  readonly name: string
  readonly superuser: boolean
  readonly createDatabase: boolean
  /** -1: no limit. */
  readonly connectionLimit: number
}

export function sourceRole(context: CheckContext): Promise<Role> {
  return readRole(context.source)
}

export function destinationRole(context: CheckContext): Promise<Role> {
  return readRole(context.destinationServer)
}

/** Who stands on the destination for a role of the source; null where every role is itself. */
export async function rolesByTask(context: CheckContext): Promise<RoleMap | null> {
  const { roles } = context.event.task
  return roles === undefined ? null : roleMap(roles, (await context.fact(sourceRole)).name)
}

/** Roles that the destination lacks and the task wants made, and whether the account may make them. */
export async function madeRoles(
  context: CheckContext,
): Promise<{ readonly names: readonly string[]; readonly may: boolean }> {
  const { roles } = context.event.task
  if (roles === undefined) return { names: [], may: true }
  const [account, there, used] = await Promise.all([
    context.fact(sourceRole),
    readDestinationRoles(context.destinationServer),
    readUsedRoles(context.source),
  ])
  return { names: rolesToMake(used, there, wantsMade(roles, account.name)), may: there.createsRoles === true }
}

async function readRole(session: Session): Promise<Role> {
  const [role] = await session.rows<Role>(`
    SELECT rolname AS name, rolsuper AS superuser, rolcreatedb AS "createDatabase", rolconnlimit AS "connectionLimit"
      FROM pg_catalog.pg_roles WHERE rolname = current_user`)
  if (role === undefined) throw new TypeError('the current user is no role')
  return role
}
