import { expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { BATCH } from '../../../lambdas/stages/schema/apply/batches.ts'
import { untilNextLook } from '../../../lambdas/stages/schema/apply/lane.ts'
import { applyStage } from '../../../lambdas/stages/schema/apply/stage.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const SOURCE = { serverVersion: 150000, encoding: 'UTF8', database: 'd' }
const COUNT = 2 * BATCH + 10
/** Fails, in the first batch; what needs it is in the second and in the third. */
const BROKEN = 7
const NEEDING = [BATCH + 5, 2 * BATCH + 5]

/** A ledger whose stage makes `COUNT` tables, each by its number's statement. */
async function stage(sqlOf: (id: number) => string) {
  const database = await createDatabase(sharedServer(18))
  const session = await openSession(database, 'destination')
  await migrateLedger(session)
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  const objects = Array.from({ length: COUNT }, (_, index) => index + 1).map((id) => ({
    id,
    sql: sqlOf(id),
    dependencies: NEEDING.includes(id) ? [BROKEN] : [],
  }))
  await session.rows(
    `INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, sql, dependencies, verdict)
     SELECT 'r', o.id, o.id, 'TABLE', 'public', 't' || o.id, 'create', o.sql, o.dependencies, 'migrate'
       FROM jsonb_to_recordset($1::jsonb) AS o(id integer, sql text, dependencies integer[])`,
    [JSON.stringify(objects)],
  )
  const done = await applyStage(session, { run: 'r', stage: 'create', hasTime: () => true })
  await session.close()
  expect(done).toBe(true)
  return database
}

const table = (id: number) => `CREATE TABLE public.t${id} (id int);`

test('many objects are made in one transaction, their receipts with them', async () => {
  const database = await stage(table)
  const [made] = await database.query(
    `SELECT format('%s of %s in %s, timed: %s', count(*) FILTER (WHERE c.xmin = o.xmin), count(*),
                   count(DISTINCT o.xmin::text), bool_and(o.milliseconds > 0)::text) AS all
       FROM sampan.object o JOIN pg_class c ON c.relname = o.name WHERE o.status = 'migrated'`,
  )
  const transactions = Math.ceil(COUNT / BATCH)
  expect(made?.all).toBe(`${COUNT} of ${COUNT} in ${transactions}, timed: true`)
})

test('one that fails takes nothing with it but what needs it, and nothing is made ahead of its turn', async () => {
  const database = await stage((id) => {
    if (id === BROKEN) return `CREATE TABLE public.t${id} (id no_such_type);`
    if (NEEDING.includes(id)) return `CREATE TABLE public.t${id} (LIKE public.t${BROKEN});`
    return table(id)
  })
  expect(
    await database.query(
      `SELECT id, status, error_code AS code, blocked_by AS by FROM sampan.object WHERE status <> 'migrated' ORDER BY id`,
    ),
  ).toEqual([
    { id: `${BROKEN}`, status: 'failed', code: '42704', by: null },
    ...NEEDING.map((id) => ({ id: `${id}`, status: 'blocked', code: null, by: `${BROKEN}` })),
  ])
  const tables = await database.query(
    `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid`,
  )
  const expected = Array.from({ length: COUNT }, (_, index) => index + 1)
    .filter((id) => id !== BROKEN && !NEEDING.includes(id))
    .map((id) => `t${id}`)
  expect(tables.map(({ relname }) => relname)).toEqual(expected)
})

test('a lane without work looks the less often the longer it has none, and the more a look costs', () => {
  expect(untilNextLook(0, 5)).toBe(100)
  expect(untilNextLook(2_000, 5)).toBe(400)
  expect(untilNextLook(60_000, 5)).toBe(1_000)
  expect(untilNextLook(60_000, 600)).toBe(2_400)
  expect(untilNextLook(0, 600_000)).toBe(10_000)
})
