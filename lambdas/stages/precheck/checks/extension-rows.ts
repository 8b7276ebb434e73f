import type { ExtensionRelation } from '../../../core/postgres/extension-relations.ts'
import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import { extensionPlaces, extensionRelations } from '../facts/extension-data.ts'
import { shownName } from '../facts/sql.ts'

/**
 * CREATE EXTENSION makes the tables of an extension anew. Rows that the extension expects there (pg_extension_config_dump: jobs of
 * pg_cron, tables of pg_partman, reference systems of PostGIS) are migrated, where the destination has a place for them. What users
 * have written elsewhere is not; and a table that ALTER EXTENSION … ADD TABLE has put there is not even made.
 */
export const extensionRows: Check = {
  code: 'EXTENSION_ROWS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'rows in tables of extensions are their configuration, and have a place on the destination',
  cause: 'rows of tables of extensions are left behind: not declared as configuration, or without a place there',
  remedy:
    'ALTER EXTENSION … DROP TABLE what is yours, mend what is named, or acknowledge this code: those rows stay behind',
  async run(context) {
    const [relations, places] = await Promise.all([context.fact(extensionRelations), context.fact(extensionPlaces)])
    const left = relations.flatMap((relation) => {
      const obstacle = obstacleOf(relation, places.get(relation.oid)?.obstacle ?? null)
      return obstacle === null ? [] : [{ relation, obstacle }]
    })
    const readable = left.filter(({ relation }) => relation.readable)
    const questions = readable.map(({ relation }, at) => `SELECT ${at} AS at WHERE ${isUsed(relation)}`)
    const found = questions.length === 0 ? [] : await context.source.rows<{ at: number }>(questions.join(' UNION ALL '))
    const used = new Set(found.map(({ at }) => readable[at]))
    return findingOf(
      left
        .filter((one) => !one.relation.readable || used.has(one))
        .map(({ relation: { schema, name, extension }, obstacle }) => {
          return `${shownName(schema, name)} of ${extension}, ${obstacle}`
        }),
      (number) => `rows of ${count(number, 'table')} of extensions are not migrated`,
    )
  },
}

function obstacleOf({ configuration, readable }: ExtensionRelation, there: string | null): string | null {
  if (!readable) return 'not readable'
  return configuration ? there : 'no configuration'
}

function isUsed({ kind, schema, name, configuration, where }: ExtensionRelation): string {
  const table = quoteQualified(schema, name)
  if (kind === 'sequence') return `(SELECT is_called FROM ${table})`
  return `EXISTS (SELECT FROM ${table}${configuration ? ` WHERE (${where}\n)` : ''})`
}
