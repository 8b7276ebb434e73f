import { setTimeout as sleep } from 'node:timers/promises'
import { countFailure } from '../ledger/chunks.ts'
import { readRound } from '../ledger/copy-round.ts'
import { readLimits } from '../ledger/limits.ts'
import { readRelations } from '../ledger/relations.ts'
import type { Session } from '../postgres/connect.ts'
import { openDestination, openSource } from '../postgres/sessions.ts'
import { toSampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import { type StepTools, stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { Lane } from './lane.ts'
import { copyServers } from './servers.ts'
import { importView } from './view.ts'

/** A lane that has less time left than this claims nothing more: a chunk takes a minute or two at most. */
const FLIGHT_MILLISECONDS = 120_000
/** How often a lane looks whether it is still wanted. */
const LIMITS_MILLISECONDS = 3_000

/** CopyLane: copies until nothing is left, or until the call's time is nearly used. */
export const handler = stepHandler('CopyLane', async (event: StepEvent, step) => {
  const number = event.lane ?? 0
  const session = { purpose: `lane:${number}`, signal: step.signal }
  const destination = await openDestination(event, step.environment, { ...session, pipeline: true })
  const open: Session[] = [destination]
  let lane: Lane | null = null
  const reserve = Math.min(FLIGHT_MILLISECONDS, step.remainingMilliseconds() / 4)
  const hasTime = () => !step.signal.aborted && step.remainingMilliseconds() > reserve
  try {
    const round = await readRound(destination, event.run.id, event.run.execution)
    if (round.ended || round.copied) return done()
    if (!(await untilWanted(destination, event, hasTime, step.signal))) return more()
    const source = await openSource(event, step.environment, session)
    open.push(source)
    lane = await prepare(source, destination, event, number, step)
    const complete = await lane.copyAll(goOn(destination, event, hasTime), step.progressed)
    return complete ? done() : more()
  } catch (thrown) {
    if (lane !== null && !step.signal.aborted) await noteFailure(event, step, lane.claimed, thrown)
    throw thrown
  } finally {
    await Promise.all(open.map((each) => each.close()))
  }
})

async function prepare(source: Session, destination: Session, event: StepEvent, lane: number, step: StepTools) {
  const run = event.run.id
  const [generation, relations] = await Promise.all([
    importView(source, destination, run, step.signal),
    readRelations(destination, run),
  ])
  return new Lane(source, destination, {
    run,
    lane,
    generation,
    servers: copyServers(source, destination, event.task),
    relations: new Map(relations.map((relation) => [relation.oid, relation])),
  })
}

/** Asked between flights: is there time, and does the limit of lanes still allow this one? */
function goOn(destination: Session, event: StepEvent, hasTime: () => boolean): () => Promise<boolean> {
  let asked = performance.now()
  return async () => {
    if (!hasTime()) return false
    if (performance.now() - asked < LIMITS_MILLISECONDS) return true
    asked = performance.now()
    return isWanted(destination, event)
  }
}

/** A lane above the limit waits here, so that raising the limit takes effect within seconds. False: its time is used. */
async function untilWanted(
  destination: Session,
  event: StepEvent,
  hasTime: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  while (hasTime()) {
    if (await isWanted(destination, event)) return true
    if ((await readRound(destination, event.run.id, event.run.execution)).ended) return true
    await sleep(LIMITS_MILLISECONDS, undefined, { signal }).catch(() => {})
  }
  return false
}

async function isWanted(destination: Session, event: StepEvent): Promise<boolean> {
  return (event.lane ?? 0) < (await readLimits(destination, event.run.id)).lanes
}

/** Counts the failed attempt on a connection of its own. Where that fails too, the first error is the one to tell. */
async function noteFailure(
  event: StepEvent,
  step: StepTools,
  chunks: readonly number[],
  thrown: unknown,
): Promise<void> {
  if (chunks.length === 0) return
  try {
    const destination = await openDestination(event, step.environment, { purpose: 'note', signal: step.signal })
    await countFailure(destination, event.run.id, chunks, toSampanError(thrown)).finally(() => destination.close())
  } catch (second) {
    step.logger.warn('ATTEMPT_NOT_COUNTED', { because: toSampanError(second).code })
  }
}
