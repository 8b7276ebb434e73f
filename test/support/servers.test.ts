import { expect, test } from 'vitest'
import { createDatabase, expectNoBackends, sharedServer } from './servers.ts'

test.each([15, 18] as const)('the run has a PostgreSQL %d that every test file can use', async (major) => {
  const database = await createDatabase(
    sharedServer(major),
    'CREATE TABLE t (a int8); INSERT INTO t VALUES (9007199254740993)',
  )
  expect(await database.query('SHOW server_version_num')).toEqual([
    { server_version_num: expect.stringMatching(new RegExp(`^${major}0`)) },
  ])
  expect(await database.query('SELECT a FROM t WHERE a > $1', [1])).toEqual([{ a: '9007199254740993' }])
})

test('a backend that is left behind is found', async () => {
  const database = await createDatabase(sharedServer(18))
  const client = await database.connect({ application_name: 'forgotten' })
  await expect(expectNoBackends(database, 100)).rejects.toThrow('forgotten')
  await client.end()
  await expectNoBackends(database)
})
