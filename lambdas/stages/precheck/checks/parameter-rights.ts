import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { isAwsRole } from '../../../core/task/aws-names.ts'
import { type Check, count, findingOf, passed } from '../check.ts'

/** Rights on parameters came with 15. */
const PARAMETER_RIGHTS = 150_000

const RIGHTS = `
  SELECT p.parname AS parameter, a.privilege_type AS privilege, r.rolname AS role, a.is_grantable AS grantable
    FROM pg_catalog.pg_parameter_acl AS p CROSS JOIN LATERAL pg_catalog.aclexplode(p.paracl) AS a
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
   WHERE a.grantee <> 10 AND (a.grantee = 0 OR r.oid IS NOT NULL)
   ORDER BY 1, 3, 2`

interface Right {
  readonly parameter: string
  readonly privilege: string
  readonly role: string | null
  readonly grantable: boolean
}

export const parameterRights: Check = {
  code: 'PARAMETER_RIGHTS',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'nobody on the source has rights on parameters of the server',
  cause: 'rights on parameters (GRANT SET, ALTER SYSTEM ON PARAMETER) are the server’s, as its roles are: not migrated',
  remedy: 'run on the destination what is listed, where its account may and the roles are there',
  async run({ source }) {
    if (source.serverVersion < PARAMETER_RIGHTS) return passed
    const rights = await source.rows<Right>(RIGHTS)
    const own = rights.filter(({ role }) => role === null || !isAwsRole(role))
    return findingOf(own.map(statementOf), (number) => `${count(number, 'right')} on parameters will not be migrated`)
  },
}

function statementOf({ parameter, privilege, role, grantable }: Right): string {
  const whom = role === null ? 'PUBLIC' : quoteIdentifier(role)
  const name = parameter.split('.').map(quoteIdentifier).join('.')
  return `GRANT ${privilege} ON PARAMETER ${name} TO ${whom}${grantable ? ' WITH GRANT OPTION' : ''}`
}
