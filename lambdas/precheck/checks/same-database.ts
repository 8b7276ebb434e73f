import { type Check, passed } from '../check.ts'
import { isSameDatabase } from '../facts/same-database.ts'

/** Told before anything is said of objects that are there already: they are the source's own. */
export const sameDatabase: Check = {
  code: 'SAME_DATABASE',
  side: 'both',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'source and destination are two databases',
  cause: 'host, port and name of source and destination lead to one and the same database',
  remedy: 'correct the destination of the task; do not drop anything: what stands there is the source itself',
  async run(context) {
    if (!(await context.fact(isSameDatabase))) return passed
    const { name, as } = context.database
    return [{ cause: `"${name}" of the source and "${as}" of the destination are one and the same database` }]
  },
}
