import { isNamedBy } from '../../../core/filter/filtered.ts'
import { readExtensionRelations } from '../../../core/postgres/extension-relations.ts'
import { type KeyChoice, keyChoices, tableNames } from '../../../core/task/table-options.ts'
import { type Check, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { namedObjects } from '../facts/named-objects.ts'
import { sourceRelations } from '../facts/relations.ts'
import { USER_SCHEMA } from '../facts/sql.ts'
import { changedTables } from '../facts/table-changes.ts'

export const filterMatchesNothing: Check = {
  code: 'FILTER_MATCHES_NOTHING',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title:
    'every pattern of "include" and "exclude" names something, and every name of "tables" a table that comes, or a foreign key of it',
  cause:
    'a pattern names nothing of the source, or a name of "tables" no table that comes: a slip that would lose data, or migrate too much',
  remedy: 'mend the pattern (upper and lower case count as written), or take it out',
  async run(context) {
    const [relations, ofExtensions, schemas, objects] = await Promise.all([
      context.fact(sourceRelations),
      readExtensionRelations(context.source),
      context.source.rows<{ name: string }>(
        `SELECT n.nspname AS name FROM pg_catalog.pg_namespace AS n WHERE ${USER_SCHEMA}`,
      ),
      context.fact(namedObjects),
    ])
    const named = tableNames(context.database).length > 0
    const unused = named ? (await context.fact(changedTables)).unused.map(({ name }) => name) : []
    const configuration = ofExtensions.filter((relation) => relation.configuration)
    const names = schemas.map((schema) => schema.name)
    const keys = named ? await unknownKeys(context) : []
    const unmatched = context.selection.unmatchedPatterns([...relations, ...configuration], names, objects)
    const contradicted = context.selection.contradictedPatterns([...relations, ...configuration], names)
    return [
      ...findingOf(contradicted, () => `all that ${contradicted.join(', ')} of "include" names is excluded again`),
      ...findingOf(unmatched, () => `nothing in the source is named by ${unmatched.join(', ')}`),
      ...findingOf(unused, () => `no table that is migrated is named by ${unused.join(', ')} of "tables"`),
      ...findingOf(keys, () => `no foreign key is named by ${keys.join(', ')} of "tables"`),
    ]
  },
}

/** `orders_customer_fkey of public.orders` */
async function unknownKeys(context: CheckContext): Promise<readonly string[]> {
  const choices = keyChoices(context.database)
  if (choices.length === 0) return []
  const [{ chosen }, keys] = await Promise.all([
    context.fact(changedTables),
    context.source.rows<{ table: number; name: string }>(
      `SELECT k.conrelid AS table, k.conname::text AS name FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'f'`,
    ),
  ])
  const isThere = (choice: KeyChoice) =>
    chosen.some(
      (table) => isNamedBy(choice, table) && keys.some((key) => key.table === table.oid && key.name === choice.key),
    )
  return choices.filter((choice) => !isThere(choice)).map(({ key, name }) => `${key} of ${name}`)
}
