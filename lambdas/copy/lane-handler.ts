import { countFailure, type Receipt } from '../ledger/chunks.ts'
import { readRound } from '../ledger/copy-round.ts'
import { readLaneControl } from '../ledger/lane-control.ts'
import { noRoomFor } from '../ledger/lane-count.ts'
import { type Relation, readRelations } from '../ledger/relations.ts'
import { LAZY_COMMITS } from '../ledger/settle.ts'
import { halveChunks, hasSlowChunks } from '../ledger/slow-chunks.ts'
import type { Session } from '../postgres/connect.ts'
import { openDestination, openSource } from '../postgres/sessions.ts'
import { beginInView, exportView } from '../postgres/snapshot.ts'
import { toSampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import { type StepTools, stepHandler } from '../runtime/step-handler.ts'
import { done, more, waiting } from '../runtime/verdict.ts'
import { laneNumbers } from '../task/lanes.ts'
import { openSteering } from './automatic/open-steering.ts'
import { cutSlowChunks } from './cut-slow-chunks.ts'
import { travelAsText } from './fall-back.ts'
import { Lane } from './lane.ts'
import { LaneMetrics } from './lane-metrics.ts'
import { LaneWatch } from './lane-watch.ts'
import { Pace } from './pace.ts'
import { copyServers } from './servers.ts'
import { untilTurn, untilWanted } from './turn.ts'
import { importView } from './view.ts'

/** A lane that has less time left than this claims nothing more: a chunk takes a minute or two at most. */
const FLIGHT_MILLISECONDS = 120_000
/** The workflow takes so many databases at once (statemachine/migration.ts). */
const DATABASES_AT_ONCE = 4
/** How long a counted lane that is not wanted stays away, seconds. */
const TURN_SECONDS = 20

/** CopyLane: copies until nothing is left, or until the call's time is nearly used. */
export const handler = stepHandler('CopyLane', async (event: StepEvent, step) => {
  const number = event.lane ?? 0
  const session = { purpose: `lane:${number}`, signal: step.signal }
  const reserve = Math.min(FLIGHT_MILLISECONDS, step.remainingMilliseconds() / 4)
  const hasTime = () => !step.signal.aborted && step.remainingMilliseconds() > reserve
  // Rows and receipts that the server loses in a crash it loses together; the summary's own commit makes all of them durable.
  const destination = await openDestination(event, step.environment, { ...session, settings: LAZY_COMMITS })
  const open: Session[] = [destination]
  // The first lane is always wanted; whether another one is, those before it find out.
  const counted = event.task.lanes === 'auto' && number > 0
  const pace = new Pace(number, Math.min(event.task.databases.length, DATABASES_AT_ONCE))
  const waiter = { destination, event, pace, signal: step.signal, hasTime }
  if (counted) {
    const turn = await untilTurn(waiter).catch((thrown: unknown) => thrown as Error)
    if (turn !== 'now') {
      await destination.close()
      if (turn === 'never') return done()
      if (turn === 'later') return hasTime() ? waiting(TURN_SECONDS) : more()
      throw turn
    }
  }
  const opening = openSource(event, step.environment, session)
  const digests = event.task.validation.mode === 'full'
  const openingBeside = digests ? openSource(event, step.environment, session) : Promise.resolve(null)
  for (const each of [opening, openingBeside]) {
    each.then(
      (source) => source !== null && open.push(source),
      () => {},
    )
  }
  let lane: Lane | null = null
  const metrics = new LaneMetrics(event.run.id, number)
  const steering = openSteering(event, step, pace)
  const watch = new LaneWatch(
    () => openDestination(event, step.environment, { purpose: `watch:${number}`, signal: step.signal }),
    event.run.id,
    pace,
    async (session, control) => {
      await steering.look(session, control)
      await metrics.countLeft(session, lane?.generation ?? 0)
    },
  )
  const committed = (receipts: readonly Receipt[]) => {
    step.progressed()
    metrics.committed(receipts)
  }
  try {
    const round = await readRound(destination, event.run.id, event.run.execution)
    if (round.ended || round.copied) return done()
    lane = await prepare(await opening, await openingBeside, destination, event, pace, step)
    watch.start(step.logger)
    while (await untilWanted(waiter)) {
      if (await lane.copyAll(() => hasTime() && pace.mayWork, committed)) return done()
      if (counted && !pace.mayWork) return more()
    }
    return more()
  } catch (thrown) {
    const refused = lane?.refused ?? null
    if (refused !== null && !step.signal.aborted) {
      await fallBackToText(event, step, refused, toSampanError(thrown).code)
      return more()
    }
    if (lane === null && number > 0 && (await leaveRoom(destination, event, thrown))) return waiting(TURN_SECONDS)
    const claimed = lane?.claimed ?? []
    if (!step.signal.aborted) {
      await note(event, step, claimed, (ledger) => countFailure(ledger, event.run.id, claimed, toSampanError(thrown)))
      throw thrown
    }
    // The call's time is up in the middle of a flight: nothing of it stays, and the next call takes smaller steps.
    await note(event, step, claimed, (ledger) => halveChunks(ledger, event.run.id, claimed))
    return more()
  } finally {
    metrics.stop()
    await Promise.all([
      watch.stop().then(() => steering.close()),
      opening.catch(() => {}),
      openingBeside.catch(() => {}),
    ])
    await Promise.all(open.map((each) => each.close()))
  }
})

/** A lane that is counted and finds no connection left was one too many. False: it has to be there. */
async function leaveRoom(destination: Session, event: StepEvent, thrown: unknown): Promise<boolean> {
  if (!/^(SRC|DST)_TOO_MANY_CONNECTIONS$/.test(toSampanError(thrown).code)) return false
  return noRoomFor(destination, event.run.id, event.lane ?? 0).catch(() => false)
}

async function fallBackToText(event: StepEvent, step: StepTools, relation: Relation, because: string): Promise<void> {
  const ledger = await openDestination(event, step.environment, { purpose: 'fall-back', signal: step.signal })
  try {
    await travelAsText(ledger, event.run.id, relation, because)
    step.logger.warn('FORMAT_FELL_BACK', { relation: relation.oid, because })
  } finally {
    await ledger.close()
  }
}

async function prepare(
  source: Session,
  beside: Session | null,
  destination: Session,
  event: StepEvent,
  pace: Pace,
  step: StepTools,
) {
  const run = event.run.id
  const [generation, relations, control, slow] = await Promise.all([
    importView(source, destination, run, step.signal),
    readRelations(destination, run),
    readLaneControl(destination, run),
    hasSlowChunks(destination, run),
  ])
  pace.apply(control)
  if (slow) await cutSlowChunks(source, destination, run)
  // The same view as the lane's own session, whatever the keepers do meanwhile.
  const shared = beside !== null && (await beginInView(beside, await exportView(source)))
  return new Lane({ rows: source, digests: shared ? beside : null }, destination, {
    run,
    lane: event.lane ?? 0,
    lanes: laneNumbers(event.task).most,
    generation,
    servers: copyServers(source, destination, event.task),
    relations: new Map(relations.map((relation) => [relation.oid, relation])),
    pace,
    signal: step.signal,
  })
}

/** Writes about a broken flight on a connection of its own. Where that fails too, the first error is the one to tell. */
async function note(
  event: StepEvent,
  step: StepTools,
  claimed: readonly number[],
  write: (ledger: Session) => Promise<void>,
): Promise<void> {
  if (claimed.length === 0) return
  try {
    // Without the step's signal: it may have fired, and the margin behind it is for this.
    const ledger = await openDestination(event, step.environment, { purpose: 'note', timeoutMilliseconds: 3_000 })
    await write(ledger).finally(() => ledger.close())
  } catch (second) {
    step.logger.warn('ATTEMPT_NOT_COUNTED', { because: toSampanError(second).code })
  }
}
