import { expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { takeView } from '../../../lambdas/stages/snapshot/keeper.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('two keepers that begin at once, one between the looks of the other, keep one view', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE account (id int)')
  const destination = await createDatabase(sharedServer(18), 'CREATE TABLE account (id int)')
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  const run = event.run.id
  const from = [await openSession(source, 'source'), await openSession(source, 'source')] as const
  const to = [await openSession(destination, 'destination'), await openSession(destination, 'destination')] as const

  // Each question of the slow keeper waits for the one before, and behind its first one the other keeper publishes.
  let asked: Promise<unknown> = Promise.resolve()
  let other: ReturnType<typeof takeView> | null = null
  const slow: Session = {
    ...to[0],
    rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]> {
      const answer = asked.then(async () => {
        const rows = await to[0].rows<Row>(text, values)
        other ??= takeView(from[1], to[1], run, 'quick', 60)
        await other
        return rows
      })
      asked = answer
      return answer
    },
  }
  const first = await takeView(from[0], slow, run, 'slow', 60)
  expect(await other).toMatchObject({ generation: 1, hop: 0 })
  // It came second with a view of its own, and takes over from the other at its next attempt.
  expect(first).toBeNull()
  expect(await takeView(from[0], to[0], run, 'slow', 60)).toMatchObject({ generation: 1, hop: 1, renewed: false })
  const hops = await destination.query('SELECT generation, hop FROM sampan.snapshot ORDER BY generation, hop')
  expect(hops).toEqual([
    { generation: '1', hop: '0' },
    { generation: '1', hop: '1' },
  ])
  await Promise.all([...from, ...to].map((session) => session.close()))
})
