import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { type Check, passed } from '../check.ts'
import { destinationRole } from '../facts/role.ts'

export const databaseMissing: Check = {
  code: 'DST_DATABASE_MISSING',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['destination'],
  title: 'the destination database exists, or can be created',
  cause:
    'the destination database does not exist, and neither the account nor an access key of the cloud may create one',
  remedy: 'create the database, in the ApsaraDB console or by CREATE DATABASE, or give the account CREATEDB',
  async run(context) {
    if (!context.destinationMissing) return passed
    const role = await context.fact(destinationRole)
    if (role.superuser || role.createDatabase || context.event.task.destination.apsaraInstance !== undefined)
      return passed
    const name = quoteIdentifier(context.database.as)
    return [
      {
        cause: `there is no database ${name}, and ${role.name} may not create it`,
        details: [`CREATE DATABASE ${name} OWNER ${quoteIdentifier(role.name)} TEMPLATE template0 ENCODING 'UTF8'`],
      },
    ]
  },
}
