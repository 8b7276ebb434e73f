import { expect, test } from 'vitest'
import { failed } from '../../../lambdas/core/runtime/verdict.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { stepContext } from '../../support/events.ts'
import { type Handler, runWorkflow, sideOf } from '../../support/run.ts'
import {
  adoptDatabase,
  adoptRole,
  createDatabase,
  otherServer15,
  sharedServer,
  type TestDatabase,
} from '../../support/servers.ts'
import { openRelay } from '../../support/tcp-relay.ts'

const TABLES = `CREATE TABLE kept (id serial PRIMARY KEY, b text); CREATE TABLE other (id int PRIMARY KEY, b text);
  INSERT INTO kept (b) SELECT 'same' FROM generate_series(1, 100) g`
const rowsOf = async (database: TestDatabase) => [
  await database.query('SELECT * FROM kept ORDER BY id'),
  await database.query('SELECT * FROM other ORDER BY id'),
]

/** Two servers with a database of one name, behind one address. */
async function twoServers() {
  const first = await createDatabase(sharedServer(15), `${TABLES}; INSERT INTO other VALUES (1, 'first'), (2, 'first')`)
  const server = await otherServer15()
  await (await createDatabase(server)).query(`CREATE DATABASE ${first.name} TEMPLATE template0`)
  const second = adoptDatabase(server, first.name)
  const user = `${first.name}_reader`
  for (const database of [first, second]) {
    await database.query(`CREATE ROLE ${user} SUPERUSER LOGIN PASSWORD 'the same'`)
    adoptRole(database.server, user)
  }
  // Relations have other numbers here.
  await second.query(`CREATE TABLE before (a int); DROP TABLE before; ${TABLES}; INSERT INTO kept (b) VALUES ('new');
    INSERT INTO other VALUES (2, 'second'), (3, 'second')`)
  const relay = await openRelay({ port: first.server.port })
  const destination = await createDatabase(sharedServer(18))
  const input = {
    name: 'moved',
    source: { ...sideOf(first.connection), port: relay.port, user, password: 'the same' },
    retry: { connectionMinutes: 10, otherMinutes: 1 },
    destination: sideOf(destination.connection),
    databases: [{ name: first.name, as: destination.name }],
    lanes: 1,
  }
  const run = async (acknowledge: string[], around?: Parameters<typeof runWorkflow>[2]) =>
    runWorkflow(
      { ...input, precheck: { acknowledge: ['DST_VERSION_DIFFERS', ...acknowledge] } },
      await temporaryDirectory(),
      around,
    )
  const toSecond = () => {
    relay.leadTo(second.server.port)
    relay.cut()
  }
  return { first, second, destination, relay, run, toSecond }
}

test('another server behind the name of the source ends the run, unless the task acknowledges it: then every row is compared with it', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { first, second, destination, relay, run, toSecond } = await twoServers()
  // Whichever keeper asks the server first ends the round for the others.
  const keepers: unknown[] = []
  const killed = () => failed({ kind: 'other', code: 'KILLED', message: 'it was killed', remedy: 'none' })
  await run(
    [],
    ({ step }, handler): Handler =>
      async (event, context) => {
        if (step !== 'CopyLaneFunction') {
          const answer = await handler(event, context)
          if (step === 'KeepSnapshotFunction') keepers.push(answer)
          return answer
        }
        toSecond()
        keepers.push(await keepSnapshot({ ...event, lane: 2 } as never, stepContext(5)))
        return killed()
      },
  )
  const refused = { verdict: 'failed', error: expect.objectContaining({ code: 'SRC_ANOTHER_SERVER' }) }
  expect(keepers).toContainEqual(expect.objectContaining(refused))

  relay.leadTo(first.server.port)
  // All rows have come from the first server, and nothing says so yet.
  await run(
    [],
    ({ step }, handler): Handler =>
      async (event, context) => {
        if (step !== 'SummariseCopyFunction') return handler(event, context)
        toSecond()
        return killed()
      },
  )
  expect(await rowsOf(destination)).toEqual(await rowsOf(first))
  expect(await run([])).toMatchObject({ exitStatus: 3 })
  await destination.query(`UPDATE sampan.snapshot SET position = 'FFFF/0'`)
  expect(await run(['SRC_ANOTHER_SERVER'])).toMatchObject({ exitStatus: 0 })
  expect(await rowsOf(destination)).toEqual(await rowsOf(second))
  expect(await destination.query(`SELECT 1 FROM sampan.event WHERE code = 'SOURCE_WENT_BACK'`)).toHaveLength(1)
  const told = await destination.query(`SELECT message FROM sampan.event WHERE code = 'SRC_ANOTHER_SERVER'`)
  expect(told.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^the source is another server .* identifier is \d+, it was \d+; the task acknowledges it$/),
  ])
  relay.close()
})

test('behind the copy, sequences are not taken from another server, nor from an older state of the same', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { first, destination, relay, run, toSecond } = await twoServers()
  const before =
    (meddle: () => unknown) =>
    ({ step }: { step: string }, handler: Handler): Handler =>
    async (event, context) => {
      if (step === 'SyncSequencesFunction') await meddle()
      return handler(event, context)
    }
  const moved = await run([], before(toSecond))
  expect(moved.error).toMatchObject({ code: 'SRC_ANOTHER_SERVER', remedy: expect.stringContaining('not looked at') })
  relay.leadTo(first.server.port)
  // A restored backup, or a standby promoted without the last commits, stands behind what was copied.
  const restored = () => destination.query(`UPDATE sampan.snapshot SET position = 'FFFF/0'`)
  const behind = await run([], before(restored))
  expect(behind.error).toMatchObject({ code: 'SRC_ANOTHER_SERVER', message: expect.stringContaining('older state') })
  expect(await run([])).toMatchObject({ exitStatus: 3 })
  expect(await run(['SRC_ANOTHER_SERVER'])).toMatchObject({ exitStatus: 0 })
  expect(await rowsOf(destination)).toEqual(await rowsOf(first))
  relay.close()
})
