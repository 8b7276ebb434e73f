import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import { chosenRelations } from '../facts/relations.ts'
import { destinationRole } from '../facts/role.ts'

interface SchemaRights {
  readonly name: string
  readonly creates: boolean
  readonly uses: boolean
}

export const destinationRights: Check = {
  code: 'DST_RIGHTS_MISSING',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'the account may create schemas and objects in the destination database',
  cause: 'the account lacks CREATE on the database, or CREATE and USAGE on a schema that is there already',
  remedy: 'run the GRANT statements listed, as the owner of the database (ApsaraDB: its privileged account)',
  async run(context) {
    const { destination } = context
    const [role, relations, [database], present] = await Promise.all([
      context.fact(destinationRole),
      context.fact(chosenRelations),
      destination.rows<{ creates: boolean }>(
        `SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS creates`,
      ),
      destination.rows<SchemaRights>(
        `SELECT nspname AS name, pg_catalog.has_schema_privilege(oid, 'CREATE') AS creates,
                pg_catalog.has_schema_privilege(oid, 'USAGE') AS uses FROM pg_catalog.pg_namespace`,
      ),
    ])
    const needed = new Set([...relations.map((relation) => relation.schema), 'sampan'])
    const to = `TO ${quoteIdentifier(role.name)}`
    const grants = database?.creates ? [] : [`GRANT CREATE ON DATABASE ${quoteIdentifier(context.database.as)} ${to}`]
    for (const schema of present) {
      if (!needed.has(schema.name) || (schema.creates && schema.uses)) continue
      grants.push(`GRANT CREATE, USAGE ON SCHEMA ${quoteIdentifier(schema.name)} ${to}`)
    }
    return findingOf(grants, (number) => `${role.name} lacks ${count(number, 'right')} on the destination`)
  },
}
