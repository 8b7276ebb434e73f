import { expect, test } from 'vitest'
import { taskDatabase } from '../../../lambdas/stages/schema/plan/plan-input.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { allKinds, call, ledgerObjects, migrateSchema, steps } from './steps.ts'

/** A migration of the all-kinds database with these patterns, and the names of the relations that arrived. */
async function migratePart(include: readonly string[], exclude: readonly string[] = []) {
  const source = await createDatabase(sharedServer(15), allKinds)
  const destination = await createDatabase(sharedServer(18))
  const databases = [{ name: source.name, as: destination.name, include: [...include], exclude: [...exclude] }]
  const precheck = { acknowledge: ['CHOSEN_CANNOT_COME'] }
  await migrateSchema(stepEvent(source, destination, { databases, precheck }))
  expect(await ledgerObjects(destination, `status IN ('failed', 'blocked', 'pending')`)).toEqual([])
  const found = await destination.query(
    `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND nspname IN ('shop', 'Mixed Case') ORDER BY relname COLLATE "C"`,
  )
  return { destination, names: found.map(({ relname }) => relname) }
}

test('one table arrives with all it needs, its foreign key to a table that stays behind is named', {
  tags: 'long',
}, async () => {
  const { destination, names } = await migratePart(['shop.orders'])
  expect(names).toEqual(['orders', 'orders_id_seq'])
  expect(
    await ledgerObjects(destination, `kind = 'FK CONSTRAINT' AND name = 'orders orders_customer_fkey'`),
  ).toMatchObject([{ status: 'skipped', reason: 'it refers to table shop.customer, which is not selected' }])
  expect(await ledgerObjects(destination, `kind = 'INDEX' AND status = 'migrated'`)).toHaveLength(3)
})

test('a partitioned table arrives with its partitions, indexes and keys', { tags: 'long' }, async () => {
  const { names } = await migratePart(['shop.measured'])
  expect(names).toEqual(['measured', 'measured_2024', 'measured_2024_eu', 'measured_rest'])
})

test('a view arrives with the tables below it', { tags: 'long' }, async () => {
  const { names } = await migratePart(['shop.totals_of_totals'])
  expect(names).toEqual(['orders', 'orders_id_seq', 'totals', 'totals_of_totals'])
})

test('all but one table: what is built on it stays behind with the reason', { tags: 'long' }, async () => {
  const { destination, names } = await migratePart(['*.*'], ['shop.customer'])
  expect(names).not.toContain('customer')
  expect(names).not.toContain('view_on_view')
  expect(names).toContain('orders')
  expect(await ledgerObjects(destination, `name = 'view_on_view'`)).toMatchObject([
    { status: 'skipped', reason: 'it needs view shop.open_orders, which is excluded' },
  ])
})

test('patterns that match nothing end the run before anything is made, all named', async () => {
  const source = await createDatabase(sharedServer(15), allKinds)
  const destination = await createDatabase(sharedServer(18))
  const databases = [{ name: source.name, as: destination.name, include: ['shop.*', 'Shop.*'], exclude: ['*.nothing'] }]
  expect(await call('planObjects', stepEvent(source, destination, { databases }))).toMatchObject({
    verdict: 'failed',
    error: { code: 'FILTER_MATCHES_NOTHING', message: expect.stringContaining('Shop.*, *.nothing') },
  })
})

test('what the task leaves out may change while the objects are read; what comes may not', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE kept (id int); CREATE FUNCTION seen() RETURNS int LANGUAGE sql AS 'SELECT 0'; CREATE SCHEMA own; CREATE TABLE own.n (id int)`,
  )
  const client = await source.connect()
  const planBeside = async (sql: (n: number) => string) => {
    const destination = await createDatabase(sharedServer(15))
    const databases = [{ name: source.name, as: destination.name, exclude: ['own.*'] }]
    const event = stepEvent(source, destination, { databases })
    let over = false
    const changes = (async () => {
      for (let n = 1; !over; n += 1) await client.query(sql(n))
    })()
    const answer = await steps.planObjects(event, stepContext(60))
    over = true
    await changes
    return answer
  }
  expect(await planBeside((n) => `ALTER TABLE own.n ALTER id SET DEFAULT ${n}`)).toMatchObject({
    verdict: 'done',
    error: null,
  })
  const changed = await planBeside((n) => `CREATE OR REPLACE FUNCTION seen() RETURNS int LANGUAGE sql AS 'SELECT ${n}'`)
  expect(changed).toMatchObject({ verdict: 'retry', error: { code: 'SRC_OBJECTS_CHANGED' } })
})

test('a database that the task does not name is an error, and never a database of which everything is chosen', async () => {
  const source = await createDatabase(sharedServer(15))
  const event = stepEvent(source, { ...source, name: 'elsewhere' })
  expect(() => taskDatabase(event, { name: source.name, as: 'another' })).toThrow(
    expect.objectContaining({ code: 'EVENT_INCOMPLETE' }),
  )
})
