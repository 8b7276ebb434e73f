import { type Relation, titleOf } from '../../core/ledger/relation.ts'
import { readFollowedRelations } from '../../core/ledger/relations.ts'
import { markClosed, readStream, type StreamRow } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, more, type StepAnswer } from '../../core/runtime/verdict.ts'
import { ChangeStream } from '../../core/stream/change-stream.ts'
import { parseLsn } from '../../core/stream/lsn.ts'
import { openWalsender } from '../../core/stream/open-stream.ts'
import { isUsable } from '../../core/stream/usable.ts'
import { endOf } from './cutover.ts'
import { firstThatDiffers, inOtherFiles, withFiles } from './same-rows.ts'

const POLL_MILLISECONDS = 100

/**
 * Nobody has written to the source since the cutover: what it has done since then is read from its stream up to now, and holds no
 * change of a row. What is not in the stream, a table that was rewritten, is read at both ends, and so are all tables where the slot
 * is gone. Asked before the run is sealed; an earlier start that got there has sealed it.
 * @throws SampanError CUTOVER_LATE_WRITES
 */
export async function proveStandstill(event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  const { environment, signal } = step
  const open: Session[] = []
  try {
    const destination = await openDestination(event, environment, { purpose: 'prove', signal })
    open.push(destination)
    const row = await readStream(destination, event.run.id)
    if (row?.state !== 'arrived' || row.receipt === null) throw unproven(row?.closedBecause ?? null)
    const source = await openSource(event, environment, { purpose: 'prove', signal })
    open.push(source)
    const streamed = row.closedBecause === null && (await isUsable(source, row.slot))
    const writtenTo = streamed && (await hasChanges(event, step, source, { ...row, receipt: row.receipt }))
    const late = writtenTo ? 'a table' : await titleOfOther(source, destination, event.run.id, row, streamed)
    if (late !== null) {
      const error = lateWrites(late)
      // It is found at every further start: the slot is of no more use.
      await markClosed(destination, event.run.id, error.message)
      throw error
    }
    return done()
  } catch (thrown) {
    if (signal.aborted) return more()
    throw thrown
  } finally {
    await Promise.all(open.map((session) => session.close()))
  }
}

/** Whether the stream has a change of a row between the receipt and now. */
async function hasChanges(
  event: StepEvent,
  { environment, signal }: StepTools,
  source: Session,
  { slot, publication, receipt }: StreamRow & { readonly receipt: string },
): Promise<boolean> {
  const end = await endOf(source)
  const from = parseLsn(receipt)
  const sender = await openWalsender({ event, environment, signal })
  const stream = new ChangeStream(sender, { slot, publication, from })
  try {
    for (let sent = from; sent < end; ) {
      signal.throwIfAborted()
      stream.ask()
      for (const arrival of await stream.take(POLL_MILLISECONDS)) {
        if (arrival.kind === 'sent') sent = arrival.end
        else if (/^(insert|update|delete|truncate)$/.test(arrival.message.kind)) return true
      }
    }
    return false
  } finally {
    await stream.end()
  }
}

/** A table of which the source has other rows than the destination; `null`: none of those that have to be read. */
async function titleOfOther(
  source: Session,
  destination: Session,
  run: string,
  row: StreamRow,
  streamed: boolean,
): Promise<string | null> {
  const tables = row.tables ?? []
  const others = inOtherFiles(tables, await withFiles(source, tables))
  const relations = await readFollowedRelations(destination, run)
  const doubtful = streamed ? relations.filter(({ oid }) => others.has(oid)) : relations
  const other: Relation | null = await inTransaction(source, () => firstThatDiffers(source, destination, run, doubtful))
  return other === null ? null : titleOf(other)
}

function unproven(why: string | null): SampanError {
  return new SampanError({
    code: 'FOLLOW_STREAM_CLOSED',
    message: `the source does not keep its changes for this run any more, so nothing proves that nobody wrote to it since the cutover${why === null ? '' : `: ${why}`}`,
    remedy: 'empty the destination database and begin a new run',
  })
}

/** @param what was written to */
function lateWrites(what: string): SampanError {
  return new SampanError({
    code: 'CUTOVER_LATE_WRITES',
    message: `somebody wrote to ${what} of the source behind the cutover, and that is not on the destination`,
    remedy:
      'let the application go on with the source, and find out which writer was not stopped; then empty the destination database and begin a new run',
  })
}
