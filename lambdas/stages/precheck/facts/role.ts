import type { Session } from '../../../core/postgres/connect.ts'
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

async function readRole(session: Session): Promise<Role> {
  const [role] = await session.rows<Role>(`
    SELECT rolname AS name, rolsuper AS superuser, rolcreatedb AS "createDatabase", rolconnlimit AS "connectionLimit"
      FROM pg_catalog.pg_roles WHERE rolname = current_user`)
  if (role === undefined) throw new TypeError('the current user is no role')
  return role
}
