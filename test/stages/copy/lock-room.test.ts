import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'

const TABLES = 400

async function createTables(database: TestDatabase, columns: string, rows: string): Promise<void> {
  const client = await database.connect()
  for (let first = 0; first < TABLES; first += 10) {
    const some = Array.from(
      { length: 10 },
      (_, n) => `CREATE TABLE t${first + n} (${columns}); ${rows.replace('?', `t${first + n}`)}`,
    )
    await client.query(some.join(';'))
  }
  await client.end()
}

test('many tables are copied past a small lock table, and a neighbour finds room in it, and its turn, all the while', {
  tags: 'long',
  timeout: 90_000,
}, async () => {
  const server = await startTestServer({
    major: 15,
    settings: { max_locks_per_transaction: '10', max_connections: '30' },
  })
  const source = await createDatabase(server)
  const destination = await createDatabase(sharedServer(18))
  await Promise.all([
    createTables(source, 'id int PRIMARY KEY, a int UNIQUE, b int UNIQUE, c int UNIQUE', 'INSERT INTO ? VALUES (1)'),
    createTables(destination, 'id int, a int, b int, c int', ''),
  ])
  const event = stepEvent(source, destination, { lanes: 2 })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  let copied = false
  const neighbour = async () => {
    const client = await source.connect()
    const locks = Array.from({ length: 40 }, (_, n) => `t${n}`).join()
    let turns = 0
    // As an ALTER TABLE: it waits for the flight under way at most, and everybody else behind it.
    await client.query(`SET lock_timeout = '20s'`)
    while (!copied) {
      await client.query(`BEGIN; LOCK TABLE ${locks} IN SHARE UPDATE EXCLUSIVE MODE; COMMIT`)
      await client.query(`BEGIN; LOCK TABLE t${turns % TABLES} IN ACCESS EXCLUSIVE MODE; COMMIT`)
      turns += 1
    }
    await client.end()
    return turns
  }
  const round = copyRound(event, 2).finally(() => {
    copied = true
  })
  const [{ summary }, turns] = await Promise.all([round, neighbour()])
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  expect(turns).toBeGreaterThan(1)
  expect(await destination.query('SELECT count(*) FROM sampan.chunk WHERE rows = 1')).toEqual([{ count: `${TABLES}` }])
})
