import { type Check, count, passed } from '../check.ts'
import { largeObjectsCome } from '../facts/large-objects.ts'

export const largeObjects: Check = {
  code: 'LARGE_OBJECTS',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'the source has no large objects',
  cause: 'large objects are migrated with their ids; the destination must have none of its own',
  remedy: 'nothing to do',
  async run(context) {
    if (!(await context.fact(largeObjectsCome))) return passed
    const [row] = await context.source.rows<{ number: string }>(
      'SELECT pg_catalog.count(*) AS number FROM pg_catalog.pg_largeobject_metadata',
    )
    const number = Number(row?.number ?? 0)
    return number === 0 ? passed : [{ cause: count(number, 'large object') }]
  },
}
