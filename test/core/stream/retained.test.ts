import { expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { Budget } from '../../../lambdas/core/stream/budget.ts'
import { watchRetained } from '../../../lambdas/core/stream/retained.ts'
import { startFakeClouds } from '../../../local/fakes/clouds.ts'

/** A session that remembers what it was asked, and answers looks at the slot. */
function answering(retained: number) {
  const asked: string[] = []
  const rows = async (text: string) => {
    asked.push(text)
    if (text.includes('RETURNING 1')) return [{}]
    return text.includes('AS retained') ? [{ at: '0/1', retained: String(retained), lost: false }] : []
  }
  return { asked, session: { serverVersion: 150_000, rows } as unknown as Session }
}

const event = {
  run: { id: 'shop', execution: 'one' },
  database: { name: 'shop', as: 'shop' },
  task: {
    ...{ mode: 'follow', follow: { maxRetainedMegabytes: 64, cutoverSeconds: 5 } },
    ...{ source: {}, destination: { host: 'there', port: 5432 } },
  },
} as unknown as StepEvent

test.each([
  [64, false],
  [65, true],
])('a slot that keeps %i of 64 MB is given up: %s', async (megabytes, givenUp) => {
  const [source, destination] = [answering(megabytes * 1024 * 1024), answering(0)]
  const why = await watchRetained(source.session, destination.session, event, {})()
  expect(source.asked.some((text) => text.includes('pg_drop_replication_slot'))).toBe(givenUp)
  expect(destination.asked.some((text) => text.includes(`'closed'`))).toBe(givenUp)
  expect(why).toEqual(givenUp ? expect.stringContaining('kept 65 MB of WAL') : null)
})

test('nothing is asked where the run does not follow', async () => {
  const source = answering(1e12)
  const migrating = { ...event, task: { ...event.task, mode: 'migrate' } } as StepEvent
  expect(await watchRetained(source.session, source.session, migrating, {})()).toBeNull()
  expect(source.asked).toEqual([])
})

test('where the task says nothing, a fifth of what would be free is allowed, and 10 GB where nobody knows', async () => {
  const clouds = await startFakeClouds()
  try {
    const silent = { ...event, task: { ...event.task, follow: { cutoverSeconds: 5 } } } as StepEvent
    const named = { ...silent, task: { ...silent.task, source: { rdsInstance: 'orders-prod' } } } as StepEvent
    const allowed = (of: StepEvent, retained: number) =>
      new Budget(of, { ...clouds.environment, AWS_REGION: 'eu-central-1' }, new AbortController().signal).allowed(
        retained,
      )
    const gigabyte = 1024 ** 3
    expect(await allowed(event, 0)).toMatchObject({ megabytes: 64 })
    expect(await allowed(silent, 0)).toMatchObject({ megabytes: 10_240, because: expect.stringContaining('not known') })
    expect(await allowed(named, 0)).toMatchObject({ megabytes: 10_240 })
    clouds.state.freeStorage.set('orders-prod', [{ since: Date.now() - 60_000, value: 99 * gigabyte }])
    expect(await allowed(named, gigabyte)).toMatchObject({ megabytes: 20 * 1024 })
  } finally {
    await clouds.stop()
  }
})
