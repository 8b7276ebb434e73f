import { setTimeout as sleep } from 'node:timers/promises'
import { endRound, readRound, roundBell } from '../../core/ledger/chunks/round.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { leaveSnapshot, wentBack } from '../../core/ledger/snapshots.ts'
import { requireSameSource } from '../../core/ledger/source-server.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import { streamClosed } from '../../core/ledger/stream-closed.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { type StepTools, stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { openStream } from '../../core/stream/open-stream.ts'
import { watchRetained } from '../../core/stream/retained.ts'
import { type BeginView, type Held, takeView } from './keeper.ts'

/** How often a keeper looks; the end of a round is told besides. */
const POLL_MILLISECONDS = 500
/** A keeper leaves this long before its call ends. */
const MARGIN_SECONDS = 20

/** KeepSnapshot: holds the consistent view open until the round of the copy is over, or until the call's time is used. */
export const handler = stepHandler('KeepSnapshot', async (event: StepEvent, step) => {
  const session = { purpose: `keeper:${event.lane ?? 0}`, signal: step.signal }
  const destination = await openDestination(event, step.environment, session)
  const open: Session[] = [destination]
  const opening = openSource(event, step.environment, session)
  opening.then(
    (source) => open.push(source),
    () => {},
  )
  const watched = { destination, source: () => open.filter(({ side }) => side === 'source') }
  try {
    return await underWatch(event, step, watched, async () => {
      if ((await readRound(destination, event.run.id, event.run.execution)).ended) return done()
      const source = await opening
      await requireSource(source, destination, event)
      const held = await take(source, destination, event, longestSeconds(step), beginningOf(event, step, destination))
      if (held === null) return more()
      const until = performance.now() + held.lifeSeconds * 1000
      if (held.renewed) await tellOfRenewal(destination, event, held)
      if (await hold(source, destination, event, held, until, step)) return done()
      if (!step.signal.aborted) await leaveSnapshot(destination, event.run.id, held.generation, held.hop)
      return more()
    })
  } finally {
    await opening.catch(() => {})
    await Promise.all(open.map((each) => each.close()))
  }
})

/** Lanes wait as long for a view as for a lost connection: they are told that none comes. */
async function requireSource(source: Session, destination: Session, event: StepEvent): Promise<void> {
  try {
    await requireSameSource(source, destination, event)
  } catch (thrown) {
    if (!toSampanError(thrown).retryable) await endRound(destination, event.run)
    throw thrown
  }
}

/** True where the round is over, false where the time is or the view is given up. Asking the source as well keeps its connection alive and notices its loss. */
async function hold(
  source: Session,
  destination: Session,
  event: StepEvent,
  { generation }: Held,
  until: number,
  { environment, signal }: StepTools,
): Promise<boolean> {
  const told = await roundBell(destination)
  const retained = watchRetained(source, destination, event, environment)
  try {
    while (performance.now() < until && !signal.aborted) {
      // Taken before the look, so that no ring is missed between look and sleep.
      const rung = told.signal()
      const round = await readRound(destination, event.run.id, event.run.execution)
      if (round.ended) return true
      if (generation < round.leastGeneration) return false
      await source.rows('SELECT 1')
      const givenUp = await retained()
      if (givenUp !== null) {
        // What is copied from here on would be of no use.
        await endRound(destination, event.run)
        throw streamClosed(givenUp)
      }
      await sleep(POLL_MILLISECONDS, undefined, { signal: AbortSignal.any([signal, rung]) }).catch(() => {})
    }
    return false
  } finally {
    told.silence()
  }
}

/**
 * Where the source is followed, its changes begin with the view: one of the keepers opens both, and the other one waits for it. An
 * older view's changes are of no use to the new one, which has copied what they would bring.
 */
function beginningOf(event: StepEvent, step: StepTools, destination: Session): BeginView | undefined {
  if (event.task.mode !== 'follow') return undefined
  return async (source, generation) => {
    if (event.lane !== OPENING_KEEPER) {
      await sleep(POLL_MILLISECONDS, undefined, { signal: step.signal }).catch(() => {})
      return null
    }
    const { environment, signal } = step
    try {
      return await openStream(source, destination, { event, environment, signal, generation })
    } catch (thrown) {
      // Lanes wait as long for a view as for a lost connection: they are told that none comes.
      if (!toSampanError(thrown).retryable) await endRound(destination, event.run)
      throw thrown
    }
  }
}

/** Nobody waits for the other one for ever: the odd keeper is called as long as the round goes on. */
const OPENING_KEEPER = 1

async function take(
  source: Session,
  destination: Session,
  event: StepEvent,
  seconds: number,
  begin: BeginView | undefined,
): Promise<Held | null> {
  const holder = `${event.run.execution}:${event.lane ?? 0}`
  // Both keepers may try the same hop: one of them is second, and takes over from the first.
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const held = await takeView(source, destination, event.run.id, holder, seconds, begin)
    if (held !== null) return held
    if ((await readRound(destination, event.run.id, event.run.execution)).ended) return null
  }
  return null
}

/** How long this keeper can stay at most. */
function longestSeconds(step: StepTools): number {
  const remaining = step.remainingMilliseconds() / 1000
  return remaining - Math.min(MARGIN_SECONDS, remaining / 4)
}

async function tellOfRenewal(destination: Session, event: StepEvent, held: Held): Promise<void> {
  if (await wentBack(destination, event.run.id, held.generation)) {
    await writeEvents(destination, event.run.id, [
      {
        level: 'warning',
        step: 'KeepSnapshot',
        code: 'SOURCE_WENT_BACK',
        message: `the source's WAL stands before where it stood in the view before (generation ${held.generation}): a backup was restored, or a standby was promoted that lacked the last commits; what was copied is proved against what the source has now`,
      },
    ])
  }
  await writeEvents(destination, event.run.id, [
    {
      level: 'warning',
      step: 'KeepSnapshot',
      code: 'SNAPSHOT_RENEWED',
      message: `the consistent view was lost and taken anew (generation ${held.generation}): every finished chunk is proved against it, and tables written since are copied again`,
    },
  ])
}
