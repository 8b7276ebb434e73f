import { isAwsRole } from '../../../core/task/aws-names.ts'
import { isDropped } from '../../../core/task/roles.ts'
import { type Check, count, findingOf } from '../check.ts'
import { madeRoles, rolesByTask } from '../facts/role.ts'
import { shownName } from '../facts/sql.ts'

export const rolesMissing: Check = {
  code: 'ROLES_MISSING',
  side: 'both',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination has the roles that own the source’s objects or hold rights on them',
  cause:
    'roles are not migrated: what an absent owner has belongs to the destination account, and grants to it are left out',
  remedy:
    'create the roles on the destination first if owners and rights matter there, or name others for them in "roles" of the task',
  async run(context) {
    const [made, map, used, present] = await Promise.all([
      context.fact(madeRoles),
      context.fact(rolesByTask),
      // pg_shdepend notes every role that an object of this database speaks of.
      context.source.rows<{ name: string; objects: string }>(`
        SELECT r.rolname AS name, pg_catalog.count(*) AS objects
          FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid
         WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
           AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
         GROUP BY r.rolname ORDER BY r.rolname`),
      context.destinationServer.rows<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles'),
    ])
    const names = new Set([...made.names, ...present.map((row) => row.name)])
    const mapped = used.map(({ name, objects }) => ({ name, objects, there: map?.(name) ?? name }))
    // What the task drops nobody misses.
    const missing = mapped.filter(({ name, there }) => !names.has(there) && !isAwsRole(name) && !isDropped(there))
    return findingOf(
      missing.map(
        (row) =>
          `${shownName(row.there)}${row.there === row.name ? '' : ` (${shownName(row.name)})`}, named by ${count(Number(row.objects), 'object')}`,
      ),
      (number) => `the destination lacks ${count(number, 'role')} of the source`,
    )
  },
}
