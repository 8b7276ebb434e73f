import { type Check, count, passed } from '../check.ts'

export const largeObjects: Check = {
  code: 'LARGE_OBJECTS',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'the source has no large objects',
  cause: 'large objects are migrated with their numbers; the destination must not use the same numbers',
  remedy: 'nothing to do',
  async run({ source, selection }) {
    if (!selection.largeObjects) return passed
    const [row] = await source.rows<{ number: string }>(
      'SELECT pg_catalog.count(*) AS number FROM pg_catalog.pg_largeobject_metadata',
    )
    const number = Number(row?.number ?? 0)
    return number === 0 ? passed : [{ cause: count(number, 'large object') }]
  },
}
