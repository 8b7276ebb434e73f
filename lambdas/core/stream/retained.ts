import { writeEvents } from '../ledger/events.ts'
import { markClosed, noteSource } from '../ledger/stream.ts'
import type { Session } from '../postgres/connect.ts'
import type { StepEvent } from '../runtime/event.ts'
import { dropSlot } from './leftovers.ts'
import { streamName } from './names.ts'

const LOOK_MILLISECONDS = 5_000
const MEGABYTE = 1024 * 1024

interface Look {
  readonly at: string
  readonly retained: string | null
}

/**
 * What the source keeps for the run, looked at every few seconds. Beyond what the task allows the slot is dropped, before the source's
 * disk is full: its life goes before the migration's. The follower then ends the run by what the ledger says.
 * @param source may be in the view's transaction: these figures are of now
 * @returns to be called often; it looks when it is time
 */
export function watchRetained(source: Session, destination: Session, event: StepEvent): () => Promise<void> {
  const { run, task } = event
  const { follow } = task
  if (task.mode !== 'follow' || follow === undefined) return async () => {}
  const name = streamName(event)
  let due = 0
  return async () => {
    if (performance.now() < due) return
    due = performance.now() + LOOK_MILLISECONDS
    const look = await lookAt(source, name)
    if (look === null) return
    await noteSource(destination, run.id, look)
    const megabytes = Number(look.retained ?? 0) / MEGABYTE
    if (megabytes <= follow.maxRetainedMegabytes) return
    const why = `the source kept ${Math.round(megabytes)} MB of WAL for this run, and follow.maxRetainedMegabytes is ${follow.maxRetainedMegabytes}`
    await dropSlot(source, name)
    await markClosed(destination, run.id, why)
    await writeEvents(destination, run.id, [
      { level: 'warning', step: 'Follow', code: 'FOLLOW_SLOT_GIVEN_UP', message: why },
    ])
  }
}

/** @returns null where there is no such slot */
async function lookAt(source: Session, name: string): Promise<Look | null> {
  const [look] = await source.rows<Look>(
    `SELECT pg_catalog.pg_current_wal_lsn()::text AS at,
            pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint::text AS retained
       FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
    [name],
  )
  return look ?? null
}
