import { expect, test } from 'vitest'
import { liveSnapshots } from '../../../lambdas/core/ledger/snapshots.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { takeView } from '../../../lambdas/stages/snapshot/keeper.ts'
import type { Server } from '../../../local/servers/server.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepEvent } from '../../support/events.ts'
import {
  adoptDatabase,
  createDatabase,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

/** Local transactions before the run's snapshot: its number is then one that another session is sure to reach. */
const BEFORE = 200

/** Exports snapshots in session after session until one has this id, and keeps it open. */
async function exportUnder(id: string, database: TestDatabase): Promise<boolean> {
  const wanted = Number.parseInt(id.split('-')[1] ?? '', 16)
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const client = await database.connect()
    for (;;) {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      const exported = (await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id')).rows[0]?.id ?? ''
      if (exported === id) return true
      await client.query('ROLLBACK')
      if (Number.parseInt(exported.split('-')[1] ?? '', 16) >= wanted) break
    }
  }
  return false
}

async function setUp(): Promise<{
  server: Server
  source: TestDatabase
  destination: TestDatabase
  keep(): ReturnType<typeof takeView>
}> {
  // Processes of the server's own would take up numbers of sessions, at one start these and at the next those.
  const server = await startTestServer({
    major: 15,
    settings: { autovacuum: 'off', max_logical_replication_workers: '0' },
  })
  const source = await createDatabase(server, 'CREATE TABLE account (id int); INSERT INTO account VALUES (1)')
  const destination = await createDatabase(sharedServer(18), 'CREATE TABLE account (id int)')
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  const sessions: Session[] = []
  return {
    server,
    source,
    destination,
    keep: async () => {
      for (const session of sessions.splice(0)) session.destroy()
      const from = await openSession(source, 'source')
      const to = await openSession(destination, 'destination')
      sessions.push(from, to)
      for (let index = 0; index < BEFORE; index += 1) await from.execute('SELECT 1')
      const held = await takeView(from, to, event.run.id, 'test', 60)
      await to.close()
      return held
    },
  }
}

test.each(['the same', 'another'] as const)(
  'after a restart of the source, a snapshot of the same id that somebody exported in %s database is not the run’s',
  { tags: 'long' },
  async (which) => {
    const { server, source, destination, keep } = await setUp()
    const other = which === 'the same' ? source : await createDatabase(server)
    expect(await keep()).toMatchObject({ generation: 1, hop: 0, renewed: false })
    const [published] = await destination.query('SELECT id FROM sampan.snapshot')
    await server.restart()
    await source.query('INSERT INTO account VALUES (2)')
    expect(await exportUnder(published?.id ?? '', adoptDatabase(server, other.name))).toBe(true)
    expect(await keep()).toMatchObject({ generation: 2, hop: 0, renewed: true })
    const ledger = await openSession(destination, 'destination')
    expect((await liveSnapshots(ledger, 'test-run'))[0]).toMatchObject({ generation: 2, newestHop: 0 })
    await ledger.close()
  },
)
