import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSourceCpu } from '../../../lambdas/core/cloud/source-cpu.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

let clouds: FakeClouds
beforeAll(async () => {
  clouds = await startFakeClouds()
})
afterAll(() => clouds.stop())

const MINUTE = 60_000
const NOW = 1_900_000_000_000
const signal = new AbortController().signal
const read = (identifier: string) => readSourceCpu(clouds.environment, 'eu-central-1', identifier, signal, NOW)

test('the CPU of an instance is its newest minute, of a cluster that of its writer', async () => {
  clouds.state.cpu.set('orders-prod', [
    { since: NOW - 3 * MINUTE, percent: 20 },
    { since: NOW - 2 * MINUTE, percent: 71.5 },
  ])
  clouds.state.cpu.set('cluster:orders', [{ since: NOW - 2 * MINUTE, percent: 33 }])
  expect(await read('orders-prod')).toEqual({ since: NOW - 2 * MINUTE, percent: 71.5 })
  expect(await read('orders')).toEqual({ since: NOW - 2 * MINUTE, percent: 33 })
  expect(clouds.state.calls.at(-1)).toMatchObject({ action: 'GetMetricData', region: 'eu-central-1' })
})

test('a minute that ended more than three minutes ago, or none at all, is no zero', async () => {
  clouds.state.cpu.set('asleep', [{ since: NOW - 5 * MINUTE, percent: 0.5 }])
  expect(await read('asleep')).toBeNull()
  expect(await read('unknown')).toBeNull()
})

test('a role that may not read it is told which action is missing', async () => {
  clouds.state.faults.next('GetMetricData', { kind: 'error', code: 'AccessDenied', status: 403 })
  await expect(read('orders-prod')).rejects.toMatchObject({
    code: 'AWS_PERMISSION_MISSING',
    message: expect.stringContaining('cloudwatch:GetMetricData'),
  })
})
