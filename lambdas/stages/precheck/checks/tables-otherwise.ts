import { type Check, count, findingOf } from '../check.ts'
import { judgedMeetings } from '../facts/meetings.ts'

/** Columns take no value of the source: nothing that is compared later would show it. */
export const computedOtherwise: Check = {
  code: 'DST_COMPUTED_OTHERWISE',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'tables that stand on the destination generate their columns as the source does',
  cause:
    'a generated column of a table that stands on the destination has another expression than the source’s: it is computed there, and not compared',
  remedy:
    'on the destination drop the column and add it with the source’s expression; or acknowledge this code, where another version only writes the same otherwise',
  async run(context) {
    const { computed } = await context.fact(judgedMeetings)
    return findingOf(
      computed,
      (number) => `${count(number, 'generated column')} will hold other values than on the source`,
    )
  },
}

export const tablesOtherwise: Check = {
  code: 'DST_TABLES_OTHERWISE',
  side: 'destination',
  level: 'info',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'tables that stand on the destination are as on the source',
  cause:
    'tables that stand on the destination have another collation, NOT NULL, identity or the like: rows come where the table takes them',
  remedy: 'nothing, where that is what is wanted; else change the table there as the source has it',
  async run(context) {
    const { told } = await context.fact(judgedMeetings)
    return findingOf(
      told,
      (number) => `${count(number, 'difference')} that ${number === 1 ? 'keeps' : 'keep'} no row from coming by itself`,
    )
  },
}
