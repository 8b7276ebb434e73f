import type { Side } from '../../../core/postgres/errors.ts'
import { type Check, passed } from '../check.ts'

const check = (side: Side): Check => ({
  code: side === 'source' ? 'SRC_TEMPLATE_DATABASE' : 'DST_TEMPLATE_DATABASE',
  side,
  level: 'error',
  scope: 'database',
  needs: [side === 'source' ? 'source' : 'destinationDatabase'],
  title: `the database of the ${side} is no template for others`,
  cause: `the database of the ${side} is a template: every database made later would be a copy of it`,
  remedy:
    side === 'source'
      ? 'name a database of your own; for one that was made a template on purpose: ALTER DATABASE … IS_TEMPLATE false'
      : 'name another database as destination (as)',
  async run(context) {
    const session = side === 'source' ? context.source : context.destination
    const [row] = await session.rows<{ template: boolean }>(
      'SELECT datistemplate AS template FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()',
    )
    const name = side === 'source' ? context.database.name : context.database.as
    return row?.template === true ? [{ cause: `"${name}" is a template database` }] : passed
  },
})

export const sourceTemplate = check('source')
export const destinationTemplate = check('destination')
