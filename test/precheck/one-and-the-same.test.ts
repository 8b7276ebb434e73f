import { expect, test } from 'vitest'
import { checks } from '../../lambdas/precheck/registry.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'
import { openRelay } from '../support/tcp-relay.ts'
import { blocking, itemOf, precheck } from './prechecks.ts'

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
