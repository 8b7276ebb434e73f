import { readExtensionRelations } from '../../../core/postgres/extension-relations.ts'
import { rowFilters } from '../../../core/task/table-options.ts'
import { type Check, findingOf } from '../check.ts'
import { filteredTables } from '../facts/filters.ts'
import { namedObjects } from '../facts/named-objects.ts'
import { sourceRelations } from '../facts/relations.ts'
import { USER_SCHEMA } from '../facts/sql.ts'

export const filterMatchesNothing: Check = {
  code: 'FILTER_MATCHES_NOTHING',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'every pattern of "include" and "exclude" names something, and every name of "tables" a table that comes',
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
    const filtered = rowFilters(context.database).length > 0
    const unused = filtered ? (await context.fact(filteredTables)).unused.map(({ name }) => name) : []
    const configuration = ofExtensions.filter((relation) => relation.configuration)
    const names = schemas.map((schema) => schema.name)
    const unmatched = context.selection.unmatchedPatterns([...relations, ...configuration], names, objects)
    const contradicted = context.selection.contradictedPatterns([...relations, ...configuration], names)
    return [
      ...findingOf(contradicted, () => `all that ${contradicted.join(', ')} of "include" names is excluded again`),
      ...findingOf(unmatched, () => `nothing in the source is named by ${unmatched.join(', ')}`),
      ...findingOf(unused, () => `no table that is migrated is named by ${unused.join(', ')} of "tables"`),
    ]
  },
}
