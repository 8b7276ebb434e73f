import { type Check, count, findingOf, passed } from '../check.ts'
import { shownName } from '../facts/sql.ts'

export const publications: Check = {
  code: 'PUBLICATIONS',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'the source publishes nothing',
  cause:
    'publications are migrated as definitions, FOR ALL TABLES by naming what is there; subscribers go on following the source',
  remedy: 'point the subscribers at the destination after the cutover',
  async run({ source, selection }) {
    if (!selection.everything || source.serverVersion < 100_000) return passed
    const rows = await source.rows<{ name: string }>('SELECT pubname AS name FROM pg_catalog.pg_publication ORDER BY 1')
    const chosen = rows.filter(
      ({ name }) => !selection.excludesObject({ kind: 'PUBLICATION', names: [name], schema: null }),
    )
    return findingOf(
      chosen.map((row) => shownName(row.name)),
      (number) => count(number, 'publication'),
    )
  },
}

export const subscriptions: Check = {
  code: 'SUBSCRIPTIONS',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'the source subscribes to nothing',
  cause: 'subscriptions are not migrated: two servers that follow one slot would take changes from each other',
  remedy: 'make them anew on the destination after the cutover',
  async run({ source, selection }) {
    if (!selection.everything || source.serverVersion < 100_000) return passed
    const rows = await source.rows<{ name: string }>(`
      SELECT s.subname AS name FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
       WHERE d.datname = pg_catalog.current_database() ORDER BY 1`)
    return findingOf(
      rows.map((row) => shownName(row.name)),
      (number) => count(number, 'subscription'),
    )
  },
}
