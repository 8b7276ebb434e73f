import { expect, test } from 'vitest'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { itemOf, itemsOf, precheck } from './prechecks.ts'

const SQL = `
  CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY, cust int, "Note" text DEFAULT 'shop.orders'); CREATE TABLE shop.other (z int);
  CREATE FUNCTION shop.reads() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM shop.Orders); END $$;
  CREATE FUNCTION shop.harmless() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
  CREATE FUNCTION shop.by_path() RETURNS bigint LANGUAGE sql SET search_path = shop AS 'SELECT 1::bigint';
  CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.cust := 1; RETURN NEW; END $$;
  CREATE TRIGGER stamp BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.stamp('shop.other');`

const only = checks.filter(({ code }) => /^(NAMES_REFUSED|COLUMN_NEEDED|RENAME_|SCRATCH_|DST_OBJECTS_EXIST)/.test(code))

async function withNames(options: Partial<TaskInput['databases'][number]>, there = '', more = '') {
  const [source, destination] = [
    await createDatabase(sharedServer(15), `${SQL}; ${more}`),
    await createDatabase(sharedServer(15), there),
  ]
  const databases = [{ name: source.name, as: destination.name, ...options }]
  return precheck(source, destination, { only, overrides: { databases } })
}

test('names that cannot be given are errors, each with its own code and all at once', async () => {
  const document = await withNames({
    names: { schemas: { shops: 'x' } },
    tables: { 'shop.orders': { as: 'other', columns: { id: { as: 'xmin' } } } },
  })
  const found = itemsOf(document, 'NAME_UNKNOWN').concat(
    itemsOf(document, 'NAME_TAKEN'),
    itemsOf(document, 'NAME_RESERVED'),
  )
  expect(found.map(({ code, level, details }) => [code, level, details])).toEqual([
    ['NAME_UNKNOWN', 'error', ['"shops" of "names.schemas" is no schema of the source; there is shop']],
    ['NAME_TAKEN', 'error', ['table shop.orders and table shop.other would both be shop.other']],
    ['NAME_RESERVED', 'error', ['the column id of shop.orders cannot be xmin, which is a column of the server’s own']],
  ])
})

test('text that keeps an old name is listed by what it is, and what names nothing is not', async () => {
  const document = await withNames({
    names: { schemas: { shop: 'sales' } },
    tables: { 'shop.orders': { columns: { cust: { as: 'customer' } } } },
  })
  const item = itemOf(document, 'RENAME_BREAKS_CODE')
  expect(item).toMatchObject({ level: 'warning', blocks: true })
  expect(item.details).toEqual([
    'default of shop.orders.Note: schema shop',
    'function shop.by_path: schema shop',
    'function shop.reads: schema shop',
    'function shop.stamp: orders.cust',
    'trigger shop.orders.stamp: schema shop',
  ])
  expect(itemOf(await withNames({}), 'RENAME_BREAKS_CODE').status).toBe('passed')
  expect(itemOf(document, 'NAMES_REFUSED').status).toBe('passed')
  expect(itemOf(document, 'SCRATCH_IMPOSSIBLE').status).toBe('passed')
})

test('what stands in the way on the destination is looked for under the new names', async () => {
  const tables = { 'shop.orders': { as: 'sales.moved' } }
  const free = await withNames({ tables }, 'CREATE SCHEMA shop; CREATE TABLE shop.orders (a int)')
  expect(itemOf(free, 'DST_OBJECTS_EXIST').status).toBe('passed')
  const taken = await withNames({ tables }, 'CREATE SCHEMA sales; CREATE TABLE sales.moved (a int)')
  expect(itemOf(taken, 'DST_OBJECTS_EXIST').details).toEqual(['table sales.moved'])
})

test('a column that a trigger or a view needs does not stay behind alone', async () => {
  const sql = 'CREATE VIEW shop.v AS SELECT cust FROM shop.orders'
  const document = await withNames({ tables: { 'shop.orders': { columns: { cust: { exclude: true } } } } }, '', sql)
  expect(itemOf(document, 'COLUMN_NEEDED')).toMatchObject({
    level: 'error',
    details: ['shop.orders.cust: view shop.v needs it'],
  })
  const without = { exclude: ['shop.v'], tables: { 'shop.orders': { columns: { cust: { exclude: true as const } } } } }
  expect(itemOf(await withNames(without, '', sql), 'COLUMN_NEEDED').status).toBe('passed')
})
