import { beforeAll, expect, test } from 'vitest'
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
     CREATE TABLE late (id int PRIMARY KEY DEFERRABLE); CREATE TABLE mute (id int PRIMARY KEY);
     ALTER TABLE mute REPLICA IDENTITY NOTHING; SELECT lo_create(0)`,
  )
  const document = await precheck(source, destination, { overrides })
  const tables = itemOf(document, 'FOLLOW_TABLES_REFUSED')
  expect(tables).toMatchObject({ status: 'failed', level: 'error' })
  expect(tables.details?.map((line) => line.split(':', 1)[0])).toEqual([
    'public.bare',
    'public.late',
    'public.mute',
    'public.scratch',
  ])
  // The servers that tests share decode nothing.
  expect(itemOf(document, 'FOLLOW_REFUSED').details?.join('\n')).toMatch(/wal_level[\s\S]*large objects/)
})

test('a task that follows nothing is not asked', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE bare (a int)')
  await expect(itemFor('FOLLOW_TABLES_REFUSED', source, destination)).rejects.toThrow()
})
