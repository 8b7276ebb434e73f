import { expect, test } from 'vitest'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { itemOf, itemsOf, precheck } from './prechecks.ts'

const SQL = `
  CREATE TABLE parent (a int PRIMARY KEY, kept boolean); INSERT INTO parent SELECT g, g > 5 FROM generate_series(1, 20) g;
  CREATE TABLE child (a int PRIMARY KEY, b int CONSTRAINT to_parent REFERENCES parent);
  INSERT INTO child SELECT g, g FROM generate_series(1, 20) g;
  CREATE FUNCTION slow(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(60); RETURN true; END$$;`

const only = checks.filter(({ code }) => /^FILTER_/.test(code))

async function ofTables(tables: Record<string, { where: string }>) {
  const [source, destination] = [
    await createDatabase(sharedServer(15), SQL),
    await createDatabase(sharedServer(15), ''),
  ]
  const databases = [{ name: source.name, as: destination.name, tables }]
  return precheck(source, destination, { only, overrides: { databases } })
}

test('a filter that cannot be is an error that says why, with the condition', async () => {
  const item = itemOf(await ofTables({ 'public.parent': { where: 'a > now()' } }), 'FILTER_INVALID')
  expect(item).toMatchObject({
    status: 'failed',
    level: 'error',
    blocks: true,
    details: ['"public.parent": a > now()'],
  })
  expect(itemOf(await ofTables({ 'public.parent': { where: 'a > 1' } }), 'FILTER_INVALID').status).toBe('passed')
})

test('rows whose parents stay behind are counted, and a filter of theirs is counted with', async () => {
  const parent = { 'public.parent': { where: 'kept' } }
  const item = itemOf(await ofTables(parent), 'FILTER_BREAKS_KEYS')
  expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
  expect(item.details).toEqual([
    'to_parent of public.child, to public.parent: 5 rows whose parent stays behind; the key is made NOT VALID',
  ])
  for (const tables of [{ ...parent, 'public.child': { where: 'b > 5' } }, { 'public.child': { where: 'a < 3' } }]) {
    expect(itemOf(await ofTables(tables), 'FILTER_BREAKS_KEYS').status).toBe('passed')
  }
})

test('what takes too long to count is said to be unknown, and blocks as well', async () => {
  const item = itemOf(await ofTables({ 'public.parent': { where: 'slow(a)' } }), 'FILTER_BREAKS_KEYS')
  expect(item).toMatchObject({ status: 'failed', blocks: true })
  expect(item.details).toEqual([
    'to_parent of public.child, to public.parent: not known for how many rows: counting takes longer than the 20 seconds there are for all keys; if there are any, the key is made NOT VALID',
  ])
}, 60_000)

test('without filters nothing is asked and nothing shown', async () => {
  const document = await ofTables({})
  expect([...itemsOf(document, 'FILTER_INVALID'), ...itemsOf(document, 'FILTER_BREAKS_KEYS')]).toEqual([])
})
