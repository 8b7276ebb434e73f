import { setTimeout as sleep } from 'node:timers/promises'
import { hasOpenChunks } from '../../../core/ledger/chunks/open.ts'
import type { Receipt } from '../../../core/ledger/chunks/receipts.ts'
import { readRound } from '../../../core/ledger/chunks/round.ts'
import { hasSlowChunks } from '../../../core/ledger/chunks/slow.ts'
import { readLaneControl } from '../../../core/ledger/lane-control.ts'
import { readRelations } from '../../../core/ledger/relations.ts'
import { readRun } from '../../../core/ledger/run.ts'
import { liveSnapshots } from '../../../core/ledger/snapshots.ts'
import { StepWatch, watchTimes } from '../../../core/ledger/step-watch.ts'
import { sayUnderWay } from '../../../core/ledger/under-way.ts'
import { done, more, type StepAnswer, yielded } from '../../../core/runtime/verdict.ts'
import { isPlanOfView } from '../../../core/structure/plan-of-view.ts'
import { noteSequences } from '../../../core/structure/sequences-in-view.ts'
import { databasesAtOnce, laneNumbers } from '../../../core/task/lanes.ts'
import { openSteering } from '../pace/open-steering.ts'
import { readNamedTypes } from '../view/named-types.ts'
import { withReads } from '../view/unchanged.ts'
import { cutSlowChunks } from './cut-slow-chunks.ts'
import { Lane } from './lane.ts'
import type { LaneCall } from './lane-call.ts'
import { answerFailure } from './lane-failure.ts'
import { LaneMetrics } from './lane-metrics.ts'
import { LaneSources, LET_GO } from './lane-sources.ts'
import { lockRoom } from './lock-room.ts'
import { copyServers } from './servers.ts'
import { untilWanted } from './turn.ts'

/** A lane at work, with a watch beside it that tells it the limits and the metrics what it brought. */
export async function copyChunks(call: LaneCall): Promise<StepAnswer<null>> {
  const { event, step, number, pace, destination, hasTime } = call
  const { id, execution } = event.run
  const sources = new LaneSources(call)
  const metrics = new LaneMetrics(id, number)
  const steering = openSteering(event, step, pace)
  let lane: Lane | null = null
  const watch = new StepWatch(event, step, {
    destination,
    source: () => sources.opened,
    holding: pace.holding,
    lookMilliseconds: watchTimes.laneLook,
    async say(session) {
      const flight = lane?.underWay ?? null
      if (flight !== null) await sayUnderWay(session, id, number, flight)
    },
    async alsoAsk(session) {
      if (lane === null) return
      const control = await readLaneControl(session, id)
      pace.apply(control)
      await steering.look(session, control)
      await metrics.countLeft(session)
    },
  })
  const committed = (receipts: readonly Receipt[]) => {
    step.progressed()
    metrics.committed(receipts)
  }
  try {
    watch.start()
    const round = await readRound(destination, id, execution)
    if (round.ended || round.copied) return done()
    const generation = await sources.importView(call)
    // What is read by this view has to be planned in it first.
    if (!(await isPlanOfView(await sources.rows(), destination, id, generation))) return yielded()
    await noteSequences(await sources.rows(), destination, id, generation)
    lane = await prepare(call, sources, generation)
    while (await untilWanted(call)) {
      if (await lane.copyAll(() => hasTime() && pace.mayWork, committed)) {
        const wait = await othersAtWork(call, lane.generation)
        if (wait !== 'wait') return wait === 'none' ? done() : more()
        await sleep(LOOK_MILLISECONDS, undefined, { signal: call.signal }).catch(() => {})
      }
      if (call.counted && !pace.mayWork) return more()
    }
    return more()
  } catch (thrown) {
    return await answerFailure(call, lane, watch.failure ?? thrown)
  } finally {
    metrics.stop()
    await watch.stop()
    await Promise.all([steering.close(), sources.close()])
  }
}

/** How often the lane that waits for the others looks for chunks they gave back. */
const LOOK_MILLISECONDS = 100

/**
 * One lane stays until every chunk has its receipt: it takes up what a lane that died gives back. Without it the round would
 * end, its keepers would go, and all that was copied would have to be proved in a new view.
 * @returns `wait` where another lane, or what is left of one, is at work; `again` where it is at work in a newer view
 */
async function othersAtWork(
  { event, number, destination }: LaneCall,
  generation: number,
): Promise<'none' | 'wait' | 'again'> {
  const { id, execution } = event.run
  if (number > 0) return 'none'
  const [open, round, [newest]] = await Promise.all([
    hasOpenChunks(destination, id),
    readRound(destination, id, execution),
    liveSnapshots(destination, id),
  ])
  if (!open || round.ended || round.copied) return 'none'
  return Math.max(newest?.generation ?? 0, round.leastGeneration) > generation ? 'again' : 'wait'
}

async function prepare(call: LaneCall, sources: LaneSources, generation: number): Promise<Lane> {
  const { event, number, pace, destination, signal } = call
  const run = event.run.id
  const [relations, control, slow, { source }] = await Promise.all([
    readRelations(destination, run),
    readLaneControl(destination, run),
    hasSlowChunks(destination, run),
    readRun(destination, run),
  ])
  pace.apply(control)
  const inView = await sources.inOneView()
  if (slow) await cutSlowChunks(inView.rows, destination, run, source.searchPath)
  const { most } = laneNumbers(event.task)
  const [types, room] = await Promise.all([
    readNamedTypes(
      inView.rows,
      withReads(relations).map(({ oid }) => oid),
    ),
    lockRoom(inView.rows, destination, most * databasesAtOnce(event)),
  ])
  await inView.rows.execute(LET_GO)
  return new Lane(inView, destination, {
    run,
    lane: number,
    lanes: most,
    lockRoom: room,
    generation,
    servers: copyServers(inView.rows, destination, event.task, source),
    types,
    relations: new Map(relations.map((relation) => [relation.oid, relation])),
    pace,
    signal,
  })
}
