import { writeEvents } from '../../core/ledger/events.ts'
import { FOLLOW_CONTROL } from '../../core/ledger/other-start.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import { markClosed, readStream, withdrawCutover } from '../../core/ledger/stream.ts'
import { streamClosed } from '../../core/ledger/stream-closed.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { toDatabaseError } from '../../core/postgres/errors.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, more, type StepAnswer } from '../../core/runtime/verdict.ts'
import { dropSlot } from '../../core/stream/leftovers.ts'
import { watchRetained } from '../../core/stream/retained.ts'
import { beginFollowing, type Following } from './begin.ts'
import { type AtWork, cutOver } from './cutover.ts'
import { watchTables } from './source-tables.ts'
import { Together } from './together.ts'

/** How long a look at an idle stream takes, and how often the ledger is asked for the operator's word. */
const WAIT_MILLISECONDS = 250
const CONTROL_MILLISECONDS = 1_000
/** The call ends politely before its time is up. */
const MARGIN_MILLISECONDS = 20_000
/** Milliseconds. After a life all that is asked at its beginning is asked again. Tests make it short. */
export const followTimes = { life: 840_000 }
/** A walsender answers each second; one that does not for so long is asked for on the server. */
const SILENT_MILLISECONDS = 60_000
/** So near, that what is missing is what was written just now. */
const CAUGHT_UP_BYTES = 1024 * 1024

/** What does not pass, whoever mends what: the slot is of no more use, and goes. */
const FINAL = new Set([
  'FOLLOW_STREAM_CLOSED',
  'FOLLOW_POSITION_LOST',
  'FOLLOW_SCHEMA_CHANGED',
  'FOLLOW_ROWS_MISSING',
  'FOLLOW_ROW_TOO_LARGE',
  'FOLLOW_TRANSACTION_TOO_LARGE',
  'FOLLOW_TABLE_NOT_STREAMED',
  'FOLLOW_STREAM_UNREADABLE',
])

/** Applies the source's changes until the cutover has found all of them here, or until the call's time is used. */
export async function follow(event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  const options = { purpose: 'follow', signal: step.signal }
  const open: Session[] = []
  let following: Following | null = null
  let control: Session | null = null
  let together: Together | null = null
  try {
    const destination = await openDestination(event, step.environment, options)
    open.push(destination)
    control = await openDestination(event, step.environment, { ...options, purpose: FOLLOW_CONTROL })
    open.push(control)
    const row = await readStream(control, event.run.id)
    if (row?.state === 'arrived') return done()
    together = await Together.open(event, step)
    if ((row?.cutoverAt ?? null) !== null) await forget(control, event.run.id, together)
    const source = await openSource(event, step.environment, options)
    open.push(source)
    const sessions = { source, control, together }
    return await underWatch(event, step, { destination, source: () => [source] }, async () => {
      following = await beginFollowing(event, step, source, destination)
      return loop(event, step, following, sessions)
    })
  } catch (thrown) {
    // Whatever transaction is open goes with its connection; nobody else is to get this session.
    open[0]?.destroy()
    if (step.signal.aborted) return more()
    if (control !== null && thrown instanceof SampanError && FINAL.has(thrown.code)) {
      await markClosed(control, event.run.id, thrown.message)
      // CloseStream comes when the other databases have come to their end, too: they may follow for weeks.
      await dropAtOnce(event, step, control)
    }
    throw thrown
  } finally {
    await (following as Following | null)?.stream.end()
    await (together as Together | null)?.close()
    await Promise.all(open.map((session) => session.close()))
  }
}

async function dropAtOnce(event: StepEvent, step: StepTools, control: Session): Promise<void> {
  const slot = (await readStream(control, event.run.id))?.slot
  if (slot === undefined) return
  try {
    const source = await openSource(event, step.environment, { purpose: 'close-stream', signal: step.signal })
    await dropSlot(source, slot).finally(() => source.close())
  } catch (thrown) {
    step.logger.warn('FOLLOW_SLOT_LEFT', { because: toSampanError(thrown).code })
  }
}

