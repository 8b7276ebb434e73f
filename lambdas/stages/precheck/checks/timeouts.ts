import type { Side } from '../../../core/postgres/errors.ts'
import { type Check, findingOf } from '../check.ts'

/** Every session of Sampan sets these to 0 (session-settings.ts of the postgres room). */
const SWITCHED_OFF = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout']

const check = (side: Side): Check => ({
  code: side === 'source' ? 'SRC_TIMEOUTS' : 'DST_TIMEOUTS',
  side,
  level: 'warning',
  scope: 'task',
  needs: [side],
  title: `no time-out of the ${side} ends Sampan’s sessions`,
  cause: `time-outs that every session of Sampan switches off are on: a pooler or a guard between takes its settings away`,
  remedy: 'connect to the server itself, not through a pooler in transaction mode',
  async run(context) {
    const session = side === 'source' ? context.source : context.destinationServer
    const rows = await session.rows<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_catalog.pg_settings
        WHERE name = ANY ($1::pg_catalog.text[]) AND setting <> '0' ORDER BY name`,
      [SWITCHED_OFF],
    )
    return findingOf(
      rows.map((row) => `${row.name} = ${row.setting} ms`),
      (count) => `${count} of Sampan’s session settings do not hold on the ${side}`,
    )
  },
})

export const sourceTimeouts = check('source')
export const destinationTimeouts = check('destination')
