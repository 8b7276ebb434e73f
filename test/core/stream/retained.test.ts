import { expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { watchRetained } from '../../../lambdas/core/stream/retained.ts'

/** A session that remembers what it was asked, and answers looks at the slot. */
function answering(retained: number) {
  const asked: string[] = []
  const rows = async (text: string) => {
    asked.push(text)
    return text.includes('AS retained') ? [{ at: '0/1', retained: String(retained) }] : []
  }
  return { asked, session: { serverVersion: 150_000, rows } as unknown as Session }
}

const event = {
  run: { id: 'shop', execution: 'one' },
  database: { name: 'shop', as: 'shop' },
  task: { mode: 'follow', follow: { maxRetainedMegabytes: 64, cutoverSeconds: 5 } },
} as unknown as StepEvent

test.each([
  [64, false],
  [65, true],
])('a slot that keeps %i of 64 MB is given up: %s', async (megabytes, givenUp) => {
  const [source, destination] = [answering(megabytes * 1024 * 1024), answering(0)]
  await watchRetained(source.session, destination.session, event)()
  expect(source.asked.some((text) => text.includes('pg_drop_replication_slot'))).toBe(givenUp)
  expect(destination.asked.some((text) => text.includes(`state = 'closed'`))).toBe(givenUp)
})

test('nothing is asked where the run does not follow', async () => {
  const source = answering(1e12)
  const migrating = { ...event, task: { ...event.task, mode: 'migrate' } } as StepEvent
  await watchRetained(source.session, source.session, migrating)()
  expect(source.asked).toEqual([])
})