/** A word of the operator's that nobody has heard holds no longer: writers may have begun again. What is agreed with others holds. */
async function forget(control: Session, run: string, together: Together | null): Promise<void> {
  const why = 'the follower had to begin anew; stop the writers and ask again'
  if (together !== null && !(await together.withdraw(why))) return
  await withdrawCutover(control, run, why)
}

/** A start tells it once; on one machine a start is a process. */
const told = new Set<string>()

async function loop(
  event: StepEvent,
  step: StepTools,
  { stream, follower, applier, slot, tables }: Following,
  { source, control, together }: Pick<AtWork, 'source' | 'control' | 'together'>,
): Promise<StepAnswer<null>> {
  const run = event.run.id
  const retained = watchRetained(source, control, event, step.environment, slot)
  const altered = watchTables(source, control, event, tables)
  const start = `${event.run.execution} ${event.database?.name}`
  const life = performance.now() + followTimes.life
  const from = applier.receipt
  // What is not whole would be read and applied from its beginning again, and so would what is read before anything is new.
  const mayEnd = () => performance.now() > life && !follower.isWithin && applier.receipt > from
  let toldOpen = false
  let asked = 0
  while (!step.signal.aborted && !mayEnd()) {
    if (step.remainingMilliseconds() < MARGIN_MILLISECONDS) {
      if (follower.isWithin) throw tooLarge(follower.changes)
      return more()
    }
    await follower.step(WAIT_MILLISECONDS, false)
    step.progressed()
    if (performance.now() - asked < CONTROL_MILLISECONDS) continue
    asked = performance.now()
    // The server tells by itself only every half of its wal_sender_timeout how far it is.
    stream.ask()
    if (stream.silence > SILENT_MILLISECONDS) await requireWalsender(source, slot, stream.backend)
    if (applier.isOpen && performance.now() > life && !toldOpen) {
      toldOpen = true
      await tellLarge(control, run, follower.changes)
    }
    const givenUp = await retained()
    if (givenUp !== null) throw streamClosed(givenUp)
    const row = await readStream(control, run)
    if (!told.has(start) && row?.behind !== null && (row?.behind ?? Infinity) < CAUGHT_UP_BYTES) {
      told.add(start)
      await tellCaughtUp(control, run)
    }
    await together?.tellFailed(control)
    await altered()
    const asksForEnd = (row?.cutoverAt ?? null) !== null
    if (asksForEnd && (await cutOver(event, step, { stream, follower, applier, control, source, together })))
      return done()
  }
  return more()
}

/** A warning, because only these are told to whoever looks on, and it is he who has to do something now. */
async function tellCaughtUp(control: Session, run: string): Promise<void> {
  const message =
    'all rows are here, and changes follow: stop the writers of the source when it suits, then sampan cutover with this task'
  await writeEvents(control, run, [{ level: 'warning', step: 'Follow', code: 'FOLLOW_CAUGHT_UP', message }])
}

async function tellLarge(control: Session, run: string, changes: number): Promise<void> {
  const message = `a large transaction of the source is being applied, ${changes} changes so far: it is seen when all of it is there`
  await writeEvents(control, run, [{ level: 'info', step: 'Follow', code: 'FOLLOW_TRANSACTION_LARGE', message }])
}

/** A walsender may be silent while it reads; a connection that was swallowed is, too, and the server has ended that one by then (wal_sender_timeout). */
async function requireWalsender(source: Session, slot: string, backend: number | null): Promise<void> {
  const [row] = await source.rows<{ pid: number | null }>(
    'SELECT active_pid AS pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1',
    [slot],
  )
  if (row?.pid !== backend)
    throw toDatabaseError({ code: 'ECONNRESET', message: 'nobody sends changes any more' }, 'source')
}

function tooLarge(changes: number): SampanError {
  return new SampanError({
    code: 'FOLLOW_TRANSACTION_TOO_LARGE',
    message: `a transaction of the source could not be applied within a day: ${changes} changes of it were`,
    remedy:
      'nothing of it is at the destination: stop the writers and migrate with mode migrate, which needs no transaction of the source',
  })
}
