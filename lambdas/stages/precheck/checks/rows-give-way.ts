import { type Check, count, findingOf } from '../check.ts'
import { filledTables } from '../facts/filled-tables.ts'
import { judgedMeetings, meetings } from '../facts/meetings.ts'

export const rowsGiveWay: Check = {
  code: 'DST_ROWS_GIVE_WAY',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'no rows of the destination are taken away',
  cause: 'the task empties or drops tables that stand on the destination ("conflicts"): their rows are lost',
  remedy: 'keep a copy of what is still needed, then acknowledge this code, or take "conflicts" out of the task',
  async run(context) {
    // Where that does not arise, nor does this.
    await context.fact(judgedMeetings)
    const emptied = (await context.fact(meetings)).filter(({ mode }) => mode === 'truncate' || mode === 'replace')
    if (emptied.length === 0) return []
    return findingOf(
      await filledTables(context, emptied),
      (number) => `the rows of ${count(number, 'table')} on the destination will be taken away`,
    )
  },
}
