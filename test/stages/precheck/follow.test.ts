import { beforeAll, expect, test } from 'vitest'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import { readWalRate } from '../../../lambdas/core/stream/wal-rate.ts'
import { followWalShort, whyShort } from '../../../lambdas/stages/precheck/checks/follow-wal.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { itemFor, itemOf, precheck } from './prechecks.ts'

const overrides = { mode: 'precheck', follow: {} } as const

let destination: TestDatabase
beforeAll(async () => {
  destination = await createDatabase(sharedServer(15))
})

test('what cannot be followed is refused, table by table, before anything is published', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE fine (id int PRIMARY KEY); CREATE TABLE bare (a int); CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);
     CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, u int NOT NULL, part int); CREATE UNIQUE INDEX also ON late (u);
     CREATE UNIQUE INDEX partly ON late (part) WHERE part > 0; CREATE TABLE gone (u int NOT NULL); CREATE UNIQUE INDEX its ON gone (u);
     ALTER TABLE gone REPLICA IDENTITY USING INDEX its; DROP INDEX its; CREATE TABLE mute (id int PRIMARY KEY);
     ALTER TABLE mute REPLICA IDENTITY NOTHING; SELECT lo_create(0)`,
  )
  const document = await precheck(source, destination, { overrides })
  const tables = itemOf(document, 'FOLLOW_TABLES_REFUSED')
  expect(tables).toMatchObject({ status: 'failed', level: 'error' })
  const named = (details?: readonly string[]) => details?.map((line) => line.split(';', 1)[0])
  expect(tables.details?.map((line) => line.split(':', 1)[0])).toEqual(['public.gone', 'public.scratch'])
  // What is done to the source while it is followed is asked for.
  const asked = itemOf(document, 'FOLLOW_CHANGES_IDENTITY')
  expect(asked).toMatchObject({ status: 'failed', level: 'warning' })
  expect(named(asked.details)).toEqual([
    'public.bare: REPLICA IDENTITY FULL until the end, then DEFAULT again',
    'public.late: REPLICA IDENTITY USING INDEX "also" until the end, then DEFAULT again',
    'public.mute: REPLICA IDENTITY DEFAULT until the end, then NOTHING again',
  ])
  // The servers that tests share decode nothing.
  expect(itemOf(document, 'FOLLOW_REFUSED').details?.join('\n')).toMatch(/wal_level[\s\S]*large objects/)
})

test('WAL that outgrows what the source may keep is told beforehand', async () => {
  const allowed = { megabytes: 10_240, because: 'follow.maxRetainedMegabytes is 10240' }
  expect(whyShort(5e6, 20e9, allowed)).toBeNull()
  expect(whyShort(5e6, 200e9, allowed)).toMatch(
    /5\.00 MB of WAL in a second, and follow.*: that lasts for 35 min 47 s; 200 GB are copied in 5 h 33 min/,
  )
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE fine (id int PRIMARY KEY)')
  const session = await openSession(source, 'source')
  expect(await readWalRate(session)).toBeGreaterThan(0)
  // FOLLOW_WAL_SHORT, of a source whose chosen tables are said to have so many bytes.
  const ask = (bytes: number) => {
    const event = stepEvent(source, destination, { ...overrides, follow: { maxRetainedMegabytes: 64 } })
    const environment = readEnvironment({ SAMPAN_ARTEFACTS: 'file:///none' })
    const context = { event, environment, source: session, fact: async () => bytes }
    return followWalShort.run(context as unknown as CheckContext)
  }
  expect(await ask(0)).toEqual([])
  expect(await ask(1e18)).toMatchObject([{ cause: expect.stringContaining('follow.maxRetainedMegabytes is 64') }])
  await session.close()
})

test('a task that follows nothing is not asked', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE bare (a int)')
  await expect(itemFor('FOLLOW_TABLES_REFUSED', source, destination)).rejects.toThrow()
})
