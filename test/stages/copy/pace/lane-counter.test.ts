import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLaneControl } from '../../../../lambdas/core/ledger/lane-control.ts'
import { addLaneBytes, leaveOut, writeLaneCount } from '../../../../lambdas/core/ledger/lane-count.ts'
import { changeLimits, NO_LIMITS, readLimits, storeLimits } from '../../../../lambdas/core/ledger/limits.ts'
import type { Session } from '../../../../lambdas/core/postgres/connect.ts'
import { createLogger } from '../../../../lambdas/core/runtime/logging.ts'
import { LaneCounter } from '../../../../lambdas/stages/copy/pace/lane-counter.ts'
import { openSession, planRelations } from '../../../support/copy-run.ts'
import { stepEvent } from '../../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../../support/servers.ts'

const RUN = 'test-run'
const silent = createLogger('off', {})
const LOOK_SECONDS = 2
let looked = 0
let destination: TestDatabase
let session: Session

beforeAll(async () => {
  destination = await createDatabase(sharedServer(18))
  const source = await createDatabase(sharedServer(15))
  await planRelations(source, destination, stepEvent(source, destination))
  session = await openSession(destination, 'destination', true)
})
afterAll(() => session.close())

const begin = (execution: string) =>
  storeLimits(session, { id: RUN, execution }, { ...NO_LIMITS, lanes: 2, mostLanes: 16 })

/** Looks as often as told; so many lanes as the ledger allows bring a million bytes a second each, all four at most. */
async function look(counter: LaneCounter, looks: number): Promise<number> {
  for (let done = 0; done < looks; done += 1) {
    const { lanes } = await readLimits(session, RUN)
    const bytes = (Math.min(lanes, 4) / lanes) * 1_000_000 * LOOK_SECONDS
    const active = Array.from({ length: lanes }, (_, lane) => lane)
    await Promise.all(active.map((lane) => addLaneBytes(session, RUN, lane, bytes)))
    // As if every look were two seconds after the one before.
    looked += 1
    const at = `timestamptz '2030-01-01' + interval '${looked * LOOK_SECONDS} seconds'`
    await session.execute(`UPDATE sampan.lane_bytes SET at = ${at} WHERE lane < ${lanes}`)
    await counter.look(session, { ...(await readLaneControl(session, RUN)), active })
  }
  return (await readLimits(session, RUN)).lanes
}

test('the leading lane measures one number of lanes after the other, and the next leader goes on where it was', async () => {
  await begin('counts')
  const first = new LaneCounter(RUN, 0, silent)
  expect(await look(first, 4)).toBe(4)
  const second = new LaneCounter(RUN, 1, silent)
  expect(await look(second, 4)).toBe(8)
  // Twice four bring no more than four: what lies between two and four is tried.
  expect(await look(second, 4)).toBe(3)
  expect(await look(second, 4)).toBe(4)
  expect(await destination.query(`SELECT code, message FROM sampan.event WHERE code = 'LANES_COUNTED'`)).toEqual([
    { code: 'LANES_COUNTED', message: expect.stringMatching(/^4 lanes copy, 4.0 MB\/s together/) },
  ])
}, 20_000)

test('while the source is spared nothing is concluded', async () => {
  await begin('spared')
  await changeLimits(session, RUN, { sourceLatencyMilliseconds: 10 })
  await session.execute('UPDATE sampan.limits SET pace = 0.5')
  expect(await look(new LaneCounter(RUN, 0, silent), 10)).toBe(2)
})

test('a number that somebody gives ends the counting', async () => {
  await begin('given')
  const counter = new LaneCounter(RUN, 0, silent)
  expect(await look(counter, 4)).toBe(4)
  await changeLimits(session, RUN, { lanes: 7, mostLanes: null })
  expect(await look(counter, 6)).toBe(7)
  // A look that was under way when it was given changes nothing either.
  await writeLaneCount(session, RUN, 3, {})
  expect((await readLimits(session, RUN)).lanes).toBe(7)
  expect(await leaveOut(session, RUN)).toBe(false)
})

test('a lane that finds no connection is one too many', async () => {
  await begin('no-room')
  const counter = new LaneCounter(RUN, 0, silent)
  expect(await look(counter, 4)).toBe(4)
  expect(await leaveOut(session, RUN)).toBe(true)
  expect(await readLimits(session, RUN)).toMatchObject({ lanes: 3, mostLanes: 3 })
  expect(await look(counter, 12)).toBeLessThanOrEqual(3)
})
