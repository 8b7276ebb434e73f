import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import { neededExtensions } from '../facts/extensions.ts'

export const extensionSchemaDiffers: Check = {
  code: 'EXTENSION_SCHEMA_DIFFERS',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'extensions that the destination has already are in the source’s schemas',
  cause:
    'an extension stands in another schema than on the source: what names its types or functions by that schema cannot be made',
  remedy:
    'move it with the statement named, or drop it there: Sampan creates it; acknowledge this code where nothing uses it',
  async run(context) {
    const [needed, there] = await Promise.all([
      context.fact(neededExtensions),
      context.destination.rows<{ name: string; schema: string }>(
        `SELECT e.extname AS name, n.nspname AS schema
           FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace`,
      ),
    ])
    const schemas = new Map(there.map(({ name, schema }) => [name, schema]))
    return findingOf(
      needed
        .filter(({ name, schema }) => schemas.has(name) && schemas.get(name) !== schema)
        .map(({ name, schema }) => `ALTER EXTENSION ${quoteIdentifier(name)} SET SCHEMA ${quoteIdentifier(schema)}`),
      (number) => `${count(number, 'extension stands', 'extensions stand')} in another schema than on the source`,
    )
  },
}
