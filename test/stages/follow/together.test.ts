import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { askDecision, tellDecision, withdrawDecision } from '../../../lambdas/core/ledger/cutover.ts'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import { eventAt } from '../../../lambdas/core/runtime/event.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { spawnSampan } from '../../cli/spawn-sampan.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'

const SCHEMA = 'CREATE TABLE items (id int PRIMARY KEY, v text); INSERT INTO items VALUES (1, $$v$$)'
const items = (database: TestDatabase) => database.query('SELECT * FROM items ORDER BY id')
const streams = (databases: readonly TestDatabase[]) =>
  Promise.all(databases.map((one) => one.query(`SELECT state, cutover_at IS NULL AS idle FROM sampan.stream`)))

test('several databases are cut over together or not at all, by one word', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const server = await startTestServer({ major: 15, settings: { wal_level: 'logical' } })
  const sources = [await createDatabase(server, SCHEMA), await createDatabase(server, SCHEMA)] as const
  const destinations = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(15))] as const
  const input: TaskInput = {
    ...{ name: `both-${randomBytes(4).toString('hex')}`, mode: 'follow', follow: {} },
    ...{ source: sideOf(sources[0].connection), destination: sideOf(destinations[0].connection) },
    databases: sources.map(({ name }, index) => ({ name, as: destinations[index]?.name ?? '' })),
  }
  const directory = await temporaryDirectory()
  const file = join(directory, 'task.json')
  await writeFile(file, JSON.stringify(input))
  const running = runWorkflow(input, directory)
  let over = false
  running.finally(() => {
    over = true
  })
  for (const destination of destinations) {
    const caughtUp = () =>
      destination.query(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`).catch(() => [])
    while ((await caughtUp()).length === 0 && !over) await sleep(100)
  }
  const writer = await sources[1].connect()
  await writer.query(`BEGIN; UPDATE items SET v = 'w'`)
  const refused = await spawnSampan(['cutover', file]).ended
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('CUTOVER_WITHDRAWN') })
  while ((await streams(destinations)).flat().some(({ idle }) => idle !== 't')) await sleep(50)
  expect((await streams(destinations)).flat().map(({ state }) => state)).toEqual(['open', 'open'])
  expect(await destinations[0].query('SELECT state, why FROM sampan.cutover')).toEqual([
    {
      state: 'withdrawn',
      why: expect.stringContaining(`${sources[1].name}: tables of the source are still written to`),
    },
  ])

  // A task file that has not all of them.
  await destinations[0].query(`UPDATE sampan.cutover SET state = 'asked', wanted = 1, arrived = '{}', why = NULL`)
  for (const one of destinations) await one.query('UPDATE sampan.stream SET cutover_at = now(), withdrawn = NULL')
  while ((await streams(destinations)).flat().some(({ idle }) => idle !== 't')) await sleep(50)
  expect((await destinations[0].query('SELECT why FROM sampan.cutover'))[0]?.why).toMatch(
    /asked for 1 of the run’s 2|still written to/,
  )

  await writer.query('COMMIT')
  await sources[0].query(`INSERT INTO items VALUES (2, 'later')`)
  await expectFirmness(input, destinations[1])
  expect(await spawnSampan(['cutover', file]).ended).toMatchObject({ status: 0, stderr: '' })
  expect((await running).error).toBeNull()
  for (const [index, source] of sources.entries()) {
    expect(await items(destinations[index] as TestDatabase)).toEqual(await items(source))
    expect(await source.query('SELECT pubname FROM pg_publication')).toEqual([])
  }
  expect(await sources[0].query('SELECT slot_name FROM pg_replication_slots')).toEqual([])
})

/** What is agreed is not withdrawn, and what is withdrawn is not agreed, whoever comes later. */
async function expectFirmness(input: TaskInput, { connection, name }: TestDatabase): Promise<void> {
  const { task } = readTask(input)
  if (task === null) throw new Error('the test’s task is wrong')
  const event = eventAt(connection, { task, database: { name, as: name }, execution: 'test' })
  const session = await openDestination(event, process.env, { purpose: 'test' })
  const tell = (database: string, stage: 'arrived' | 'digested') => tellDecision(session, task.name, database, stage)
  await askDecision(session, task.name, 2)
  await tell('a', 'arrived')
  await tell('a', 'digested')
  expect(await tell('a', 'digested')).toMatchObject({ state: 'asked', digested: ['a'] })
  expect(await withdrawDecision(session, task.name, 'why')).toMatchObject({ state: 'withdrawn' })
  expect(await tell('b', 'digested')).toMatchObject({ state: 'withdrawn', why: 'why' })
  await askDecision(session, task.name, 2)
  await tell('a', 'digested')
  expect(await tell('b', 'digested')).toMatchObject({ state: 'agreed', digested: ['a', 'b'] })
  expect(await withdrawDecision(session, task.name, 'why')).toMatchObject({ state: 'agreed' })
  await askDecision(session, task.name, 2)
  expect(await tell('c', 'arrived')).toMatchObject({ state: 'agreed' })
  await session.close()
}
