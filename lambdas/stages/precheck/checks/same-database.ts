import { type Check, passed } from '../check.ts'
import { sourceThatIsDestination } from '../facts/same-database.ts'

/** Told before anything is said of objects that are there already: they are the source's own. */
export const sameDatabase: Check = {
  code: 'SAME_DATABASE',
  side: 'both',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'no destination is a source of the task',
  cause: 'a destination of the task is one of its sources, or one is a standby of the other',
  remedy: 'correct the destination of the task; do not drop anything: what stands there is a source itself',
  async run(context) {
    const source = await context.fact(sourceThatIsDestination)
    if (source === null) return passed
    const { as } = context.database
    return [
      { cause: `"${as}" of the destination is, or is a standby of, the database "${source}" that the task reads` },
    ]
  },
}
