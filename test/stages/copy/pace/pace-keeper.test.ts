import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLaneControl } from '../../../../lambdas/core/ledger/lane-control.ts'
import { changeLimits, NO_LIMITS, readLimits, storeLimits } from '../../../../lambdas/core/ledger/limits.ts'
import type { Session } from '../../../../lambdas/core/postgres/connect.ts'
import { createLogger } from '../../../../lambdas/core/runtime/logging.ts'
import type { Reading } from '../../../../lambdas/stages/copy/pace/decide-pace.ts'
import { LaneCounter } from '../../../../lambdas/stages/copy/pace/lane-counter.ts'
import { PaceKeeper } from '../../../../lambdas/stages/copy/pace/pace-keeper.ts'
import { SourceLatency } from '../../../../lambdas/stages/copy/pace/source-latency.ts'
import { SourceLoad } from '../../../../lambdas/stages/copy/pace/source-load.ts'
import { Steering } from '../../../../lambdas/stages/copy/pace/steering.ts'
import { type FakeClouds, startFakeClouds } from '../../../../local/fakes/clouds.ts'
import { openSession, planRelations } from '../../../support/copy-run.ts'
import { stepEvent } from '../../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../../support/servers.ts'

const RUN = { id: 'test-run', execution: 'test-execution' }
const silent = createLogger('off', {})
let source: TestDatabase
let destination: TestDatabase
let clouds: FakeClouds
const sessions: Session[] = []
const open = async () => {
  const session = await openSession(destination, 'destination', true)
  sessions.push(session)
  return session
}

beforeAll(async () => {
  source = await createDatabase(sharedServer(15))
  destination = await createDatabase(sharedServer(18))
  await planRelations(source, destination, stepEvent(source, destination))
  clouds = await startFakeClouds()
})
afterAll(async () => {
  await Promise.all(sessions.map((session) => session.close()))
  await clouds.stop()
})

test('one lane keeps the pace; the next one goes on where it stood as soon as the first is gone', async () => {
  const [first, second] = [await open(), await open()]
  await storeLimits(first, RUN, { ...NO_LIMITS, sourceLatencyMilliseconds: 20 })
  const strained: Reading = { what: 'latency', value: 100, target: 20, fresh: true }
  let asked: number[] = []
  const keeper = (lane: number) => {
    const read = async () => {
      asked.push(lane)
      return [strained]
    }
    const pace = new PaceKeeper(RUN.id, lane, { read, close: async () => {} }, silent)
    return new Steering(RUN.id, { lane, pace: { takeBytes: () => 0 } }, pace, new LaneCounter(RUN.id, lane, silent))
  }
  const look = async () => {
    asked = []
    for (const [each, session] of [
      [keepers[0], first],
      [keepers[1], second],
    ] as const) {
      await each?.look(session, await readLaneControl(second, RUN.id))
    }
    return { asked, pace: (await readLimits(second, RUN.id)).pace }
  }
  const keepers: (Steering | null)[] = [keeper(0), keeper(1)]
  expect(await look()).toEqual({ asked: [0], pace: 0.5 })
  expect(await look()).toEqual({ asked: [0], pace: 0.25 })
  first.destroy()
  keepers[0] = null
  await expect.poll(look, { timeout: 30_000 }).toMatchObject({ asked: [1] })
  expect((await readLimits(second, RUN.id)).pace).toBe(0.125)

  // Without a target nobody looks, and nobody is held back.
  expect(await changeLimits(second, RUN.id, { sourceLatencyMilliseconds: null })).toMatchObject({ pace: 1 })
  expect(await look()).toEqual({ asked: [], pace: 1 })
  // A new start of the run begins at full pace.
  await changeLimits(second, RUN.id, { sourceLatencyMilliseconds: 20 })
  expect((await look()).pace).toBe(0.5)
  await storeLimits(second, { ...RUN, execution: 'next' }, { ...NO_LIMITS, sourceLatencyMilliseconds: 20 })
  expect(await readLimits(second, RUN.id)).toMatchObject({ pace: 1, paceReason: null })
})

test('the CPU is judged once a minute, only where it was measured under the pace that stands, and its absence is told once', async () => {
  const told: string[] = []
  const logger = { ...silent, warn: (code: string) => told.push(code), info: (code: string) => told.push(code) }
  const latency = new SourceLatency(async () => {
    throw new Error('not asked for')
  })
  const load = () => new SourceLoad(latency, { identifier: 'orders', region: 'us-east-1' }, clouds.environment, logger)
  const limits = { ...NO_LIMITS, sourceCpuPercent: 60 }
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 60_000

  const blind = load()
  expect(await blind.read(limits, 0)).toEqual([null])
  await expect.poll(() => told, { timeout: 30_000 }).toEqual(['SOURCE_CPU_UNKNOWN'])
  expect(await blind.read(limits, 0)).toEqual([null])
  expect(told).toEqual(['SOURCE_CPU_UNKNOWN'])
  await blind.close()

  clouds.state.cpu.set('orders', [{ since: minute, percent: 82 }])
  const seeing = load()
  const reading = { what: 'CPU', value: 82, target: 60 }
  await expect
    .poll(async () => (await seeing.read(limits, 0))[0], { timeout: 30_000 })
    .toEqual({ ...reading, fresh: true })
  expect(await seeing.read(limits, 0)).toEqual([{ ...reading, fresh: false }])
  await seeing.close()

  const later = load()
  await expect
    .poll(async () => (await later.read(limits, minute + 1))[0], { timeout: 30_000 })
    .toEqual({ ...reading, fresh: false })
  await later.close()
})

test('the latency is the median of what a client of the source waits for', async () => {
  const latency = new SourceLatency(() => openSession(source, 'source'))
  const load = new SourceLoad(latency, null, clouds.environment, silent)
  const [reading] = await load.read({ ...NO_LIMITS, sourceLatencyMilliseconds: 30 }, 0)
  expect(reading).toMatchObject({ what: 'latency', target: 30, fresh: true })
  expect(reading?.value).toBeGreaterThan(0)
  expect(reading?.value).toBeLessThan(1_000)
  await load.close()
})
