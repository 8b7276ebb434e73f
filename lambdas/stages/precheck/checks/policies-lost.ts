import { isAwsRole } from '../../../core/task/aws-names.ts'
import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { madeRoles, rolesByTask } from '../facts/role.ts'
import { shownName, USER_SCHEMA } from '../facts/sql.ts'

/** Restrictive policies came with 10. */
const RESTRICTIVE_SINCE = 100_000

interface RestrictivePolicy {
  readonly schema: string
  readonly name: string
  readonly policy: string
  readonly roles: readonly string[]
  /** Who has a named role’s rights. */
  readonly members: readonly string[]
}

export const policiesLost: Check = {
  code: 'POLICIES_LOST',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'every restrictive policy has a role on the destination that it takes rows from',
  cause:
    'restrictive policies hold for roles that the destination lacks, and are left out; a role that is made there later sees their rows',
  remedy: 'create the roles on the destination first, or acknowledge this code and make the policies with the roles',
  async run(context) {
    if (context.source.serverVersion < RESTRICTIVE_SINCE) return passed
    const [made, map, policies, roles] = await Promise.all([
      context.fact(madeRoles),
      context.fact(rolesByTask),
      chosenTables<RestrictivePolicy>(
        context,
        `SELECT n.nspname AS schema, c.relname AS name, p.polname AS policy,
                ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles AS r
                       WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles,
                ARRAY(SELECT m.rolname::text FROM pg_catalog.pg_roles AS r JOIN pg_catalog.pg_roles AS m
                          ON NOT m.rolsuper AND pg_catalog.pg_has_role(m.oid, r.oid, 'USAGE')
                       WHERE r.oid = ANY (p.polroles)) AS members
           FROM pg_catalog.pg_policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
          WHERE NOT p.polpermissive AND NOT p.polroles @> ARRAY[0::oid] AND ${USER_SCHEMA} ORDER BY 1, 2, 3`,
      ),
      context.destinationServer.rows<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles'),
    ])
    const present = new Set([...made.names, ...roles.map(({ name }) => name).filter((name) => !isAwsRole(name))])
    const lost = policies.filter(
      (policy) => ![...policy.roles, ...policy.members].some((role) => present.has(map?.(role) ?? role)),
    )
    return findingOf(
      lost.map(({ schema, name, policy, roles }) => {
        return `policy ${shownName(policy)} of ${shownName(schema, name)}, for ${roles.map((role) => shownName(role)).join(', ')}`
      }),
      (number) => `${count(number, 'restrictive policy', 'restrictive policies')} for roles that the destination lacks`,
    )
  },
}
