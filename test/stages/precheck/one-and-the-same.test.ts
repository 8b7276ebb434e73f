import { expect, test } from 'vitest'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { loginOf } from '../../faults/servers.ts'
import { awaitReplay, primarySettings, startStandby } from '../../faults/standby.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'
import { openRelay } from '../../support/tcp-relay.ts'
import { asUser, blocking, itemOf, itemsOf, precheck, precheckOf } from './prechecks.ts'

const withRecovery = checks.filter(({ code }) => /^(SAME_DATABASE|DST_OBJECTS_EXIST|(SRC|DST)_IN_RECOVERY)$/.test(code))
const only = checks.filter(({ code }) => /^(SAME_DATABASE|DST_OBJECTS_EXIST|(SRC|DST)_TEMPLATE_DATABASE)$/.test(code))

test('SAME_DATABASE: source and destination that are one database are told so, and nobody is advised to drop it', async () => {
  const database = await createDatabase(sharedServer(15), 'CREATE TABLE orders (id int)')
  const relay = await openRelay({ port: database.connection.port })
  try {
    const elsewhere: TestDatabase = {
      ...database,
      connection: { ...database.connection, host: 'localhost', port: relay.port },
    }
    const document = await precheck(database, elsewhere, { only })
    expect(blocking(document)).toEqual(['SAME_DATABASE'])
    expect(itemOf(document, 'SAME_DATABASE').remedy).toContain('do not drop anything')
    expect(itemOf(document, 'DST_OBJECTS_EXIST')).toMatchObject({ status: 'not-run', remedy: null })
  } finally {
    relay.close()
  }
  const other = await createDatabase(sharedServer(15))
  expect(blocking(await precheck(database, other, { only }))).toEqual([])
})

test('SAME_DATABASE: a destination that is the source of another pair would be written to while it is read', async () => {
  const [first, second] = [
    await createDatabase(sharedServer(15), 'CREATE TABLE orders (id int)'),
    await createDatabase(sharedServer(15), 'CREATE TABLE orders (id int)'),
  ]
  const third = await createDatabase(sharedServer(15))
  const databases = [
    { name: first.name, as: second.name },
    { name: second.name, as: third.name },
  ]
  const document = await precheckOf(stepEvent(first, second, { databases }), { only })
  expect(itemsOf(document, 'SAME_DATABASE')).toMatchObject([
    { database: first.name, blocks: true, cause: expect.stringContaining(`"${second.name}" that the task reads`) },
    { database: second.name, status: 'passed' },
  ])
  expect(itemsOf(document, 'DST_OBJECTS_EXIST').map(({ status }) => status)).toEqual(['not-run', 'passed'])
  // The same names on another server are other databases.
  const elsewhere = await createDatabase(sharedServer(18))
  const names = [
    { name: first.name, as: elsewhere.name },
    { name: elsewhere.name, as: third.name },
  ]
  const apart = await precheckOf(stepEvent(first, elsewhere, { databases: names }), { only })
  expect(itemsOf(apart, 'SAME_DATABASE').filter(({ blocks }) => blocks)).toEqual([])
})

test('SAME_DATABASE: a standby and its primary are one database, whichever of them is the source', {
  tags: 'long',
}, async () => {
  const primary = await startTestServer({ major: 15, settings: primarySettings })
  const database = await createDatabase(primary, 'CREATE TABLE orders (id int)')
  const standby = await startStandby(primary)
  try {
    await awaitReplay(loginOf(primary), standby)
    const { password } = primary
    const mirror = { ...database, connection: { ...database.connection, port: standby.port, password } }
    const both = await precheck(database, mirror, { only: withRecovery })
    expect(blocking(both).toSorted()).toEqual(['DST_IN_RECOVERY', 'SAME_DATABASE'])
    // An account that may not read the identifier of the system is told by what stands there.
    await database.query(
      `CREATE ROLE looker LOGIN PASSWORD 'secret'; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`,
    )
    await awaitReplay(loginOf(primary), standby)
    const [from, to] = [asUser(mirror, 'looker', 'secret'), asUser(database, 'looker', 'secret')]
    const back = await precheck(from, to, { only: withRecovery })
    expect(blocking(back).toSorted()).toEqual(['SAME_DATABASE', 'SRC_IN_RECOVERY'])
    expect(itemOf(back, 'DST_OBJECTS_EXIST')).toMatchObject({ status: 'not-run', remedy: null })
  } finally {
    await standby.stop()
  }
})

test('SRC_TEMPLATE_DATABASE, DST_TEMPLATE_DATABASE: a template is neither migrated nor filled', async () => {
  const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
  await source.query(`ALTER DATABASE ${source.name} IS_TEMPLATE true`)
  await destination.query(`ALTER DATABASE ${destination.name} IS_TEMPLATE true`)
  try {
    expect(blocking(await precheck(source, destination, { only }))).toEqual([
      'SRC_TEMPLATE_DATABASE',
      'DST_TEMPLATE_DATABASE',
    ])
  } finally {
    await source.query(`ALTER DATABASE ${source.name} IS_TEMPLATE false`)
    await destination.query(`ALTER DATABASE ${destination.name} IS_TEMPLATE false`)
  }
  expect(blocking(await precheck(source, destination, { only }))).toEqual([])
})
