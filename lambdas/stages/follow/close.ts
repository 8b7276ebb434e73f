import { artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { readRun } from '../../core/ledger/run.ts'
import { markClosed } from '../../core/ledger/stream.ts'
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
 * the destination does not answer. Where it says that another start works for the run, that start follows, and closes.
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
