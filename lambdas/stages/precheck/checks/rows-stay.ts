import { type Check, count, findingOf } from '../check.ts'
import { filledTables } from '../facts/filled-tables.ts'
import { judgedMeetings, meetings } from '../facts/meetings.ts'

export const rowsStay: Check = {
  code: 'DST_ROWS_STAY',
  side: 'destination',
  level: 'info',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'no rows of the source are kept out by rows that stand on the destination',
  cause:
    'tables that stand on the destination keep their rows ("conflicts": "ignore"): rows of the source whose key is there already do not come',
  remedy:
    'nothing, where that is what is wanted: the report counts them; else say "conflicts": "truncate" of the table, by its own name',
  async run(context) {
    // Where that does not arise, nor does this.
    await context.fact(judgedMeetings)
    const kept = (await context.fact(meetings)).filter(({ mode }) => mode === 'ignore')
    if (kept.length === 0) return []
    return findingOf(
      await filledTables(context, kept),
      (number) => `the rows of ${count(number, 'table')} on the destination stay, and may keep rows of the source out`,
    )
  },
}
