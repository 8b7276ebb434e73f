import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../lambdas/core/postgres/connect.ts'
import { isRdsProxy } from '../../../lambdas/core/postgres/pooling.ts'
import { stepEvent } from '../../support/events.ts'
import { falseServer, message } from '../../support/false-server.ts'
import { type PoolerOptions, startPooler } from '../../support/pooler.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'
import { blocking, itemOf, precheck, precheckOf } from './prechecks.ts'

const TABLES = `CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(1, 5000) g;
  CREATE TABLE b (id serial, x float8); INSERT INTO b (x) SELECT random() FROM generate_series(1, 500); CREATE INDEX ON b (x);
  SELECT lo_from_bytea(0, '\\x01')`
const SETTINGS = [
  'search_path',
  'synchronous_commit',
  'application_name',
  'row_security',
  'statement_timeout',
  'TimeZone',
]

let source: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), TABLES)
  destination = await createDatabase(sharedServer(18))
})

/** The same database, reached through a pooler. */
async function behind(database: TestDatabase, options: PoolerOptions) {
  const pooler = await startPooler(database, options)
  const before = await pooler.settings(SETTINGS)
  const through = { ...database, connection: { ...database.connection, port: pooler.port } }
  return { through, expectUntouched: async () => expect(await pooler.settings(SETTINGS)).toEqual(before) }
}

const kinds = [
  { next: 'latest', passesPid: false },
  { next: 'oldest', passesPid: false },
  { next: 'latest', passesPid: true },
  { next: 'oldest', passesPid: true },
  { next: 'latest', passesPid: false, connections: 1 },
] as const

describe('a pooler that deals out transactions', () => {
  test.each(kinds)('is refused on both sides, and nobody else’s session is changed: %o', async (kind) => {
    const [from, to] = await Promise.all(
      [source, destination].map((one) => behind(one, { mode: 'transaction', ...kind })),
    )
    if (from === undefined || to === undefined) throw new Error('no poolers')
    const document = await precheck(from.through, to.through)
    expect(blocking(document)).toEqual(['SRC_POOLED', 'DST_POOLED'])
    expect(itemOf(document, 'SRC_POOLED').remedy).toContain('session mode')
    await from.expectUntouched()
    await to.expectUntouched()
  })

  test('is found by a session that comes later too, before it sets anything', async () => {
    const { through, expectUntouched } = await behind(source, { mode: 'transaction', next: 'oldest' })
    const opening = connect({ side: 'source', ...through.connection, tls: false, applicationName: 'test' })
    await expect(opening).rejects.toMatchObject({ code: 'SRC_POOLED', retryable: false })
    await expectUntouched()
  })

  test('is refused by its name where it is RDS Proxy', async () => {
    const host = 'shop.proxy-abc123def.eu-central-1.rds.amazonaws.com'
    const event = stepEvent(source, destination)
    const endpoints = event.endpoints && { ...event.endpoints, source: { host, port: 5432 } }
    expect(blocking(await precheckOf({ ...event, endpoints } as typeof event))).toContain('SRC_POOLED')
    expect(isRdsProxy('shop.abc123def.eu-central-1.rds.amazonaws.com')).toBe(false)
  })
})

test('a setting that a pooler does not take is told plainly', async () => {
  const port = await falseServer(() =>
    message('E', 'SFATAL\0', 'C08P01\0', 'Munsupported startup parameter: client_encoding\0', '\0'),
  )
  const opening = connect({ side: 'source', ...source.connection, port, tls: false, applicationName: 'test' })
  await expect(opening).rejects.toMatchObject({ code: 'SRC_LOGIN_PARAMETER_REFUSED', retryable: false })
})

test('through poolers that deal out sessions a run is right, and leaves them as they were', {
  tags: 'long',
}, async () => {
  const options = { mode: 'session', next: 'latest', connections: 24 } as const
  const [from, to] = [await behind(source, options), await behind(destination, { ...options, passesPid: true })]
  const { outcome, report } = await migrate(from.through, to.through)
  expect([outcome.error, report.status]).toEqual([null, 'succeeded'])
  const digest = "SELECT count(*) || ' ' || md5(string_agg(a::text, ',' ORDER BY id)) AS rows FROM a"
  expect(await destination.query(digest)).toEqual(await source.query(digest))
  await from.expectUntouched()
  await to.expectUntouched()
})
