import { type Check, passed } from '../check.ts'
import { newNames } from '../facts/names.ts'
import { chosenRelations } from '../facts/relations.ts'

/** As in schema/transform/scratch-transaction.ts. */
const MOST_TABLES = 500

export const scratchImpossible: Check = {
  code: 'SCRATCH_IMPOSSIBLE',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'the destination has a place to change names in',
  cause: `names are changed in an empty copy of the objects: a database that the account may create, or one transaction of up to ${MOST_TABLES} tables`,
  remedy: 'give the destination’s account CREATEDB (ALTER ROLE … CREATEDB), or take the new names out of the task',
  async run(context) {
    if ((await context.fact(newNames)) === null) return passed
    const [chosen, [right]] = await Promise.all([
      context.fact(chosenRelations),
      context.destinationServer.rows<{ may: boolean }>(
        `SELECT r.rolcreatedb OR r.rolsuper AS may FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user`,
      ),
    ])
    const tables = chosen.filter(({ kind }) => kind === 'r' || kind === 'p').length
    if (right?.may === true || tables <= MOST_TABLES) return passed
    return [{ cause: `the account may create no database, and ${tables} tables are more than ${MOST_TABLES}` }]
  },
}
