import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { type Check, passed } from '../check.ts'
import { destinationRole } from '../facts/role.ts'

export const databaseToCreate: Check = {
  code: 'DST_DATABASE_TO_CREATE',
  side: 'destination',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['destination'],
  title: 'the destination database is there already',
  cause: 'the destination database does not exist yet; Sampan creates it',
  remedy: 'nothing to do, unless its name in the task is a slip',
  async run(context) {
    if (!context.destinationMissing) return passed
    const role = await context.fact(destinationRole)
    const name = quoteIdentifier(context.database.as)
    if (role.superuser || role.createDatabase)
      return [{ cause: `the database ${name} will be created by ${role.name}` }]
    if (context.event.task.destination.apsaraInstance === undefined) return passed
    return [
      {
        cause: `${role.name} may not create ${name}: the API of Alibaba Cloud will, and make ${role.name} its owner`,
        remedy: 'see that the access key may rds:CreateDatabase, rds:DescribeDatabases and rds:GrantAccountPrivilege',
      },
    ]
  },
}
