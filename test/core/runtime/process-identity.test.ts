import { afterEach, expect, test, vi } from 'vitest'
import { startByPs } from '../../../lambdas/core/runtime/process-identity.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('ps tells one start of a process, whatever time zone and language the shell has that asks', async () => {
  const told = []
  for (const [zone, language] of [
    ['Asia/Tokyo', 'C'],
    ['America/New_York', 'de_DE.UTF-8'],
  ] as const) {
    vi.stubEnv('TZ', zone)
    vi.stubEnv('LC_ALL', language)
    told.push(await startByPs(process.pid))
  }
  expect(told[0]).toMatch(/^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}$/)
  expect(told[1]).toBe(told[0])
})
