import { artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { keepStreams } from '../../core/cloud/kept-streams.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { type RunRow, readRun } from '../../core/ledger/run.ts'
import { markClosed, markStreamGone, readStream, type StreamRow } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { DatabaseError } from '../../core/postgres/errors.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, type StepAnswer } from '../../core/runtime/verdict.ts'
import { holdStream } from '../../core/stream/hold.ts'
import { dropStream } from '../../core/stream/leftovers.ts'
import { streamName } from '../../core/stream/names.ts'
import { isUsable } from '../../core/stream/usable.ts'

/** What CloseStream has come to. */
export interface StreamsClosed {
  /** Of each slot that stays on the source, why and for how much. */
  readonly kept: readonly string[]
}

/** A warning: whoever looks on has to keep the writers from the source. */
const CUTOVER_HOLDS = {
  level: 'warning',
  step: 'CloseStream',
  code: 'CUTOVER_HOLDS',
  message:
    'the source was cut over before this start ended, and every change is here: keep its writers stopped, mend what has failed and start the task again',
} as const

/** No such database, schema or table: nothing was ever written down there. */
const NOT_THERE = new Set(['3D000', '3F000', '42P01'])

/**
 * Takes back what the run has opened on the source, whatever became of it, by its name alone: what endangers the source goes even where
 * the destination does not answer. Where it says that another start follows for the run, that one closes (`isAnothers`). A run that can
 * go on later leaves its stream where that is safe (`whyKept`).
 */
export async function closeStream(event: StepEvent, step: StepTools): Promise<StepAnswer<StreamsClosed>> {
  const { databases } = await wholeTask(artefacts(step.environment), event)
  if (event.endpoints === null) return done<StreamsClosed>({ kept: [] })
  const failures: unknown[] = []
  const kept: string[] = []
  const events = databases.map(({ name, as }) => ({ ...event, database: { name, as } }))
  const ledgers = await Promise.all(events.map((one) => reach(one, step)))
  try {
    for (const [index, one] of events.entries()) {
      try {
        const message = await closeOne(one, step, ledgers, index)
        if (message !== null) kept.push(events.length === 1 ? message : `${one.database.name}: ${message}`)
      } catch (thrown) {
        failures.push(thrown)
      }
    }
  } finally {
    await Promise.all(ledgers.map(({ destination }) => destination?.close()))
  }
  // The others are closed whatever becomes of one; all are tried again where one may be.
  if (failures.length > 0) throw failures.find((one) => toSampanError(one).retryable) ?? failures[0]
  await keepStreams(artefacts(step.environment), event.run, kept)
  return done<StreamsClosed>({ kept })
}

/**
 * @param ledgers of all databases
 * @returns what is told where its slot stays
 */
async function closeOne(
  event: StepEvent & { readonly database: DatabaseIdentity },
  step: StepTools,
  ledgers: readonly Reached[],
  index: number,
): Promise<string | null> {
  const { destination, failure } = ledgers[index] ?? { destination: null, failure: null }
  let state: StreamRow['state'] | null = null
  const source = await openSource(event, step.environment, { purpose: 'close-stream', signal: step.signal })
  try {
    const name = streamName(event)
    // Asked behind it: whoever takes the run over later opens its own stream later.
    await holdStream(source, name)
    const runs = await Promise.all(ledgers.map((one) => runOf(one, event.run.id)))
    const run = runs[index] ?? null
    if (isAnothers(event.run.execution, run, runs)) return null
    const stream = destination === null ? null : await ifThere(readStream(destination, event.run.id))
    // The task may have called the destination otherwise when it was opened.
    const slot = stream?.slot ?? name
    const mayGoOn = failure !== null || canGoOn(run, stream)
    if (mayGoOn) state = stream?.state ?? null
    const reason = mayGoOn ? await whyKept(source, event, slot) : null
    if (reason === null) for (const each of new Set([name, slot])) await dropStream(source, each)
    else if (failure !== null) throw unreached(failure, slot)
    else if (destination !== null) return await tellKept(destination, event.run.id, reason)
  } finally {
    await source.close()
  }
  if (failure !== null) throw failure
  if (destination !== null) await noteGone(destination, event.run.id, state)
  return null
}

async function runOf({ destination }: Reached, id: string): Promise<RunRow | null> {
  return destination === null ? null : ifThere(readRun(destination, id))
}

/**
 * Whether a database's stream is for another start to close. Whoever has taken the run over in one database takes it over in all of
 * them, in those later that it has not come to yet; and closes those as well that it never came to. A start that has come to none has
 * opened nothing. Nobody is at work for a run that is sealed: whoever comes next closes what its own start could not.
 * @param run of the database @param runs of all databases; `null` where the ledger knows none, or does not answer
 */
function isAnothers(execution: string, run: RunRow | null, runs: readonly (RunRow | null)[]): boolean {
  const known = runs.filter((one) => one !== null)
  if (runs.every((one) => one?.state === 'sealed')) return false
  if (known.some((one) => one.former.includes(execution) && followsItself(one))) return true
  if (known.some((one) => one.execution === execution)) return false
  return run !== null && followsItself(run)
}

/** A start that does not follow never comes to CloseStream. One of a Sampan that did not say what it is for may. */
const followsItself = ({ mode }: RunRow): boolean => mode === null || mode === 'follow'

/**
 * A run whose rows are all copied goes on where it stood, as long as its slot is there and has lost nothing. It stays where the source
 * bounds what a slot may keep, or the task says so; else nobody would look after the source's disk. A destination that does not answer may
 * have such a run; a database that is gone has taken along how far it was.
 * @returns how much WAL the source keeps for it, in words; `null` where it goes
 */
async function whyKept(source: Session, { task }: StepEvent, name: string): Promise<string | null> {
  const bound = await boundOf(source)
  if (bound === null && !task.follow?.keepSlot) return null
  if (!(await isUsable(source, name))) return null
  return bound === null ? 'as much WAL as is written' : `up to ${bound} MB of WAL`
}

async function tellKept(destination: Session, run: string, most: string): Promise<string> {
  const message = `the slot stays on the source, which keeps ${most} for it: start the task again to go on, or drop it by sampan leftovers --drop`
  await writeEvents(destination, run, [{ level: 'warning', step: 'CloseStream', code: 'FOLLOW_SLOT_KEPT', message }])
  return message
}

function unreached(failure: SampanError, name: string): SampanError {
  return new SampanError({
    code: failure.code,
    message: `${failure.message}; so the slot ${name} stays on the source, for the run may go on with it`,
    remedy: `${failure.remedy}; where the run is not to go on, drop the slot by sampan leftovers --drop`,
    retryable: failure.retryable,
    kind: failure.kind,
    cause: failure,
  })
}

/** `max_slot_wal_keep_size` in megabytes; `null` where it bounds nothing, and before 13. */
async function boundOf(source: Session): Promise<number | null> {
  const [row] = await source.rows<{ megabytes: number }>(
    `SELECT setting::integer AS megabytes FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting::integer >= 0`,
  )
  return row?.megabytes ?? null
}

function canGoOn(run: RunRow | null, stream: StreamRow | null): boolean {
  if (run === null || run.state !== 'open' || run.copiedAt === null) return false
  return /^(open|arrived)$/.test(stream?.state ?? '')
}

/** What the ledger says; `null` where nothing was ever written down. */
async function ifThere<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked
  } catch (thrown) {
    if (isNotThere(thrown) || (thrown instanceof SampanError && thrown.code === 'RUN_UNKNOWN')) return null
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

/** @param state of a run that may go on */
async function noteGone(destination: Session, run: string, state: StreamRow['state'] | null): Promise<void> {
  const mark = state === null ? markClosed : markStreamGone
  try {
    await mark(destination, run, 'the run had ended, and took back what it had opened')
    if (state === 'arrived') await writeEvents(destination, run, [CUTOVER_HOLDS])
  } catch (thrown) {
    if (!isNotThere(thrown)) throw thrown
  }
}

const isNotThere = (thrown: unknown) => thrown instanceof DatabaseError && NOT_THERE.has(thrown.sqlState ?? '')
