import { markClosed, readStream } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, more, type StepAnswer } from '../../core/runtime/verdict.ts'
import { ChangeStream } from '../../core/stream/change-stream.ts'
import { parseLsn } from '../../core/stream/lsn.ts'
import { openWalsender } from '../../core/stream/open-stream.ts'
import { readGivenUp } from '../../core/stream/retained.ts'
import { endOf } from './cutover.ts'

const POLL_MILLISECONDS = 100

/**
 * Nobody has written to the source since the cutover: what it has done since then is read from its stream up to now, and holds no
 * change of a row. Asked before the run is sealed; an earlier start that got there has sealed it.
 * @throws SampanError CUTOVER_LATE_WRITES
 */
export async function proveStandstill(event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  const { environment, signal } = step
  const open: Session[] = []
  let stream: ChangeStream | null = null
  try {
    const destination = await openDestination(event, environment, { purpose: 'prove', signal })
    open.push(destination)
    const row = await readStream(destination, event.run.id)
    if (row?.state !== 'arrived' || row.receipt === null) throw unproven(row?.closedBecause ?? null)
    const source = await openSource(event, environment, { purpose: 'prove', signal })
    open.push(source)
    const [slot] = await source.rows(`SELECT 1 FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`, [row.slot])
    if (slot === undefined) throw unproven(await readGivenUp(source, row.publication))
    const end = await endOf(source)
    const from = parseLsn(row.receipt)
    const sender = await openWalsender({ event, environment, signal })
    stream = new ChangeStream(sender, { slot: row.slot, publication: row.publication, from })
    for (let sent = from; sent < end; ) {
      if (signal.aborted) return more()
      stream.ask()
      for (const arrival of await stream.take(POLL_MILLISECONDS)) {
        if (arrival.kind === 'sent') sent = arrival.end
        else if (/^(insert|update|delete|truncate)$/.test(arrival.message.kind)) {
          const late = lateWrites()
          // It is found at every further start: the slot is of no more use.
          await markClosed(destination, event.run.id, late.message)
          throw late
        }
      }
    }
    return done()
  } catch (thrown) {
    if (signal.aborted) return more()
    throw thrown
  } finally {
    await stream?.end()
    await Promise.all(open.map((session) => session.close()))
  }
}

function unproven(why: string | null): SampanError {
  return new SampanError({
    code: 'FOLLOW_STREAM_CLOSED',
    message: `the source does not keep its changes for this run any more, so nothing proves that nobody wrote to it since the cutover${why === null ? '' : `: ${why}`}`,
    remedy: 'empty the destination database and begin a new run',
  })
}

function lateWrites(): SampanError {
  return new SampanError({
    code: 'CUTOVER_LATE_WRITES',
    message: 'somebody wrote to a table of the source behind the cutover, and that is not on the destination',
    remedy:
      'let the application go on with the source, and find out which writer was not stopped; then empty the destination database and begin a new run',
  })
}
