import { artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { readRun } from '../../core/ledger/run.ts'
import { markClosed, readStream } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { DatabaseError } from '../../core/postgres/errors.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, type StepAnswer } from '../../core/runtime/verdict.ts'
import { holdStream } from '../../core/stream/hold.ts'
import { dropStream } from '../../core/stream/leftovers.ts'
import { streamName } from '../../core/stream/names.ts'

/** No such database, schema or table: nothing was ever written down there. */
const NOT_THERE = new Set(['3D000', '3F000', '42P01'])

/**
 * Takes back what the run has opened on the source, whatever became of it, by its name alone: what endangers the source goes even where
 * the destination does not answer. Where it says that another start works for the run, that start follows, and closes. A run that can
 * go on later leaves its stream where that is safe (`isKept`).
 */
export async function closeStream(event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  const [database] = (await wholeTask(artefacts(step.environment), event)).databases
  if (database === undefined || event.endpoints === null) return done()
  const own = { ...event, database }
  const { destination, failure } = await reach(own, step)
  try {
    const source = await openSource(own, step.environment, { purpose: 'close-stream', signal: step.signal })
    try {
      const name = streamName(event.run.id, database.name)
      // Asked behind it: whoever takes the run over later opens its own stream later.
      await holdStream(source, name)
      if (destination !== null && (await isTaken(destination, event))) return done()
      if (await isKept(source, { destination, failure }, event)) {
        if (failure !== null) throw failure
        return done()
      }
      await dropStream(source, name)
    } finally {
      await source.close()
    }
    if (failure !== null) throw failure
    if (destination !== null) await noteClosed(destination, event.run.id)
    return done()
  } finally {
    await destination?.close()
  }
}

/**
 * A run whose rows are all copied goes on where it stood, as long as its slot is there. It stays where the source bounds what a slot may
 * keep, or the task says so; else nobody would look after the source's disk. A destination that does not answer may have such a run.
 */
async function isKept(source: Session, { destination, failure }: Reached, { run, task }: StepEvent): Promise<boolean> {
  const bound = await boundOf(source)
  if (bound === null && !task.follow?.keepSlot) return false
  // A database that is gone has taken along how far the run was.
  if (destination === null) return failure !== null
  if (!(await canGoOn(destination, run.id))) return false
  const most = bound === null ? 'as much WAL as is written' : `up to ${bound} MB of WAL`
  const message = `the slot stays on the source, which keeps ${most} for it: start the task again to go on, or drop it by sampan leftovers --drop`
  await writeEvents(destination, run.id, [{ level: 'warning', step: 'CloseStream', code: 'FOLLOW_SLOT_KEPT', message }])
  return true
}

/** `max_slot_wal_keep_size` in megabytes; `null` where it bounds nothing, and before 13. */
async function boundOf(source: Session): Promise<number | null> {
  const [row] = await source.rows<{ megabytes: number }>(
    `SELECT setting::integer AS megabytes FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting::integer >= 0`,
  )
  return row?.megabytes ?? null
}

async function canGoOn(destination: Session, id: string): Promise<boolean> {
  try {
    const [run, stream] = [await readRun(destination, id), await readStream(destination, id)]
    return run.state === 'open' && run.copiedAt !== null && /^(open|arrived)$/.test(stream?.state ?? '')
  } catch (thrown) {
    if (isNotThere(thrown) || (thrown instanceof SampanError && thrown.code === 'RUN_UNKNOWN')) return false
    throw thrown
  }
}

interface Reached {
  readonly destination: Session | null
  /** Why it was not reached; `null` where the database is not there. */
  readonly failure: SampanError | null
}

async function reach(event: StepEvent, step: StepTools): Promise<Reached> {
  try {
    const options = { purpose: 'close-stream', signal: step.signal }
    return { destination: await openDestination(event, step.environment, options), failure: null }
  } catch (thrown) {
    const error = toSampanError(thrown)
    return { destination: null, failure: isNotThere(error) ? null : error }
  }
}

async function isTaken(destination: Session, { run }: StepEvent): Promise<boolean> {
  try {
    return (await readRun(destination, run.id)).execution !== run.execution
  } catch (thrown) {
    if (isNotThere(thrown) || (thrown instanceof SampanError && thrown.code === 'RUN_UNKNOWN')) return false
    throw thrown
  }
}

async function noteClosed(destination: Session, run: string): Promise<void> {
  try {
    await markClosed(destination, run, 'the run had ended, and took back what it had opened')
  } catch (thrown) {
    if (!isNotThere(thrown)) throw thrown
  }
}

const isNotThere = (thrown: unknown) => thrown instanceof DatabaseError && NOT_THERE.has(thrown.sqlState ?? '')
