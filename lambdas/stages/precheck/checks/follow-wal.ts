import { bytesText, durationText } from '../../../core/present/units.ts'
import { type Allowed, Budget } from '../../../core/stream/budget.ts'
import { readWalRate } from '../../../core/stream/wal-rate.ts'
import { type Check, passed } from '../check.ts'
import { CannotRun } from '../context.ts'
import { selectedBytes } from '../facts/size.ts'

/** As a guess, of all lanes together; a plan measures it. */
const COPIED_BYTES_PER_SECOND = 10_000_000
const MEGABYTE = 1024 * 1024

export const followWalShort: Check = {
  code: 'FOLLOW_WAL_SHORT',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'the WAL that the source writes while the rows are copied is less than it may keep for the run',
  cause:
    'the source may write more WAL while the rows are copied than it may keep for the run, whose slot is given up then (FOLLOW_SLOT_GIVEN_UP)',
  remedy:
    'raise follow.maxRetainedMegabytes where the source’s disk has room, give more lanes, or migrate at a quieter hour; sampan plan measures the copy',
  async run(context) {
    const { event, environment, source } = context
    if (event.task.follow === undefined) throw new CannotRun('irrelevant', 'the task does not follow its source')
    if ((await context.source.rows('SELECT 1 WHERE pg_catalog.pg_is_in_recovery()')).length > 0) return passed
    const [rate, bytes, allowed] = await Promise.all([
      readWalRate(source),
      context.fact(selectedBytes),
      new Budget(event, environment).allowed(0),
    ])
    const cause = whyShort(rate, bytes, allowed)
    return cause === null ? passed : [{ cause }]
  },
}

/** @param rate bytes of WAL in a second @param bytes that are to be copied @returns `null` where it is enough */
export function whyShort(rate: number, bytes: number, { megabytes, because }: Allowed): string | null {
  const seconds = bytes / COPIED_BYTES_PER_SECOND
  if (rate * seconds <= megabytes * MEGABYTE) return null
  const lasts = durationText((megabytes * MEGABYTE) / rate)
  return `the source writes ${bytesText(rate)} of WAL in a second, and ${because}: that lasts for ${lasts}; ${bytesText(bytes)} are copied in ${durationText(seconds)} at ${bytesText(COPIED_BYTES_PER_SECOND)} a second`
}
