import { type Check, count, findingOf } from '../check.ts'
import { CannotRun } from '../context.ts'

export const preparedTransactions: Check = {
  code: 'SRC_PREPARED_TRANSACTIONS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no prepared transaction waits in the source',
  cause: 'transactions are prepared but not committed: their rows are not migrated, and their locks stay',
  remedy: 'COMMIT PREPARED or ROLLBACK PREPARED them, or acknowledge this code if they are young and expected',
  async run({ source, event }) {
    if (event.task.mode === 'follow') throw new CannotRun('irrelevant', 'what they commit later comes with the changes')
    const rows = await source.rows<{ gid: string; owner: string; prepared: string }>(`
      SELECT gid, owner, prepared FROM pg_catalog.pg_prepared_xacts
       WHERE database = pg_catalog.current_database() ORDER BY prepared`)
    return findingOf(
      rows.map((row) => `${row.gid} of ${row.owner}, since ${row.prepared}`),
      (number) => `${count(number, 'prepared transaction')} in the source database`,
    )
  },
}
