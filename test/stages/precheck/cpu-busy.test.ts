import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import { destinationCpuBusy, sourceCpuBusy } from '../../../lambdas/stages/precheck/checks/cpu-busy.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

let clouds: FakeClouds
beforeAll(async () => {
  clouds = await startFakeClouds({})
})
beforeEach(() => clouds.state.cpu.clear())
afterAll(() => clouds.stop())

const askSource = () =>
  sourceCpuBusy.run({
    environment: readEnvironment({ ...clouds.environment, SAMPAN_ARTEFACTS: 'file:///none' }),
    instances: { source: { region: 'us-east-1', identifier: 'orders-prod' } },
  } as unknown as CheckContext)

const askDestination = (cpuPercent: number | null) =>
  destinationCpuBusy.run({ instances: { destination: { instance: 'pgm-1', cpuPercent } } } as unknown as CheckContext)

const minutesAgo = (minutes: number, percent: number) => ({ since: Date.now() - minutes * 60_000, percent })

test('SRC_CPU_BUSY: the newest minute that CloudWatch tells counts, from 30 percent on', async () => {
  clouds.state.cpu.set('orders-prod', [minutesAgo(4, 90), minutesAgo(2, 29.4)])
  expect(await askSource()).toEqual([])
  clouds.state.cpu.set('orders-prod', [minutesAgo(4, 3), minutesAgo(2, 71.6)])
  expect(await askSource()).toEqual([{ cause: 'the CPU of orders-prod is at 72 percent' }])
})

test('SRC_CPU_BUSY: what is old, missing or refused is unknown, and nothing is wrong', async () => {
  await expect(askSource()).rejects.toMatchObject({ name: 'CannotRun', why: 'unknown' })
  clouds.state.cpu.set('orders-prod', [minutesAgo(9, 99)])
  await expect(askSource()).rejects.toMatchObject({ name: 'CannotRun', why: 'unknown' })
  clouds.state.faults.next('GetMetricData', { kind: 'error', code: 'AccessDeniedException', status: 403 })
  await expect(askSource()).rejects.toMatchObject({
    why: 'unknown',
    message: expect.stringContaining('CloudWatch did not tell the CPU'),
  })
})

test('DST_CPU_BUSY: as Alibaba Cloud told it when access was opened', async () => {
  expect(await askDestination(12.5)).toEqual([])
  expect(await askDestination(30)).toEqual([{ cause: 'the CPU of pgm-1 is at 30 percent' }])
  await expect(askDestination(null)).rejects.toMatchObject({ name: 'CannotRun', why: 'unknown' })
})
