import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Check } from '../../lambdas/precheck/check.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'
import { asUser, blocking, freshName, itemOf, precheck } from './prechecks.ts'

const role = freshName('few')
let source: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), 'CREATE TABLE orders (id int PRIMARY KEY)')
  destination = await createDatabase(sharedServer(18))
  await source.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT pg_read_all_data TO ${role}`)
})
afterAll(() => source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))

// In vain would be twelve hours of retries: what is refused is told at once.
test.each([
  [0, /^SRC_TOO_MANY_CONNECTIONS$/],
  // The sessions that look for a pooler may still be ending.
  [1, /^SRC_(TOO_MANY_CONNECTIONS|CONNECTIONS_SHORT)$/],
  [2, /^SRC_(TOO_MANY_CONNECTIONS|CONNECTIONS_SHORT)$/],
  [3, /^SRC_CONNECTIONS_SHORT$/],
])('an account that may open %i connections is told by %s', async (limit, code) => {
  await source.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`)
  const document = await precheck(asUser(source, role, 'secret'), destination)
  const told = blocking(document).filter((each) => code.test(each))
  expect(told).toHaveLength(1)
  expect(itemOf(document, told[0] ?? '').remedy).toMatch(/raise|lower/)
})

test.each([0, 1])('a database that takes %i connections is told too', async (limit) => {
  await source.query(`ALTER ROLE ${role} CONNECTION LIMIT -1; ALTER DATABASE ${source.name} CONNECTION LIMIT ${limit}`)
  try {
    const document = await precheck(asUser(source, role, 'secret'), destination)
    expect(blocking(document).join()).toMatch(/SRC_(TOO_MANY_CONNECTIONS|CONNECTIONS_SHORT)/)
  } finally {
    await source.query(`ALTER DATABASE ${source.name} CONNECTION LIMIT -1`)
  }
})

test('a check that has no answer in its time stands in the way as its finding would', async () => {
  const silent: Check = {
    ...{ code: 'SILENT', side: 'source', level: 'error', scope: 'task', needs: [] },
    ...{ title: 'a check', cause: 'a cause', remedy: 'a remedy' },
    run: () => new Promise(() => {}),
  }
  const document = await precheck(source, destination, { only: [silent], checkMilliseconds: 50 })
  const told = { status: 'not-run', blocks: true, cause: 'it had no answer after 0.05 seconds' }
  expect(itemOf(document, 'SILENT')).toMatchObject(told)
})
