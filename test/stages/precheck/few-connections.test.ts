import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../lambdas/core/postgres/connect.ts'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import { handler } from '../../../lambdas/stages/precheck/handler.ts'
import { requireAsked } from '../../../lambdas/stages/precheck/not-asked.ts'
import { runChecks } from '../../../lambdas/stages/precheck/runner.ts'
import { stepContext, stepEvent, through } from '../../support/events.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { asUser, blocking, freshName, impatient, itemOf, precheck } from './prechecks.ts'

const role = freshName('few')
let source: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), 'CREATE TABLE orders (id int PRIMARY KEY)')
  destination = await createDatabase(sharedServer(18))
  for (const { query } of [source, destination])
    await query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT pg_read_all_data TO ${role}`)
})
afterAll(async () => {
  for (const database of [source, destination]) await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

/** Both sides by the account. */
const precheckBoth = () => precheck(asUser(source, role, 'secret'), asUser(destination, role, 'secret'))

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

const TOLD = {
  source: /^SRC_(TOO_MANY_CONNECTIONS|CONNECTIONS_SHORT)$/,
  destination: /^DST_(TOO_MANY_CONNECTIONS|CONNECTIONS_SHORT)$/,
}

test.each((['source', 'destination'] as const).flatMap((side) => [0, 1, 2].map((limit) => [side, limit] as const)))(
  'a database of the %s that takes %i connections is told too',
  async (side, limit) => {
    const database = side === 'source' ? source : destination
    await source.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
    await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT ${limit}`)
    try {
      const document = await precheckBoth()
      expect(blocking(document).filter((code) => TOLD[side].test(code))).toHaveLength(1)
    } finally {
      await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT -1`)
    }
  },
)

test.each([0, 1, 2])('an account that may open %i connections on the destination is told too', async (limit) => {
  await source.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
  await destination.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`)
  try {
    expect(blocking(await precheckBoth()).filter((code) => TOLD.destination.test(code))).toHaveLength(1)
  } finally {
    await destination.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
  }
})

test('a step that finds no connection is a precheck that refuses, not one that waits', { tags: 'long' }, async () => {
  await source.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`)
  const relay = await startRelay({ port: source.connection.port })
  const event = through(stepEvent(asUser(source, role, 'secret'), destination), 'source', relay.port)
  const answer = await handler(event, stepContext(300))
  expect(answer).toMatchObject({ verdict: 'done', output: { refused: true } })
  // Who waits for a connection tries again and again.
  expect(relay.traffic.connections).toBeLessThan(20)
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

test('a check that finds no connection, even asked alone, is no check that has passed', async () => {
  const crowded = (level: Check['level']): Check => ({
    ...{ code: 'CROWDED', side: 'source', level, scope: 'task', needs: [] },
    ...{ title: 'a check', cause: 'a cause', remedy: 'a remedy' },
    run: async ({ event }) => {
      const refused = await connect({
        side: 'source',
        ...asUser(source, role, 'secret').connection,
        tls: false,
        applicationName: event.run.id,
      })
      await refused.close()
      return []
    },
  })
  await source.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
  const outcomesOf = async (level: Check['level']) => {
    const event = stepEvent(source, destination)
    const opening = {
      event,
      environment: { SAMPAN_ARTEFACTS: 'file:///tmp/none' },
      signal: AbortSignal.timeout(30_000),
      patience: impatient,
    }
    return (await runChecks(opening, [crowded(level)], null)) ?? []
  }
  const error = await outcomesOf('error')
  expect(error).toMatchObject([{ kind: 'not-run', why: 'crowded' }])
  expect(() => requireAsked(error, [])).toThrow(
    expect.objectContaining({
      code: 'CHECKS_NOT_ASKED',
      retryable: true,
      kind: 'other',
      message: expect.stringContaining('CROWDED'),
    }),
  )
  const warning = await outcomesOf('warning')
  expect(() => requireAsked(warning, [])).toThrow(expect.objectContaining({ code: 'CHECKS_NOT_ASKED' }))
  expect(() => requireAsked(warning, ['CROWDED'])).not.toThrow()
  const info = await outcomesOf('info')
  expect(() => requireAsked(info, [])).not.toThrow()
})
